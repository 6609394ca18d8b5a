// What an isolate counts: plain increments on the path of a request, read out by the control plane's tick.

import type { ViewCounts } from "../shared/view/gossip.ts";
import { bucketOf, emptyHistogram } from "../shared/wire/latency.ts";

/**
 * What became of one request, as docs/metrics.md says it: `error` is a failure that the client was told of, `refused`
 * an answer of the edge's own that is the request's doing.
 */
export type Result = "hit" | "stale" | "miss" | "pass" | "coalesced" | "error" | "refused";
export type TierName = "l1Memory" | "l1Cache" | "l2" | "origin";
/** `none`: an answer of the edge's own. */
export type AnsweredBy = TierName | "none";

/** Why the origin was asked. */
export type OriginReason =
  /** Nothing was held, or nothing of which anything could be used. */
  | "miss"
  /** What was held is to be confirmed. */
  | "revalidate"
  /** For one client alone. */
  | "pass"
  /** An unsafe method, by a client or out of the journal. */
  | "write"
  /** Nobody waits for it: stale or soon to be, or due. */
  | "refresh"
  | "warm-up"
  /** A hit that the auditor compares. */
  | "audit"
  | "web-socket";

interface TierCounts {
  hits: number;
  misses: number;
  errors: number;
}

/** `fetched` has brought a whole answer, `confirmed` a 304; `shed` was turned away before the origin. */
export type RefreshOutcome = "fetched" | "confirmed" | "shed" | "failed";

/** Of one site's requests of one class: they hang on the route, so that a hit looks nothing up. */
export interface RouteCounters {
  readonly requests: Record<Result, Record<AnsweredBy, number>>;
  /** How long answers took to begin, by `bucketOf`, and in all. */
  readonly took: number[];
  tookMs: number;
  bytesServed: number;
  bytesFromOrigin: number;
  readonly asked: Record<OriginReason, number>;
  readonly tiers: Record<TierName, TierCounts>;
  leaseWaits: number;
  /** Turned away before they reached the origin. */
  readonly shed: Record<"rate" | "concurrency" | "queue" | "breaker", number>;
  /** Waited for a slot, and got one. */
  queued: number;
  /** Fetches that nobody waited for: behind a client who has his answer, or because the control plane says they are due. */
  readonly refreshes: Record<"behind" | "due", Record<RefreshOutcome, number>>;
  /** Answers that were not stored, by the reason. */
  readonly notStored: Map<string, number>;
}

/** What became of requests on their way to the origin. */
export interface OriginGuardCounters {
  /** Tokens given by the buckets of all edges, and by the own share. */
  bucket: number;
  share: number;
  /** Sent again because the connection had failed. */
  retries: number;
  /** Milliseconds for which requests waited for a slot. */
  queuedMs: number;
}

export interface Counters extends ViewCounts {
  /** By site, then by class. */
  readonly sites: Map<string, Map<string, RouteCounters>>;
  /** Without it requests are not counted: what they cost the tiers and the origin is. */
  readonly countsRequests: boolean;
  readonly originConcurrency: Peak;
  readonly originGuard: OriginGuardCounters;
  /** Variants by Vary that gave way because their resource had too many. */
  variantsDisplaced: number;
}

export const newCounters = (countsRequests = true): Counters => ({
  countsRequests,
  sites: new Map(),
  originConcurrency: new Peak(),
  originGuard: { bucket: 0, share: 0, retries: 0, queuedMs: 0 },
  pulls: 0,
  pushes: 0,
  gossipRounds: 0,
  gossipHeard: 0,
  gossipTold: 0,
  variantsDisplaced: 0,
});

/** Where what no site serves is counted: no site and no class has this name. */
export const NOWHERE = "-";

export function routeCounters(
  { sites }: Pick<Counters, "sites">,
  of: { readonly site: string; readonly class: string },
): RouteCounters {
  let classes = sites.get(of.site);
  if (classes === undefined) {
    classes = new Map();
    sites.set(of.site, classes);
  }
  let found = classes.get(of.class);
  if (found === undefined) {
    found = newRouteCounters();
    classes.set(of.class, found);
  }
  return found;
}

function newRouteCounters(): RouteCounters {
  const tier = (): TierCounts => ({ hits: 0, misses: 0, errors: 0 });
  const answers = (): Record<AnsweredBy, number> => ({ l1Memory: 0, l1Cache: 0, l2: 0, origin: 0, none: 0 });
  const outcomes = (): Record<RefreshOutcome, number> => ({ fetched: 0, confirmed: 0, shed: 0, failed: 0 });
  return {
    requests: {
      ...{ hit: answers(), stale: answers(), miss: answers(), pass: answers() },
      ...{ coalesced: answers(), error: answers(), refused: answers() },
    },
    took: emptyHistogram(),
    tookMs: 0,
    bytesServed: 0,
    bytesFromOrigin: 0,
    asked: {
      ...{ miss: 0, revalidate: 0, pass: 0, write: 0, refresh: 0 },
      ...{ "warm-up": 0, audit: 0, "web-socket": 0 },
    },
    tiers: { l1Memory: tier(), l1Cache: tier(), l2: tier(), origin: tier() },
    leaseWaits: 0,
    shed: { rate: 0, concurrency: 0, queue: 0, breaker: 0 },
    queued: 0,
    refreshes: { behind: outcomes(), due: outcomes() },
    notStored: new Map(),
  };
}

export function countNotStored({ notStored }: RouteCounters, reason: string): void {
  notStored.set(reason, (notStored.get(reason) ?? 0) + 1);
}

export function countTook(counters: RouteCounters, ms: number): void {
  const bucket = bucketOf(ms);
  counters.took[bucket] = (counters.took[bucket] ?? 0) + 1;
  counters.tookMs += ms;
}

/** How many there are of something, and how many there were at most since the report before the last one. */
class Peak {
  private current = 0;
  private most = 0;
  private mostBefore = 0;

  up(): void {
    this.current += 1;
    if (this.current > this.most) this.most = this.current;
  }

  down(): void {
    this.current -= 1;
  }

  /** Told twice, since the first report of it may have been lost. */
  report(): number {
    const told = Math.max(this.most, this.mostBefore);
    this.mostBefore = this.most;
    this.most = this.current;
    return told;
  }
}
