// What the control plane takes and answers, by name: made from its OpenAPI document by `npm run client-types`.

export interface AcceptedInvalidation {
  id: string;
  position: string;
  accepted: {
    urls: number;
    tags: number;
    prefixes: number;
    hosts: number;
    classes: number;
    everything: number;
  };
  /**
   * What it leaves out that may be meant: on a site that serves every Host, a path is one of the canonical
   * host alone.
   */
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
  receipt: string;
}

export interface AcceptedWarmup {
  id: string;
  /** As far as it is known: sitemaps are read later. */
  total: number;
  job: string;
}

export interface Alert {
  /** Of one spell of it: the next one is another. */
  id: string;
  rule: string;
  title: string;
  /** `page`: somebody has to get up. `ticket`: somebody has to look in working hours. */
  severity: "page" | "ticket";
  state: "pending" | "firing" | "resolved";
  /** When that state began. */
  since: string;
  /** As last measured. */
  value: number | null;
  threshold: number;
  unit: "ratio" | "seconds" | "per-minute" | "count";
  summary: string;
  /** The class, site, shard or edge that it is of. */
  labels: Readonly<Record<string, string>>;
  /** A path of the repository, or a URL (`RUNBOOK_BASE`). */
  runbook: string;
  /** False: nothing could be measured lately, and it stays what it was. */
  measured: boolean;
  acknowledged: { by: string; at: string; note: string | null } | null;
}

export interface AlertAcknowledgement {
  note?: string;
}

export interface AlertRules {
  items: readonly {
    id: string;
    title: string;
    /** `page`: somebody has to get up. `ticket`: somebody has to look in working hours. */
    severity: "page" | "ticket";
    unit: "ratio" | "seconds" | "per-minute" | "count";
    comparison: "above" | "below";
    /** It fires at it or beyond; `below`: under it. */
    threshold: number;
    /** Well again from here on. */
    clear: number;
    forSeconds: number;
    clearForSeconds: number;
    leastSample: number;
    enabled: boolean;
    runbook: string;
    /** Thresholds by class, where each has its own. */
    targets: Readonly<Record<string, number>> | null;
  }[];
  nextCursor: null;
}

export interface Alerts {
  /** Firing, then pending, then resolved ones. */
  items: readonly Alert[];
  nextCursor: string | null;
  /**
   * Whether the rules are judged: `stopped`, not for more than 30 s; `not-begun`, never yet; `unreachable`,
   * the log's database does not answer. Only where it is `current` does it mean anything that nothing fires.
   */
  judging: "current" | "stopped" | "not-begun" | "unreachable";
  /** Of the last evaluation; null where there was none, or the log's database does not answer. */
  evaluatedAt: string | null;
  /** Rules of which nothing could be measured then, all where they are not judged: neither well nor ill. */
  unmeasured: readonly string[];
  /**
   * Since when the receiver (`ALERT_WEBHOOK_URL`) takes no message, and why not; null where it takes them,
   * where there is none, and where that is not known.
   */
  refused: { since: string; reason: string } | null;
}

export interface AuditRecord {
  seq: number;
  at: string;
  actor: string;
  /** The token's id; null where the system acted. */
  token: string | null;
  /** The client's address; null where the runtime does not vouch for one. */
  from: string | null;
  action: string;
  site: string | null;
  detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
  result: "accepted" | "done" | "refused" | "failed";
  /** Of the log, where an entry was written with it. */
  position: string | null;
  requestId: string | null;
  hash: string;
}

export interface AuditRecords {
  items: readonly AuditRecord[];
  nextCursor: string | null;
}

export interface AuditVerdict {
  holds: boolean;
  from: number | null;
  to: number | null;
  records: number;
  firstBad?: { seq: number; reason: string };
  /** Records of an older form that the chain goes on from, unverified. */
  earlier: number;
  /** Losses that were found before, of records of that time. */
  breaches: readonly { foundAt: string; from: number; to: number }[];
}

export interface CacheMetrics {
  at: string;
  /** As asked for. */
  windowSeconds: number;
  /** What the figures span: the window, and as much before it as the oldest bucket holds. */
  spanSeconds: number;
  hitRatio: number | null;
  byteHitRatio: number | null;
  classes: Readonly<
    Record<
      string,
      {
        requests: number;
        hits: number;
        stale: number;
        misses: number;
        passes: number;
        /** Failures that clients were told of: shed, fenced, an origin away. */
        errors: number;
        /** Answers of the edge's own that were the requests' own doing. */
        refused: number;
        /** Hits, stale ones included, over all requests. */
        hitRatio: number | null;
        /** 1 − octets from the origin / octets served. */
        byteHitRatio: number | null;
        /**
         * Octets of bodies; of streams, those announced. What is passed on without a length is left out, here and
         * of what came from origins.
         */
        bytesServed: number;
        bytesFromOrigin: number;
        /** Upper bound of the histogram's bucket: at most an eighth above. */
        p50Ms: number | null;
        /** Upper bound of the histogram's bucket: at most an eighth above. */
        p99Ms: number | null;
        originFetches: number;
        /** Why the origin was asked: miss, revalidate, pass, write, refresh, warm-up … */
        originBy: Readonly<Record<string, number>>;
        /** Waited for another request's fetch: neither hit nor miss. */
        coalesced: number;
        /** Requests by the tier that answered (`none`: the edge itself), then by result. */
        answeredBy: Readonly<Record<string, Readonly<Record<string, number>>>>;
        leaseWaits: number;
      }
    >
  >;
  tiers: {
    l1Memory: { hits: number; misses: number; errors: number };
    l1Cache: { hits: number; misses: number; errors: number };
    l2: { hits: number; misses: number; errors: number };
    origin: { hits: number; misses: number; errors: number };
  };
  shards: readonly {
    id: string;
    hits: number;
    misses: number;
    errors: number;
    /** Of the whole database, as Redis says; where it doesn't, what answers are charged. */
    memoryBytes: number | null;
    /** Null where there is no limit. */
    memoryLimitBytes: number | null;
    keys: number | null;
    /** Since the database began: by the classes' budgets, and Redis' own. */
    evictions: number | null;
    /** Of its calls as edges saw them: upper bound of the histogram's bucket. */
    p99Ms: number | null;
    /** Age of the oldest copy that it is known to lack: the greatest in the window. */
    replicationLagMs: number | null;
    state: "serving" | "warming" | "down" | "out";
    /**
     * `taken`, or why its database takes none: `full`, or the word of Redis' error (`MISCONF`: its disk;
     * `NOREPLICAS`; `READONLY`). Null where it doesn't tell.
     */
    writes: string | null;
    /** What each class takes up of the shard; null where the shard doesn't tell. */
    classes: Readonly<
      Record<
        string,
        {
          /** Charged to the class, overhead included. */
          bytes: number;
          budgetBytes: number;
          /** Answers, and resources known to vary. */
          keys: number;
          /** That had to give way, since the shard began. */
          evictions: number;
        }
      >
    > | null;
  }[];
  /** Requests of the shard with most of them over the mean of all that serve. */
  shardSkew: number | null;
  /** The hottest first, whatever the window. */
  hotKeys: readonly {
    site: string;
    class: string;
    /** Values of parameters that are named like secrets are `***`. */
    url: string;
    /** Whether there is such a one: nobody has asked for that URL. */
    masked: boolean;
    /** Request headers by which the variant is chosen. */
    headers: Readonly<Record<string, string>>;
    /** Of all requests for what can be stored; 0 to 1. */
    share: number;
    /** Sampled, with exponential decay. */
    requestsPerSecond: number;
    /** Edges keep it in memory before others. */
    hot: boolean;
  }[];
  /** Different keys that were asked for, by HyperLogLog. */
  distinctKeys: {
    estimate: number;
    /** Of the estimate, as a share. */
    standardError: number;
  };
  rebuilds: {
    /** Warm-ups begun for edges that came with an empty memory, of what their region asks for most. */
    begun: number;
  };
  edges: readonly {
    id: string;
    region: string | null;
    position: string | null;
    knownAgeMs: number | null;
    memoryBytes: number | null;
    state: "live" | "silent" | "cold";
    /** Tells one life of it from the next. */
    boot: string | null;
    /** How long ago it last said what it had counted. */
    reportedMs: number | null;
  }[];
  /** What edges may have counted and told nobody, because they died. */
  lost: {
    /** Edges' lives that ended in the window. */
    lives: number;
    /** Their last reports until the next lives began: what was counted then is lost. */
    upToMs: number;
  };
  invalidations: {
    accepted: number;
    /** Over `spanSeconds`. */
    perSecond: number;
    convergenceP50Ms: number | null;
    convergenceP99Ms: number | null;
    unfinished: number;
    /** Since when the oldest unfinished purge has been open. */
    oldestOpenMs: number | null;
    /** By how much that is beyond the time from which it must hold at every edge. */
    overdueMs: number | null;
  };
  stale: {
    /** Reads of stored answers that were taken at random and judged. */
    sampled: number;
    /** Reads judged beside them, because an invalidation had named their answer lately. */
    watched: number;
    /** Of both: reads that arrived after a hard invalidation of their answer, within the bound or not. */
    stale: number;
    /** Stale ones among those taken at random. */
    staleRatio: number | null;
    /** Of both: reads that the edge's own view, or the bound, should have prevented. */
    violations: number;
    /** Reads that the log no longer tells enough about. */
    unknown: number;
    /** Their share of the reads taken at random: upperBound95 says nothing of such reads. */
    unknownRatio: number | null;
    /**
     * The share of violations among all reads that can be judged is below this with 95 % confidence: 3 /
     * sampled where none was found, Poisson's bound of the violations over sampled where some were; null
     * without a sample.
     */
    upperBound95: number | null;
    /** Of the stale reads: how long before them the invalidation was appended. A bucket's upper bound. */
    p99StalenessMs: number | null;
    /** By class and by the tier that the answer came from. */
    byClass: Readonly<
      Record<
        string,
        Readonly<
          Record<
            string,
            {
              /** Reads of stored answers that were taken at random and judged. */
              sampled: number;
              /** Reads judged beside them, because an invalidation had named their answer lately. */
              watched: number;
              /** Of both: reads that arrived after a hard invalidation of their answer, within the bound or not. */
              stale: number;
              /** Stale ones among those taken at random. */
              staleRatio: number | null;
              /** Of both: reads that the edge's own view, or the bound, should have prevented. */
              violations: number;
              /** Reads that the log no longer tells enough about. */
              unknown: number;
              /** Their share of the reads taken at random: upperBound95 says nothing of such reads. */
              unknownRatio: number | null;
              /**
               * The share of violations among all reads that can be judged is below this with 95 % confidence: 3 /
               * sampled where none was found, Poisson's bound of the violations over sampled where some were; null
               * without a sample.
               */
              upperBound95: number | null;
              /** Of the stale reads: how long before them the invalidation was appended. A bucket's upper bound. */
              p99StalenessMs: number | null;
            }
          >
        >
      >
    >;
    /** The last one in a day, whatever the window. */
    lastViolation: {
      at: string;
      edge: string;
      class: string;
      tier: string;
      /** lost-invalidation, past-bound, old-epoch or view-too-old: see docs/auditor.md. */
      rule: string;
      /** The kind of selector, never its value. */
      selector: string | null;
    } | null;
    /** Samples that edges had no room for. */
    dropped: number;
    /**
     * Hits of which the origin had another answer by then, though nothing had invalidated them: what a
     * lifetime allows.
     */
    originDiffers: number;
    /** By class: the few hits that were compared with the origin. */
    origin: Readonly<Record<string, { same: number; differs: number; unknown: number }>>;
  };
  stampede: {
    /** The greatest of any one edge. */
    originConcurrencyMax: number;
    coalescedRatio: number | null;
    leaseWaits: number;
  };
  /** Fetches that nobody waited for. */
  refresh: {
    /** Behind a client who had an answer: stale, or shortly before its end. */
    behind: {
      /** The origin sent a whole answer. */
      fetched: number;
      /** The origin said 304. */
      confirmed: number;
      /** Turned away before the origin: users came first. */
      shed: number;
      failed: number;
    };
    /** By the refresher, because they were due: see docs/refresh.md. */
    due: {
      /** The origin sent a whole answer. */
      fetched: number;
      /** The origin said 304. */
      confirmed: number;
      /** Turned away before the origin: users came first. */
      shed: number;
      failed: number;
      /** Keys that expired before anybody came to renew them. */
      missed: number;
    };
  };
  /** What became of requests on their way to the origin. */
  origin: {
    /** Tokens that the buckets of all edges gave. */
    granted: number;
    /** Tokens that edges took of their own shares, while the buckets could not be reached. */
    grantedLocally: number;
    /** Requests turned away before they reached the origin, by the reason. */
    shed: { rate: number; concurrency: number; queue: number; breaker: number };
    /** Sent again because the connection had failed. */
    retries: number;
    /** Requests that waited for a slot. */
    queued: number;
    meanQueuedMs: number | null;
    /** By site: those asked for, whether anything was to go to their origins or not. */
    bySite: Readonly<
      Record<
        string,
        {
          /** Requests to its origin that got an answer. */
          answered: number;
          /** Requests to its origin that got none. */
          failed: number;
          /** Requests turned away before they reached the origin, by the reason. */
          shed: { rate: number; concurrency: number; queue: number; breaker: number };
          queued: number;
        }
      >
    >;
  };
  log: {
    position: string;
    /** Acknowledged entries that the log's database has lost, oldest first. */
    losses: readonly { foundAt: number; from: string; to: string }[];
  };
  variants: {
    /** Variants by Vary that gave way: their resource had too many. */
    displaced: number;
  };
  /** Answers that were not stored, by the reason: no-store, set-cookie, tags … */
  notStored: Readonly<Record<string, number>>;
  /** Writes since the databases began; null where one of these doesn't answer. */
  journal: {
    accepted: number | null;
    delivered: number | null;
    pending: number | null;
    deadLettered: number | null;
    /** Databases that came back without writes that their journals had acknowledged, oldest first. */
    losses: readonly {
      foundAt: number;
      database: string;
      /**
       * Acknowledged writes that it had when it was last looked at, and lacks; at most, since they are
       * counted once a second. What it took after that look may be missing too.
       */
      lacks: number;
    }[];
  };
  /** Requests to the control plane that were turned away, of all sites. */
  access: {
    noToken: number;
    wrongToken: number;
    /** Wrong tokens at the dashboard's sign-in. */
    signIn: number;
    /** After too many wrong ones from there. */
    heldUp: number;
    /** For want of a scope, or beyond what the token is bound to. */
    forbidden: number;
    tooFast: number;
  };
  /** How often the chain of the audit log was looked at, and found broken. */
  auditLog: {
    looks: number;
    broken: number;
    /**
     * When it was last found without records that had been noted outside its database, in the window or
     * before; null where it never was, or nobody can say.
     */
    lastBreachAt: string | null;
  };
  /** Those that fire: see `GET /alerts`. */
  alerts: readonly Alert[];
}

export interface CacheMetricsSeries {
  at: string;
  windowSeconds: number;
  /** 10, 60 or 600, by the window. */
  stepSeconds: number;
  /** Oldest first; the last one is not over yet. */
  points: readonly {
    /** When the step began. */
    at: string;
    /** How often edges told of themselves. 0 is a gap; with some, no requests is idleness. */
    reports: number;
    requests: number;
    hits: number;
    stale: number;
    misses: number;
    passes: number;
    errors: number;
    refused: number;
    coalesced: number;
    hitRatio: number | null;
    classes: Readonly<Record<string, { requests: number; hits: number; hitRatio: number | null }>>;
    /** Answers that each gave. */
    tiers: { l1Memory: number; l1Cache: number; l2: number; origin: number };
    originFetches: number;
    /** The greatest of any one edge. */
    originConcurrencyMax: number;
    leaseWaits: number;
    /** Requests turned away before they reached the origin. */
    shed: number;
    p50Ms: number | null;
    p99Ms: number | null;
    invalidations: number;
    convergenceP99Ms: number | null;
    /** Reads that the auditor took at random. */
    sampled: number;
    violations: number;
    /** The greatest; null where it was not looked at. */
    journalPending: number | null;
    /** The greatest of any shard. */
    replicationLagMs: number | null;
    /** Of all databases of the mid-tier, the greatest of each. */
    memoryBytes: number | null;
    /**
     * What edges asked of each database, by its id, of the 16 that were asked most; one that was asked for
     * nothing is not there.
     */
    shards: Readonly<Record<string, { hits: number; misses: number; errors: number }>>;
  }[];
}

export interface ChangedPolicy {
  policy: Policy;
  version: string;
  /** Edges that have got so far go by it. */
  position: string;
  /** Edges that have said in good time that they go by it; null where nothing had to be changed. */
  applied: readonly string[] | null;
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
}

export interface ChangedSite {
  site: Site;
  version: string;
  /** Edges that have got so far go by it. */
  position: string;
  /** Edges that have said in good time that they go by it; null where nothing had to be changed. */
  applied: readonly string[] | null;
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
}

export interface ChaosCatalogue {
  enabled: boolean;
  items: readonly {
    experiment:
      | "evict-edge"
      | "kill-edge"
      | "kill-shard"
      | "pause-shard"
      | "flush-shard"
      | "slow-tier"
      | "mass-invalidate"
      | "partition"
      | "replies-lost"
      | "clock-jump"
      | "origin-down"
      | "origin-slow"
      | "origin-errors";
    does: string;
    /** Null takes none. */
    target: "edge" | "shard" | null;
    /** Those that there are. */
    targets: readonly string[];
  }[];
  nextCursor: null;
}

export interface ChaosExperiment {
  id: string;
  experiment:
    | "evict-edge"
    | "kill-edge"
    | "kill-shard"
    | "pause-shard"
    | "flush-shard"
    | "slow-tier"
    | "mass-invalidate"
    | "partition"
    | "replies-lost"
    | "clock-jump"
    | "origin-down"
    | "origin-slow"
    | "origin-errors";
  /** What was broken; null before that is decided. */
  target: string | null;
  seed: number;
  state: "running" | "passed" | "failed" | "aborted";
  phase: "preparing" | "steady" | "fault" | "recovery" | "verifying" | "over";
  from?: "redis" | "control-plane" | "edges" | "all";
  arrives?: "none" | "requests" | "replies";
  startedAt: string;
  endedAt: string | null;
  /** How long the fault lasts. */
  durationMs: number;
  hypothesis: string;
  /** None before it is verified. */
  verdicts: readonly {
    name: string;
    text: string;
    holds: boolean;
    /** Null where it could not be measured: then it does not hold. */
    measured: number | null;
    limit: number;
    comparison: "at-most" | "at-least";
    unit: string;
  }[];
  /** Why it could not be judged, or was ended early; null where it went its way. */
  problem: string | null;
  actor: string | null;
  reason: string | null;
  /** The report as a page with charts. */
  report: string;
  /** A second each, from the first request on. */
  timeline: readonly {
    second: number;
    phase: "preparing" | "steady" | "fault" | "recovery" | "verifying" | "over";
    requests: number;
    hits: number;
    errors: number;
    originRequests: number;
    p99Ms: number | null;
  }[];
  events: readonly { at: string; text: string }[];
}

export interface ChaosExperiments {
  /** Whether anything may be broken here at all. */
  enabled: boolean;
  items: readonly ListedChaosExperiment[];
  nextCursor: string | null;
}

export interface ChaosRequest {
  experiment:
    | "evict-edge"
    | "kill-edge"
    | "kill-shard"
    | "pause-shard"
    | "flush-shard"
    | "slow-tier"
    | "mass-invalidate"
    | "partition"
    | "replies-lost"
    | "clock-jump"
    | "origin-down"
    | "origin-slow"
    | "origin-errors";
  /** An edge or a shard; one picked by the seed where none is named. */
  target?: string;
  /** How long the fault lasts; default 15000. */
  durationMs?: number;
  /** What is drawn is drawn from it; a random one where none is given. */
  seed?: number;
  /** Of a partition: what its edge is kept apart from. */
  from?: "redis" | "control-plane" | "edges" | "all";
  /** Of a partition: what gets through all the same. */
  arrives?: "none" | "requests" | "replies";
  /** For the report. */
  wait?: boolean;
  /** Only with `wait`; default 60000. */
  timeoutMs?: number;
  reason?: string;
}

export type CreatedToken = Token & {
  /** Shown this once: only a digest of it is kept. */
  token: string;
};

export interface Deployment {
  id: string;
  at: string;
  version: string;
  site: string | null;
  note: string | null;
  url: string | null;
  actor: string;
}

export interface Deployments {
  items: readonly Deployment[];
  nextCursor: string | null;
}

export interface Diagnosis {
  /** By the control plane's clock. */
  at: string;
  version: string;
  askedBy: { name: string; scopes: readonly string[] };
  checks: readonly DoctorCheck[];
}

export interface DoctorCheck {
  area:
    | "configuration"
    | "control plane"
    | "log"
    | "edges"
    | "redis"
    | "clocks"
    | "policies"
    | "purges"
    | "journal"
    | "tokens"
    | "alerts";
  /** The same from release to release. */
  id: string;
  /** `unknown`: it is not told, which is no fault. */
  state: "ok" | "warn" | "fail" | "unknown";
  what: string;
  /** What to do. */
  advice: string | null;
}

export interface DroppedRequests {
  reason: "rate" | "lost";
  edge: string;
  /** Null where nobody knows how many. */
  requests: number | null;
}

export interface DryRun {
  dryRun: true;
  accepted: {
    urls: number;
    tags: number;
    prefixes: number;
    hosts: number;
    classes: number;
    everything: number;
  };
  /**
   * What it leaves out that may be meant: on a site that serves every Host, a path is one of the canonical
   * host alone.
   */
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
  /** As the log would hold them. */
  selectors: readonly string[];
  /** Whom it would be pushed to. */
  edges: readonly string[];
  /**
   * Stored answers that it would hit and that are not out of date already. What data centres' Cache APIs,
   * isolates without an address and clients hold can't be counted, and is left out.
   */
  estimate: {
    /** Whether every part was counted to the last answer. */
    exact: boolean;
    memory: readonly {
      /** Null where it could not be found out, which is not none. */
      hits: {
        entries: number;
        least: number;
        /** With a probability of 95 % there are `least` to `most` of them. */
        most: number;
        /** Of their bodies. */
        bytes: number;
        /** Whether all were looked at. */
        exact: boolean;
        sampled: number;
        /** How many answers there are; in L2 itself an estimate, unless exact. */
        of: number;
      } | null;
      /** Why not. */
      unavailable: string | null;
      edge: string;
    }[];
    l2: readonly {
      /** Null where it could not be found out, which is not none. */
      hits: {
        entries: number;
        least: number;
        /** With a probability of 95 % there are `least` to `most` of them. */
        most: number;
        /** Of their bodies. */
        bytes: number;
        /** Whether all were looked at. */
        exact: boolean;
        sampled: number;
        /** How many answers there are; in L2 itself an estimate, unless exact. */
        of: number;
      } | null;
      /** Why not. */
      unavailable: string | null;
      shard: string;
    }[];
  };
}

export interface Edge {
  id: string;
  url: string;
  region: string | null;
  /** Which build it runs, where it says so. */
  version: string | null;
  /** The leader of its process group, on this machine. */
  pid?: number;
  position: string | null;
  /** Age of what it knows of the log's head. */
  knownAgeMs: number | null;
  memoryBytes: number | null;
  /** Tells one life of it from the next. */
  boot: string | null;
  state: "live" | "silent" | "cold";
  /** How long ago it was seen. */
  lastSeenMs: number | null;
}

export interface Edges {
  items: readonly Edge[];
  nextCursor: string | null;
}

export interface ExplainRequest {
  /** An absolute http(s) URL. Of a program's own `tidegate://` keys its `cache.explain` tells. */
  url: string;
  headers?: Readonly<Record<string, string>>;
}

export interface Explanation {
  url: string;
  site: string;
  /** In whose name all aliases are known. */
  host: string;
  /** Null where none matches. */
  policy: string | null;
  class: string;
  /** In the order in which they are asked, up to the one that governs. */
  considered: readonly { id: string; key_pattern: string; priority: number; matches: boolean }[];
  key: {
    url: string;
    headers: readonly { name: string; value: string | null }[];
    cookies: readonly string[];
  };
  settings: readonly {
    name: string;
    value: string | number | null;
    from: "policy" | "class";
    why: string | null;
  }[];
  /** Beside the tags that an answer brings. */
  selectors: readonly string[];
  boundMs: number;
  edges: readonly (
    | {
        edge: string;
        position: string | null;
        key: string | null;
        class: string | null;
        policy: string | null;
        fetches: string | null;
        knownAgeMs?: number | null;
        newest?: { position: string; mode: "hard" | "soft"; selector: string } | null;
        tiers: {
          memory:
            | {
                kind: "answer";
                status: number;
                bytes: number;
                ageMs: number;
                lifetimeMs: number;
                storedLifetimeMs: number;
                staleWhileRevalidateMs: number;
                staleIfErrorMs: number;
                freshness: string;
                coherence: string;
                step: string;
                asOf: string;
                verifiedTo: string;
                part: string;
                vary: readonly string[];
                chunkBytes?: number;
                cacheControl?: string | null;
                shard?: string;
                newest?: { position: string; mode: "hard" | "soft"; selector: string } | null;
              }
            | { kind: "nothing" }
            | { kind: "uncacheable" }
            | { kind: "being-fetched"; forMs: number }
            | { kind: "unavailable"; reason: string };
          dataCentre:
            | {
                kind: "answer";
                status: number;
                bytes: number;
                ageMs: number;
                lifetimeMs: number;
                storedLifetimeMs: number;
                staleWhileRevalidateMs: number;
                staleIfErrorMs: number;
                freshness: string;
                coherence: string;
                step: string;
                asOf: string;
                verifiedTo: string;
                part: string;
                vary: readonly string[];
                chunkBytes?: number;
                cacheControl?: string | null;
                shard?: string;
                newest?: { position: string; mode: "hard" | "soft"; selector: string } | null;
              }
            | { kind: "nothing" }
            | { kind: "uncacheable" }
            | { kind: "being-fetched"; forMs: number }
            | { kind: "unavailable"; reason: string };
          l2:
            | {
                kind: "answer";
                status: number;
                bytes: number;
                ageMs: number;
                lifetimeMs: number;
                storedLifetimeMs: number;
                staleWhileRevalidateMs: number;
                staleIfErrorMs: number;
                freshness: string;
                coherence: string;
                step: string;
                asOf: string;
                verifiedTo: string;
                part: string;
                vary: readonly string[];
                chunkBytes?: number;
                cacheControl?: string | null;
                shard?: string;
                newest?: { position: string; mode: "hard" | "soft"; selector: string } | null;
              }
            | { kind: "nothing" }
            | { kind: "uncacheable" }
            | { kind: "being-fetched"; forMs: number }
            | { kind: "unavailable"; reason: string };
        } | null;
        journal?:
          | {
              kind: "value";
              exists: boolean;
              etag: string;
              bytes: number;
              ageMs: number;
              ttlMs: number;
              operation: string;
              verifiedTo: string | null;
            }
          | { kind: "nothing" }
          | { kind: "held" }
          | { kind: "unavailable"; reason: string }
          | null;
      }
    | { edge: string; unavailable: string }
  )[];
  /** Whose the invalidations are that edges have named, as far as receipts reach. */
  purges: readonly { position: string; id: string; actor: string; at: string; reason: string | null }[];
}

export interface Health {
  status: "ok";
  position: string | null;
}

export interface Invalidation {
  /** Default: `default`. */
  site?: string;
  /** http(s) URLs, or paths of the site. */
  urls?: readonly string[];
  tags?: readonly string[];
  /** `/path`, `host/path` or URLs; they match at segment boundaries. */
  prefixes?: readonly string[];
  hosts?: readonly string[];
  classes?: readonly string[];
  everything?: boolean;
  /** The site's name, where `everything` is true, and only there. */
  confirm?: string;
  /** Default: `hard`. */
  mode?: "soft" | "hard";
  /** For every edge. Not with `dryRun`. */
  wait?: boolean;
  /** Only with `wait`; default 10000. */
  timeoutMs?: number;
  dryRun?: boolean;
  /** Appends the same invalidation once more after this long. Not with `dryRun`. */
  repeatAfterMs?: number;
  reason?: string;
}

export interface Journal {
  items: readonly JournalOperation[];
  nextCursor: string | null;
  /** Databases that did not answer. */
  silent: readonly string[];
  shards: Readonly<Record<string, JournalFigures>>;
  /**
   * Databases that came back without acknowledged writes, oldest first. Null where the log, which knows, does
   * not answer, and for tokens bound to sites.
   */
  losses:
    | readonly {
        foundAt: number;
        database: string;
        /**
         * Acknowledged writes that it had when it was last looked at, and lacks; at most, since they are counted
         * once a second. What it took after that look may be missing too.
         */
        lacks: number;
      }[]
    | null;
}

export interface JournalFigures {
  accepted: number;
  delivered: number;
  pending: number;
  deadLettered: number;
  dropped: number;
  merged: number;
  /** Values that nobody used for as long as they are kept: sessions that ended. */
  ended: number;
  /** Values that gave way to others, the origin having them. */
  evicted: number;
  values: number;
  octets: number;
  operations: number;
  oldestSeconds: number;
}

export interface JournalOperation {
  /** As `Tidegate-Journal` said. */
  id: string;
  shard: string;
  site: string;
  method: string;
  url: string;
  acceptedAt: string;
  /** That it stands for: more than one where writes were merged. */
  writes: number;
  tries: number;
  /**
   * `sending`: in some edge's hands. `delivered`: the origin has it, the log is still to be told. `behind`:
   * an older one of its key comes first.
   */
  state: "pending" | "sending" | "delivered" | "dead-lettered" | "behind";
  /** What came of the last try. */
  why: string | null;
}

export interface ListedChaosExperiment {
  id: string;
  experiment:
    | "evict-edge"
    | "kill-edge"
    | "kill-shard"
    | "pause-shard"
    | "flush-shard"
    | "slow-tier"
    | "mass-invalidate"
    | "partition"
    | "replies-lost"
    | "clock-jump"
    | "origin-down"
    | "origin-slow"
    | "origin-errors";
  /** What was broken; null before that is decided. */
  target: string | null;
  seed: number;
  state: "running" | "passed" | "failed" | "aborted";
  phase: "preparing" | "steady" | "fault" | "recovery" | "verifying" | "over";
  from?: "redis" | "control-plane" | "edges" | "all";
  arrives?: "none" | "requests" | "replies";
  startedAt: string;
  endedAt: string | null;
  /** How long the fault lasts. */
  durationMs: number;
  hypothesis: string;
  /** None before it is verified. */
  verdicts: readonly {
    name: string;
    text: string;
    holds: boolean;
    /** Null where it could not be measured: then it does not hold. */
    measured: number | null;
    limit: number;
    comparison: "at-most" | "at-least";
    unit: string;
  }[];
  /** Why it could not be judged, or was ended early; null where it went its way. */
  problem: string | null;
  actor: string | null;
  reason: string | null;
  /** The report as a page with charts. */
  report: string;
}

export interface ListedPolicy {
  policy: Policy;
  /** Its ETag, without the quotes. */
  version: string;
  /** Its place among those of its site: 1 is asked first. */
  rank: number;
}

export interface ListedWarmup {
  id: string;
  site: string;
  actor: string;
  /** `listing`: sitemaps and manifests are being read; `total` grows until it is `running`. */
  state: "listing" | "running" | "done" | "cancelled";
  /** Requests: URLs, times variants. */
  total: number;
  done: number;
  /** What sitemaps named wrongly, and they themselves, included. */
  failed: number;
  /** Answers that may not be stored. */
  skipped: number;
  /** Turned away at the origin for users' sake, and to be asked for again. */
  later: number;
  /** Sitemaps and manifests: known so far, and read. */
  documents: { found: number; read: number };
  variants: number;
  ratePerSecond: number;
  concurrency: number;
  edges: readonly string[] | "all";
  etaSeconds: number | null;
  acceptedAt: string;
  finishedAt: string | null;
}

export interface Markers {
  items: readonly {
    at: string;
    kind: "purge" | "policy" | "deployment" | "chaos" | "warmup" | "shards" | "alert";
    text: string;
    /** A path of this API, or a deployment's own URL. */
    link: string | null;
  }[];
  /** From when on no mark is missing; null where that is the whole window. */
  completeSince: string | null;
}

export interface NewDeployment {
  version: string;
  site?: string;
  note?: string;
  url?: string;
}

export interface NewToken {
  /** As the audit log names whoever uses it. */
  name: string;
  /** `admin` includes all others. */
  scopes: readonly ("read" | "purge" | "warm" | "policy" | "chaos" | "admin")[];
  /** The only sites that it can see and change; null or left out: all of them. */
  sites?: readonly string[] | null;
  /**
   * `tag:news-*`, `prefix:/news`, `prefix:host/shops`, `prefix:/shops/*`: what it invalidates has to lie
   * within one of them; null or left out: no bound.
   */
  patterns?: readonly string[] | null;
  /** Default: never. */
  expiresAt?: string | null;
}

export interface Policies {
  items: readonly ListedPolicy[];
  nextCursor: string | null;
  /** Of the log, as it was read. */
  position: string;
  /** Rows of another release. */
  unreadable: readonly string[];
}

export interface Policy {
  id: string;
  site: string;
  key_pattern: string;
  class: string;
  ttl?: string | number;
  ttl_mode?: "respect" | "override";
  stale_while_revalidate?: string | number;
  stale_if_error?: string | number;
  eviction_policy?: "sieve" | "s3-fifo" | "lru" | "gdsf" | "ttl";
  refresh_strategy?: "none" | "swr" | "refresh-ahead";
  write_policy?: "write-around" | "write-through" | "write-back";
  write_back?: { status?: 200 | 201 | 202 | 204; merge?: boolean; shared?: boolean };
  window_ms?: number;
  fence?: "revalidate" | "serve-stale" | "refuse";
  key?: {
    query?:
      | "all"
      | "none"
      | { include: readonly string[]; sort?: boolean }
      | { exclude: readonly string[]; sort?: boolean }
      | { sort: boolean };
    headers?: readonly string[];
    cookies?: readonly string[];
  };
  set_cookie?: "refuse" | "strip" | "store";
  request_directives?: "ignore" | "restrict" | "honor";
  answer?: { tags?: "strip" | "keep"; targeted?: "keep" | "strip"; immutable?: "say" | "leave" };
  tags?: readonly string[];
  priority?: number;
}

export interface PolicyVerdict {
  valid: boolean;
  errors: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code:
    | "malformed-json"
    | "invalid-query"
    | "invalid-header"
    | "broken-content"
    | "unauthorized"
    | "forbidden"
    | "not-found"
    | "method-not-allowed"
    | "content-too-slow"
    | "exists"
    | "conflict"
    | "in-use"
    | "chaos-disabled"
    | "precondition-failed"
    | "too-large"
    | "unsupported-media-type"
    | "invalid-body"
    | "idempotency-conflict"
    | "precondition-required"
    | "too-many-requests"
    | "too-many-repeats"
    | "internal"
    | "chaos-agent-refuses"
    | "unavailable"
    | "chaos-agent-away";
  requestId: string;
  errors?: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
}

export interface Receipt {
  id: string;
  position: string;
  site: string | null;
  mode: "hard" | "soft" | null;
  selectors: readonly {
    kind: "url" | "tag" | "group" | "prefix" | "host" | "class" | "everything";
    value: string;
  }[];
  /** Lists show only the first few selectors. */
  selectorsTotal: number;
  /**
   * What it leaves out that may be meant: on a site that serves every Host, a path is one of the canonical
   * host alone.
   */
  warnings: readonly {
    /** A JSON pointer (RFC 6901) into what was sent. */
    pointer: string;
    message: string;
  }[];
  reason: string | null;
  actor: string;
  acceptedAt: string;
  state: "converging" | "converged";
  edges: readonly {
    edge: string;
    state: "applied" | "fenced" | "pending";
    position: string | null;
    /** At most this long after the acceptance. */
    afterMs: number | null;
  }[];
  /** From when on it holds at every edge, heard of or not; null where nobody had to be waited for. */
  fencedAt: string | null;
  /** Isolates that can't be addressed, where there are any. */
  unlisted?: { fencedAt: string };
  dirty: number;
  p50Ms: number | null;
  maxMs: number | null;
}

export interface Receipts {
  items: readonly Receipt[];
  nextCursor: string | null;
}

export interface Shard {
  id: string;
  /** Its share of the keys, relative to the others'. */
  weight: number;
  /** `warming`: written, not read. `down`: does not answer. `out`: taken out by an operator. */
  state: "serving" | "warming" | "down" | "out";
  /** The version of the map with which its present life began. */
  life: number;
}

export interface Shards {
  /** 0 where there is no map yet. */
  version: number;
  items: readonly Shard[];
  nextCursor: null;
}

export interface Site {
  name: string;
  origin: string | null;
  hosts: readonly string[];
  aliases: readonly string[];
  canonical_host: string;
  limits?: {
    rate?: number;
    burst?: number;
    share?: { rate: number; burst?: number };
    concurrency?: number;
    retryShare?: number;
    failureStatuses?: readonly number[];
    classes?: Readonly<Record<string, { rate?: number; burst?: number; cost?: number }>>;
  };
}

export interface SiteBody {
  name?: string;
  origin?: string | null;
  hosts: readonly string[];
  aliases?: readonly string[];
  canonical_host?: string;
  limits?: {
    rate?: number;
    burst?: number;
    share?: { rate: number; burst?: number };
    concurrency?: number;
    retryShare?: number;
    failureStatuses?: readonly number[];
    classes?: Readonly<Record<string, { rate?: number; burst?: number; cost?: number }>>;
  };
}

export interface Sites {
  items: readonly {
    site: Site;
    /** Its ETag, without the quotes. */
    version: string;
    /** How many rows of the metadata table are its own. */
    policies: number;
  }[];
  nextCursor: string | null;
  /** Of the log, as it was read. */
  position: string;
  /** Sites of another release. */
  unreadable: readonly string[];
}

export interface Suggestions {
  items: readonly {
    key_pattern: string;
    class: "hot" | "session" | "immutable" | "standard";
    confidence: number;
    reasons: readonly string[];
    evidence: {
      /** Sampled; each counts half after six hours. */
      requests: number;
      requestsPerSecond: number;
      /** Of the site's requests. */
      share: number;
      hitRatio: number;
      /** Upper bounds, by size classes. */
      bytesP50: number | null;
      bytesP95: number | null;
      /** Requests for names that hold a digest of the content. */
      hashedNames: number;
      /** Requests that sent any. */
      cookies: number;
      authorized: number;
      /** Whole ones of the origin; the shares below are of them. */
      answers: number;
      setCookie: number;
      private: number;
      noStore: number;
      immutable: number;
      errors: number;
      life: { none: number; upToFiveMinutes: number; aMonthOrMore: number };
      /** Answers that could be compared with the one before by their validators. */
      compared: number;
      /** Null where too few could be compared. */
      changesPerHour: number | null;
      writes: number;
    };
    /** As `POST /policies` takes it. */
    row: { site: string; key_pattern: string; class: string };
    /** The policy that matches all that the pattern does. */
    alreadyCovered: { id: string; class: string; agrees: boolean } | null;
  }[];
  /** Seen too seldom to say anything of. */
  tooLittle: readonly { key_pattern: string; requests: number; needed: number }[];
  observedForSeconds: number;
}

export interface TailRequest {
  /** By the edge's own clock. */
  at: string;
  site: string;
  method: string;
  host: string;
  path: string;
  status: number;
  class: string;
  policy: string | null;
  result: "hit" | "stale" | "miss" | "pass" | "coalesced" | "error" | "refused";
  tier: "l1Memory" | "l1Cache" | "l2" | "origin" | "none";
  cacheStatus: string;
  ms: number;
  bytes: number;
  why: string;
  edge: string;
  region: string;
}

export interface Token {
  id: string;
  name: string;
  /** `admin` includes all others. */
  scopes: readonly ("read" | "purge" | "warm" | "policy" | "chaos" | "admin")[];
  /** The only sites that it can see and change; null or left out: all of them. */
  sites: readonly string[] | null;
  /**
   * `tag:news-*`, `prefix:/news`, `prefix:host/shops`, `prefix:/shops/*`: what it invalidates has to lie
   * within one of them; null or left out: no bound.
   */
  patterns: readonly string[] | null;
  createdAt: string;
  createdBy: string;
  expiresAt: string | null;
  /** By the minute. */
  lastUsedAt: string | null;
}

export interface Tokens {
  items: readonly Token[];
  nextCursor: string | null;
}

export interface Warmup {
  id: string;
  site: string;
  actor: string;
  /** `listing`: sitemaps and manifests are being read; `total` grows until it is `running`. */
  state: "listing" | "running" | "done" | "cancelled";
  /** Requests: URLs, times variants. */
  total: number;
  done: number;
  /** What sitemaps named wrongly, and they themselves, included. */
  failed: number;
  /** Answers that may not be stored. */
  skipped: number;
  /** Turned away at the origin for users' sake, and to be asked for again. */
  later: number;
  /** Sitemaps and manifests: known so far, and read. */
  documents: { found: number; read: number };
  variants: number;
  ratePerSecond: number;
  concurrency: number;
  edges: readonly string[] | "all";
  etaSeconds: number | null;
  acceptedAt: string;
  finishedAt: string | null;
  /** The first of them. */
  errors: readonly {
    url: string;
    /** Which of the variants, 0 first. */
    variant: number | null;
    /** Empty where no edge has to do with it. */
    edge: string;
    reason: string;
  }[];
}

export interface WarmupRehearsal {
  dryRun: true;
  site: string;
  total: number;
  /** Whether all sitemaps were read in time: else there is more. */
  complete: boolean;
  failed: number;
  errors: readonly {
    url: string;
    /** Which of the variants, 0 first. */
    variant: number | null;
    /** Empty where no edge has to do with it. */
    edge: string;
    reason: string;
  }[];
  ratePerSecond: number;
  concurrency: number;
  /** At that rate, if nothing is held. */
  takesSeconds: number;
  /** How many of `targets` each holds; null where it did not say. */
  edges: readonly { edge: string; held: number | null }[];
  /** The first that would be fetched, and who holds them. */
  targets: readonly {
    url: string;
    variant: number | null;
    held: readonly {
      edge: string;
      /** Null where it would be fetched; `unknown` where the edge did not say. */
      tier: "memory" | "dataCentre" | "l2" | "unknown" | null;
    }[];
  }[];
}

export interface WarmupRequest {
  /** Default: `default`. */
  site?: string;
  /** http(s) URLs of the site's own hosts, or its paths. */
  urls?: readonly string[];
  /** Where a sitemap or an index of sitemaps is on the site. */
  sitemap?: string;
  /** Two releases' assets: what is new or has changed is warmed. */
  manifest?: {
    /**
     * A list of paths or `{url, digest}`, an object `name → path`, Vite's manifest, or where one of them is
     * on the site.
     */
    before?: string | readonly unknown[] | Readonly<Record<string, unknown>>;
    /**
     * A list of paths or `{url, digest}`, an object `name → path`, Vite's manifest, or where one of them is
     * on the site.
     */
    after: string | readonly unknown[] | Readonly<Record<string, unknown>>;
    /** What relative paths lie below, as a browser finds them; default `/`. */
    base?: string;
  };
  /** What is asked for most, the hottest first, behind `urls`. */
  hot?: { class?: string; top: number };
  /** Every URL is asked for once with each. Default: once, with none of them. */
  variants?: readonly { headers: Readonly<Record<string, string>> }[];
  /** Default: `all`. */
  edges?: "all" | readonly string[];
  /** Requests a second to the origin; default: its budget, or 100 where it has none. */
  ratePerSecond?: number;
  /** Requests to the origin at once; default 8. */
  concurrency?: number;
  /** Answer when it has ended, within a minute. */
  wait?: boolean;
  /** Say what would be fetched, and begin nothing. */
  dryRun?: boolean;
}

export interface Warmups {
  items: readonly ListedWarmup[];
  nextCursor: string | null;
}

export interface WrittenPolicy {
  id?: string;
  site?: string;
  key_pattern: string;
  class: string;
  ttl?: string | number;
  ttl_mode?: "respect" | "override";
  stale_while_revalidate?: string | number;
  stale_if_error?: string | number;
  eviction_policy?: "sieve" | "s3-fifo" | "lru" | "gdsf" | "ttl";
  refresh_strategy?: "none" | "swr" | "refresh-ahead";
  write_policy?: "write-around" | "write-through" | "write-back";
  write_back?: { status?: 200 | 201 | 202 | 204; merge?: boolean; shared?: boolean };
  window_ms?: number;
  fence?: "revalidate" | "serve-stale" | "refuse";
  key?: {
    query?:
      | "all"
      | "none"
      | { include: readonly string[]; sort?: boolean }
      | { exclude: readonly string[]; sort?: boolean }
      | { sort: boolean };
    headers?: readonly string[];
    cookies?: readonly string[];
  };
  set_cookie?: "refuse" | "strip" | "store";
  request_directives?: "ignore" | "restrict" | "honor";
  answer?: { tags?: "strip" | "keep"; targeted?: "keep" | "strip"; immutable?: "say" | "leave" };
  tags?: readonly string[];
  priority?: number;
}
