// Warm-ups as the interface describes them.

import { z } from "@hono/zod-openapi";

const errorSchema = z.object({
  url: z.string(),
  variant: z.int().nullable().openapi({ description: "Which of the variants, 0 first." }),
  edge: z.string().openapi({ description: "Empty where no edge has to do with it." }),
  reason: z.string(),
});

const common = {
  id: z.string(),
  site: z.string(),
  actor: z.string(),
  state: z.enum(["listing", "running", "done", "cancelled"]).openapi({
    description: "`listing`: sitemaps and manifests are being read; `total` grows until it is `running`.",
  }),
  total: z.int().openapi({ description: "Requests: URLs, times variants." }),
  done: z.int(),
  failed: z.int().openapi({ description: "What sitemaps named wrongly, and they themselves, included." }),
  skipped: z.int().openapi({ description: "Answers that may not be stored." }),
  later: z
    .int()
    .openapi({ description: "Turned away at the origin for users' sake, and to be asked for again." }),
  documents: z
    .object({ found: z.int(), read: z.int() })
    .openapi({ description: "Sitemaps and manifests: known so far, and read." }),
  variants: z.int(),
  ratePerSecond: z.number(),
  concurrency: z.int(),
  edges: z.array(z.string()).or(z.literal("all")),
  etaSeconds: z.int().nullable(),
  acceptedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
} as const;

export const jobSchema = z
  .object({ ...common, errors: z.array(errorSchema).openapi({ description: "The first of them." }) })
  .openapi("Warmup");

export const jobPageSchema = z
  .object({ items: z.array(z.object(common).openapi("ListedWarmup")), nextCursor: z.string().nullable() })
  .openapi("Warmups");

export const acceptedJobSchema = z
  .object({
    id: z.string(),
    total: z.int().openapi({ description: "As far as it is known: sitemaps are read later." }),
    job: z.string(),
  })
  .openapi("AcceptedWarmup");

const heldSchema = z.object({
  edge: z.string(),
  tier: z
    .enum(["memory", "dataCentre", "l2", "unknown"])
    .nullable()
    .openapi({ description: "Null where it would be fetched; `unknown` where the edge did not say." }),
});

export const rehearsalSchema = z
  .object({
    dryRun: z.literal(true),
    site: z.string(),
    total: z.int(),
    complete: z
      .boolean()
      .openapi({ description: "Whether all sitemaps were read in time: else there is more." }),
    failed: z.int(),
    errors: z.array(errorSchema),
    ratePerSecond: z.number(),
    concurrency: z.int(),
    takesSeconds: z.int().openapi({ description: "At that rate, if nothing is held." }),
    edges: z.array(z.object({ edge: z.string(), held: z.int().nullable() })).openapi({
      description: "How many of `targets` each holds; null where it did not say.",
    }),
    targets: z
      .array(z.object({ url: z.string(), variant: z.int().nullable(), held: z.array(heldSchema) }))
      .openapi({ description: "The first that would be fetched, and who holds them." }),
  })
  .openapi("WarmupRehearsal");
