// The journal in figures, and what its databases have lost, as the API shows them.

import { z } from "@hono/zod-openapi";

const count = z.int().min(0);

const lossSchema = z.object({
  foundAt: z.number(),
  database: z.string(),
  lacks: count.openapi({
    description:
      "Acknowledged writes that it had when it was last looked at, and lacks; at most, since they are counted once a second. What it took after that look may be missing too.",
  }),
});

export const lossesSchema = z.array(lossSchema).openapi({
  description: "Databases that came back without writes that their journals had acknowledged, oldest first.",
});

export const journalStateSchema = z
  .object({
    accepted: count.nullable(),
    delivered: count.nullable(),
    pending: count.nullable(),
    deadLettered: count.nullable(),
    losses: lossesSchema,
  })
  .openapi({ description: "Writes since the databases began; null where one of these doesn't answer." });
