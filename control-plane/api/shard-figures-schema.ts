// What `GET /cache-metrics` answers of a shard.

import { z } from "@hono/zod-openapi";

const count = z.int();
const measured = z.number().nullable();

const accountSchema = z.object({
  bytes: count.openapi({ description: "Charged to the class, overhead included." }),
  budgetBytes: count,
  keys: count.openapi({ description: "Answers, and resources known to vary." }),
  evictions: count.openapi({ description: "That had to give way, since the shard began." }),
});

/** A shard in `GET /cache-metrics`. */
export const shardFiguresSchema = z.object({
  id: z.string(),
  hits: count,
  misses: count,
  errors: count,
  memoryBytes: measured.openapi({
    description: "Of the whole database, as Redis says; where it doesn't, what answers are charged.",
  }),
  memoryLimitBytes: measured.openapi({ description: "Null where there is no limit." }),
  keys: measured,
  evictions: measured.openapi({
    description: "Since the database began: by the classes' budgets, and Redis' own.",
  }),
  p99Ms: measured.openapi({
    description: "Of its calls as edges saw them: upper bound of the histogram's bucket.",
  }),
  replicationLagMs: measured.openapi({
    description: "Age of the oldest copy that it is known to lack: the greatest in the window.",
  }),
  state: z.enum(["serving", "warming", "down", "out"]),
  writes: z.string().nullable().openapi({
    description:
      "`taken`, or why its database takes none: `full`, or the word of Redis' error (`MISCONF`: its disk; `NOREPLICAS`; `READONLY`). Null where it doesn't tell.",
  }),
  classes: z
    .record(z.string(), accountSchema)
    .nullable()
    .openapi({ description: "What each class takes up of the shard; null where the shard doesn't tell." }),
});
