// The answer of `GET /cache-metrics`.

import { z } from "@hono/zod-openapi";
import { alertSchema } from "./alerts-schema.ts";
import { journalStateSchema } from "./journal-state.ts";
import { shardFiguresSchema } from "./shard-figures-schema.ts";

const count = z.int();
const measured = z.number().nullable();
const tierSchema = z.object({ hits: count, misses: count, errors: count });

const classSchema = z.object({
  requests: count,
  hits: count,
  stale: count,
  misses: count,
  passes: count,
  errors: count.openapi({ description: "Failures that clients were told of: shed, fenced, an origin away." }),
  refused: count.openapi({ description: "Answers of the edge's own that were the requests' own doing." }),
  hitRatio: measured.openapi({ description: "Hits, stale ones included, over all requests." }),
  byteHitRatio: measured.openapi({ description: "1 − octets from the origin / octets served." }),
  bytesServed: count.openapi({
    description:
      "Octets of bodies; of streams, those announced. What is passed on without a length is left out, here and of what came from origins.",
  }),
  bytesFromOrigin: count,
  p50Ms: measured.openapi({ description: "Upper bound of the histogram's bucket: at most an eighth above." }),
  p99Ms: measured.openapi({ description: "Upper bound of the histogram's bucket: at most an eighth above." }),
  originFetches: count,
  originBy: z
    .record(z.string(), count)
    .openapi({ description: "Why the origin was asked: miss, revalidate, pass, write, refresh, warm-up …" }),
  coalesced: count.openapi({ description: "Waited for another request's fetch: neither hit nor miss." }),
  answeredBy: z.record(z.string(), z.record(z.string(), count)).openapi({
    description: "Requests by the tier that answered (`none`: the edge itself), then by result.",
  }),
  leaseWaits: count,
});

const hotSchema = z.object({
  site: z.string(),
  class: z.string(),
  url: z.string().openapi({ description: "Values of parameters that are named like secrets are `***`." }),
  masked: z.boolean().openapi({ description: "Whether there is such a one: nobody has asked for that URL." }),
  headers: z
    .record(z.string(), z.string())
    .openapi({ description: "Request headers by which the variant is chosen." }),
  share: z.number().openapi({ description: "Of all requests for what can be stored; 0 to 1." }),
  requestsPerSecond: z.number().openapi({ description: "Sampled, with exponential decay." }),
  hot: z.boolean().openapi({ description: "Edges keep it in memory before others." }),
});

const edgeSchema = z.object({
  id: z.string(),
  region: z.string().nullable(),
  position: z.string().nullable(),
  knownAgeMs: measured,
  memoryBytes: measured,
  state: z.enum(["live", "silent", "cold"]),
  boot: z.string().nullable().openapi({ description: "Tells one life of it from the next." }),
  reportedMs: measured.openapi({ description: "How long ago it last said what it had counted." }),
});

const shedSchema = z
  .object({ rate: count, concurrency: count, queue: count, breaker: count })
  .openapi({ description: "Requests turned away before they reached the origin, by the reason." });

const staleRow = {
  sampled: count.openapi({ description: "Reads of stored answers that were taken at random and judged." }),
  watched: count.openapi({
    description: "Reads judged beside them, because an invalidation had named their answer lately.",
  }),
  stale: count.openapi({
    description:
      "Of both: reads that arrived after a hard invalidation of their answer, within the bound or not.",
  }),
  staleRatio: measured.openapi({ description: "Stale ones among those taken at random." }),
  violations: count.openapi({
    description: "Of both: reads that the edge's own view, or the bound, should have prevented.",
  }),
  unknown: count.openapi({ description: "Reads that the log no longer tells enough about." }),
  unknownRatio: measured.openapi({
    description: "Their share of the reads taken at random: upperBound95 says nothing of such reads.",
  }),
  upperBound95: measured.openapi({
    description:
      "The share of violations among all reads that can be judged is below this with 95 % confidence: 3 / sampled where none was found, Poisson's bound of the violations over sampled where some were; null without a sample.",
  }),
  p99StalenessMs: measured.openapi({
    description:
      "Of the stale reads: how long before them the invalidation was appended. A bucket's upper bound.",
  }),
};

const staleSchema = z.object({
  ...staleRow,
  byClass: z.record(z.string(), z.record(z.string(), z.object(staleRow))).openapi({
    description: "By class and by the tier that the answer came from.",
  }),
  lastViolation: z
    .object({
      at: z.iso.datetime(),
      edge: z.string(),
      class: z.string(),
      tier: z.string(),
      rule: z.string().openapi({
        description: "lost-invalidation, past-bound, old-epoch or view-too-old: see docs/auditor.md.",
      }),
      selector: z.string().nullable().openapi({ description: "The kind of selector, never its value." }),
    })
    .nullable()
    .openapi({ description: "The last one in a day, whatever the window." }),
  dropped: count.openapi({ description: "Samples that edges had no room for." }),
  originDiffers: count.openapi({
    description:
      "Hits of which the origin had another answer by then, though nothing had invalidated them: what a lifetime allows.",
  }),
  origin: z
    .record(z.string(), z.object({ same: count, differs: count, unknown: count }))
    .openapi({ description: "By class: the few hits that were compared with the origin." }),
});

const refreshSchema = z.object({
  fetched: count.openapi({ description: "The origin sent a whole answer." }),
  confirmed: count.openapi({ description: "The origin said 304." }),
  shed: count.openapi({ description: "Turned away before the origin: users came first." }),
  failed: count,
});

export const metricsSchema = z
  .object({
    at: z.iso.datetime(),
    windowSeconds: z.number().openapi({ description: "As asked for." }),
    spanSeconds: z.number().openapi({
      description: "What the figures span: the window, and as much before it as the oldest bucket holds.",
    }),
    hitRatio: measured,
    byteHitRatio: measured,
    classes: z.record(z.string(), classSchema),
    tiers: z.object({ l1Memory: tierSchema, l1Cache: tierSchema, l2: tierSchema, origin: tierSchema }),
    shards: z.array(shardFiguresSchema),
    shardSkew: measured.openapi({
      description: "Requests of the shard with most of them over the mean of all that serve.",
    }),
    hotKeys: z.array(hotSchema).openapi({ description: "The hottest first, whatever the window." }),
    distinctKeys: z
      .object({
        estimate: count,
        standardError: z.number().openapi({ description: "Of the estimate, as a share." }),
      })
      .openapi({ description: "Different keys that were asked for, by HyperLogLog." }),
    rebuilds: z.object({
      begun: count.openapi({
        description:
          "Warm-ups begun for edges that came with an empty memory, of what their region asks for most.",
      }),
    }),
    edges: z.array(edgeSchema),
    lost: z
      .object({
        lives: count.openapi({ description: "Edges' lives that ended in the window." }),
        upToMs: count.openapi({
          description: "Their last reports until the next lives began: what was counted then is lost.",
        }),
      })
      .openapi({ description: "What edges may have counted and told nobody, because they died." }),
    invalidations: z.object({
      accepted: count,
      perSecond: z.number().openapi({ description: "Over `spanSeconds`." }),
      convergenceP50Ms: measured,
      convergenceP99Ms: measured,
      unfinished: count,
      oldestOpenMs: measured.openapi({
        description: "Since when the oldest unfinished purge has been open.",
      }),
      overdueMs: measured.openapi({
        description: "By how much that is beyond the time from which it must hold at every edge.",
      }),
    }),
    stale: staleSchema,
    stampede: z.object({
      originConcurrencyMax: count.openapi({ description: "The greatest of any one edge." }),
      coalescedRatio: measured,
      leaseWaits: count,
    }),
    refresh: z
      .object({
        behind: refreshSchema.openapi({
          description: "Behind a client who had an answer: stale, or shortly before its end.",
        }),
        due: refreshSchema
          .extend({
            missed: count.openapi({ description: "Keys that expired before anybody came to renew them." }),
          })
          .openapi({ description: "By the refresher, because they were due: see docs/refresh.md." }),
      })
      .openapi({ description: "Fetches that nobody waited for." }),
    origin: z
      .object({
        granted: count.openapi({ description: "Tokens that the buckets of all edges gave." }),
        grantedLocally: count.openapi({
          description: "Tokens that edges took of their own shares, while the buckets could not be reached.",
        }),
        shed: shedSchema,
        retries: count.openapi({ description: "Sent again because the connection had failed." }),
        queued: count.openapi({ description: "Requests that waited for a slot." }),
        meanQueuedMs: measured,
        bySite: z
          .record(
            z.string(),
            z.object({
              answered: count.openapi({ description: "Requests to its origin that got an answer." }),
              failed: count.openapi({ description: "Requests to its origin that got none." }),
              shed: shedSchema,
              queued: count,
            }),
          )
          .openapi({
            description: "By site: those asked for, whether anything was to go to their origins or not.",
          }),
      })
      .openapi({ description: "What became of requests on their way to the origin." }),
    log: z.object({
      position: z.string(),
      losses: z
        .array(z.object({ foundAt: z.number(), from: z.string(), to: z.string() }))
        .openapi({ description: "Acknowledged entries that the log's database has lost, oldest first." }),
    }),
    variants: z.object({
      displaced: count.openapi({
        description: "Variants by Vary that gave way: their resource had too many.",
      }),
    }),
    notStored: z
      .record(z.string(), count)
      .openapi({ description: "Answers that were not stored, by the reason: no-store, set-cookie, tags …" }),
    journal: journalStateSchema,
    access: z
      .object({
        noToken: count,
        wrongToken: count,
        signIn: count.openapi({ description: "Wrong tokens at the dashboard's sign-in." }),
        heldUp: count.openapi({ description: "After too many wrong ones from there." }),
        forbidden: count.openapi({
          description: "For want of a scope, or beyond what the token is bound to.",
        }),
        tooFast: count,
      })
      .openapi({ description: "Requests to the control plane that were turned away, of all sites." }),
    auditLog: z
      .object({
        looks: count,
        broken: count,
        lastBreachAt: z.iso.datetime().nullable().openapi({
          description:
            "When it was last found without records that had been noted outside its database, in the window or before; null where it never was, or nobody can say.",
        }),
      })
      .openapi({ description: "How often the chain of the audit log was looked at, and found broken." }),
    alerts: z.array(alertSchema).openapi({ description: "Those that fire: see `GET /alerts`." }),
  })
  .openapi("CacheMetrics");
