// What `POST /invalidate` and the receipts' routes answer.

import { z } from "@hono/zod-openapi";
import { faultSchema } from "./problem.ts";

const countsSchema = z.object({
  urls: z.int(),
  tags: z.int(),
  prefixes: z.int(),
  hosts: z.int(),
  classes: z.int(),
  everything: z.int(),
});

const warningsSchema = z.array(faultSchema).openapi({
  description:
    "What it leaves out that may be meant: on a site that serves every Host, a path is one of the canonical host alone.",
});

export const acceptedSchema = z
  .object({
    id: z.string(),
    position: z.string(),
    accepted: countsSchema,
    warnings: warningsSchema,
    receipt: z.string(),
  })
  .openapi("AcceptedInvalidation");

const partSchema = z.object({
  hits: z
    .object({
      entries: z.int(),
      least: z.int(),
      most: z
        .int()
        .openapi({ description: "With a probability of 95 % there are `least` to `most` of them." }),
      bytes: z.int().openapi({ description: "Of their bodies." }),
      exact: z.boolean().openapi({ description: "Whether all were looked at." }),
      sampled: z.int(),
      of: z
        .int()
        .openapi({ description: "How many answers there are; in L2 itself an estimate, unless exact." }),
    })
    .nullable()
    .openapi({ description: "Null where it could not be found out, which is not none." }),
  unavailable: z.string().nullable().openapi({ description: "Why not." }),
});

const estimateSchema = z
  .object({
    exact: z.boolean().openapi({ description: "Whether every part was counted to the last answer." }),
    memory: z.array(partSchema.extend({ edge: z.string() })),
    l2: z.array(partSchema.extend({ shard: z.string() })),
  })
  .openapi({
    description:
      "Stored answers that it would hit and that are not out of date already. What data centres' Cache APIs, " +
      "isolates without an address and clients hold can't be counted, and is left out.",
  });

export const dryRunSchema = z
  .object({
    dryRun: z.literal(true),
    accepted: countsSchema,
    warnings: warningsSchema,
    selectors: z.array(z.string()).openapi({ description: "As the log would hold them." }),
    edges: z.array(z.string()).openapi({ description: "Whom it would be pushed to." }),
    estimate: estimateSchema,
  })
  .openapi("DryRun");

export const receiptSchema = z
  .object({
    id: z.string(),
    position: z.string(),
    site: z.string().nullable(),
    mode: z.enum(["hard", "soft"]).nullable(),
    selectors: z.array(
      z.object({
        kind: z.enum(["url", "tag", "group", "prefix", "host", "class", "everything"]),
        value: z.string(),
      }),
    ),
    selectorsTotal: z.int().openapi({ description: "Lists show only the first few selectors." }),
    warnings: warningsSchema,
    reason: z.string().nullable(),
    actor: z.string(),
    acceptedAt: z.iso.datetime(),
    state: z.enum(["converging", "converged"]),
    edges: z.array(
      z.object({
        edge: z.string(),
        state: z.enum(["applied", "fenced", "pending"]),
        position: z.string().nullable(),
        afterMs: z.number().nullable().openapi({ description: "At most this long after the acceptance." }),
      }),
    ),
    fencedAt: z.iso.datetime().nullable().openapi({
      description:
        "From when on it holds at every edge, heard of or not; null where nobody had to be waited for.",
    }),
    unlisted: z
      .object({ fencedAt: z.iso.datetime() })
      .optional()
      .openapi({ description: "Isolates that can't be addressed, where there are any." }),
    dirty: z.int(),
    p50Ms: z.number().nullable(),
    maxMs: z.number().nullable(),
  })
  .openapi("Receipt");
