// Experiments and their reports, as the API describes them.

import { z } from "@hono/zod-openapi";
import { DIRECTIONS, EXPERIMENTS, PARTITIONS } from "../../shared/wire/chaos.ts";
import { PHASES, STATES } from "../chaos/report.ts";

const verdict = z.object({
  name: z.string(),
  text: z.string(),
  holds: z.boolean(),
  measured: z
    .number()
    .nullable()
    .openapi({ description: "Null where it could not be measured: then it does not hold." }),
  limit: z.number(),
  comparison: z.enum(["at-most", "at-least"]),
  unit: z.string(),
});

const second = z.object({
  second: z.int(),
  phase: z.enum(PHASES),
  requests: z.int(),
  hits: z.int(),
  errors: z.int(),
  originRequests: z.int(),
  p99Ms: z.number().nullable(),
});

const head = z.object({
  id: z.string(),
  experiment: z.enum(EXPERIMENTS),
  target: z.string().nullable().openapi({ description: "What was broken; null before that is decided." }),
  seed: z.int(),
  state: z.enum(STATES),
  phase: z.enum(PHASES),
  from: z.enum(PARTITIONS).optional(),
  arrives: z.enum(DIRECTIONS).optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  durationMs: z.int().openapi({ description: "How long the fault lasts." }),
  hypothesis: z.string(),
  verdicts: z.array(verdict).openapi({ description: "None before it is verified." }),
  problem: z
    .string()
    .nullable()
    .openapi({ description: "Why it could not be judged, or was ended early; null where it went its way." }),
  actor: z.string().nullable(),
  reason: z.string().nullable(),
  report: z.string().openapi({ description: "The report as a page with charts." }),
});

export const experimentSchema = head
  .extend({
    timeline: z.array(second).openapi({ description: "A second each, from the first request on." }),
    events: z.array(z.object({ at: z.iso.datetime(), text: z.string() })),
  })
  .openapi("ChaosExperiment");

export const experimentsSchema = z
  .object({
    enabled: z.boolean().openapi({ description: "Whether anything may be broken here at all." }),
    items: z.array(head.openapi("ListedChaosExperiment")),
    nextCursor: z.string().nullable(),
  })
  .openapi("ChaosExperiments");

export const catalogueSchema = z
  .object({
    enabled: z.boolean(),
    items: z.array(
      z.object({
        experiment: z.enum(EXPERIMENTS),
        does: z.string(),
        target: z.enum(["edge", "shard"]).nullable().openapi({ description: "Null takes none." }),
        targets: z.array(z.string()).openapi({ description: "Those that there are." }),
      }),
    ),
    nextCursor: z.null(),
  })
  .openapi("ChaosCatalogue");
