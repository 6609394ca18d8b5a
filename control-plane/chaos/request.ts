// The body of `POST /chaos`.

import { z } from "@hono/zod-openapi";
import { DIRECTIONS, EXPERIMENTS, PARTITIONS } from "../../shared/wire/chaos.ts";
import { milliseconds } from "../../shared/wire/milliseconds.ts";
import { line } from "../../shared/wire/text.ts";
import { LIMITS } from "../config.ts";

export const chaosSchema = z
  .strictObject({
    experiment: z.enum(EXPERIMENTS),
    target: z
      .string()
      .max(64)
      .optional()
      .openapi({ description: "An edge or a shard; one picked by the seed where none is named." }),
    durationMs: milliseconds(LIMITS.chaosLeast, LIMITS.chaosMost)
      .optional()
      .openapi({ description: `How long the fault lasts; default ${LIMITS.chaosDefault}.` }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .optional()
      .openapi({ description: "What is drawn is drawn from it; a random one where none is given." }),
    from: z
      .enum(PARTITIONS)
      .optional()
      .openapi({ description: "Of a partition: what its edge is kept apart from." }),
    arrives: z
      .enum(DIRECTIONS)
      .optional()
      .openapi({ description: "Of a partition: what gets through all the same." }),
    wait: z.boolean().optional().openapi({ description: "For the report." }),
    timeoutMs: milliseconds(0, LIMITS.waitMost)
      .optional()
      .openapi({ description: `Only with \`wait\`; default ${LIMITS.waitMost}.` }),
    reason: line(LIMITS.reason).optional(),
  })
  .openapi("ChaosRequest");

export type ChaosBody = z.infer<typeof chaosSchema>;
