// The answer of `GET /cache-metrics`.

import { z } from "@hono/zod-openapi";

const count = z.int();
const measured = z.number().nullable();
const tierSchema = z.object({ hits: count, misses: count, errors: count });

const classSchema = z.object({
  requests: count,
  hits: count,
  stale: count,
  misses: count,
  passes: count,
  errors: count,
  hitRatio: measured.openapi({ description: "Hits, stale ones included, over all requests." }),
  p50Ms: measured.openapi({ description: "Upper bound of the histogram's bucket." }),
  p99Ms: measured.openapi({ description: "Upper bound of the histogram's bucket." }),
  originFetches: count,
  coalesced: count.openapi({ description: "Waited for another request's fetch: neither hit nor miss." }),
});

const shardSchema = z.object({
  id: z.string(),
  hits: count,
  misses: count,
  errors: count,
  memoryBytes: measured,
  memoryLimitBytes: measured.openapi({ description: "Null where there is no limit." }),
  keys: measured,
  evictions: measured.openapi({ description: "Since the database began." }),
  p99Ms: measured,
  replicationLagMs: measured,
  state: z.enum(["up"]),
});

const edgeSchema = z.object({
  id: z.string(),
  region: z.string().nullable(),
  position: z.string().nullable(),
  knownAgeMs: measured,
  memoryBytes: measured,
  state: z.enum(["live", "silent", "cold"]),
});

export const metricsSchema = z
  .object({
    at: z.iso.datetime(),
    windowSeconds: z.number().openapi({ description: "As asked for; the oldest bucket counts whole." }),
    hitRatio: measured,
    byteHitRatio: measured,
    classes: z.record(z.string(), classSchema),
    tiers: z.object({ l1Memory: tierSchema, l1Cache: tierSchema, l2: tierSchema, origin: tierSchema }),
    shards: z.array(shardSchema),
    edges: z.array(edgeSchema),
    invalidations: z.object({
      accepted: count,
      perSecond: z.number(),
      convergenceP50Ms: measured,
      convergenceP99Ms: measured,
      unfinished: count,
    }),
    stale: z.object({ sampled: count, violations: count, upperBound95: measured }),
    stampede: z.object({
      originConcurrencyMax: count.openapi({ description: "The greatest since each edge's isolate began." }),
      coalescedRatio: measured,
      leaseWaits: count,
    }),
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
    journal: z.object({ accepted: count, delivered: count, pending: count, deadLettered: count }),
    alerts: z.array(z.object({ id: z.string() })),
  })
  .openapi("CacheMetrics");
