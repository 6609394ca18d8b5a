// `GET /cache-metrics/series`.

import { createRoute, z } from "@hono/zod-openapi";
import { millis } from "../../shared/core/units.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { LIMITS } from "../config.ts";
import { readSeries } from "../metrics/series.ts";
import { requireScope } from "./auth.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { figuresQuery, refuseUnknownSite, requireFigures } from "./figures-query.ts";
import { problemAnswer, unavailable } from "./problem.ts";

const count = z.int();
const measured = z.number().nullable();

const pointSchema = z.object({
  at: z.iso.datetime().openapi({ description: "When the step began." }),
  reports: count.openapi({
    description: "How often edges told of themselves. 0 is a gap; with some, no requests is idleness.",
  }),
  ...{ requests: count, hits: count, stale: count, misses: count, passes: count },
  ...{ errors: count, refused: count, coalesced: count, hitRatio: measured },
  classes: z.record(z.string(), z.object({ requests: count, hits: count, hitRatio: measured })),
  tiers: z
    .object({ l1Memory: count, l1Cache: count, l2: count, origin: count })
    .openapi({ description: "Answers that each gave." }),
  originFetches: count,
  originConcurrencyMax: count.openapi({ description: "The greatest of any one edge." }),
  leaseWaits: count,
  shed: count.openapi({ description: "Requests turned away before they reached the origin." }),
  p50Ms: measured,
  p99Ms: measured,
  invalidations: count,
  convergenceP99Ms: measured,
  sampled: count.openapi({ description: "Reads that the auditor took at random." }),
  violations: count,
  journalPending: measured.openapi({ description: "The greatest; null where it was not looked at." }),
  replicationLagMs: measured.openapi({ description: "The greatest of any shard." }),
  memoryBytes: measured.openapi({ description: "Of all databases of the mid-tier, the greatest of each." }),
  shards: z.record(z.string(), z.object({ hits: count, misses: count, errors: count })).openapi({
    description: `What edges asked of each database, by its id, of the ${LIMITS.shardsInSeries} that were asked most; one that was asked for nothing is not there.`,
  }),
});

const seriesSchema = z
  .object({
    at: z.iso.datetime(),
    windowSeconds: z.number(),
    stepSeconds: z.number().openapi({ description: "10, 60 or 600, by the window." }),
    points: z.array(pointSchema).openapi({ description: "Oldest first; the last one is not over yet." }),
  })
  .openapi("CacheMetricsSeries");

export function seriesRoute(api: Api, { plane }: ApiPorts): void {
  const route = createRoute({
    method: "get",
    path: "/cache-metrics/series",
    summary: "The figures of a window as points of time",
    middleware: [requireScope(plane, "read"), requireFigures(plane)] as const,
    request: { query: figuresQuery },
    responses: {
      200: { description: "Points", content: { "application/json": { schema: seriesSchema } } },
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const { window = "1h", site } = context.req.valid("query");
    if (site !== undefined) await refuseUnknownSite(plane, site);
    const windowMs = parseDuration(window) ?? millis(LIMITS.figuresEvery);
    const outcome = await readSeries(plane, windowMs, site ?? null);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    return context.json({ ...outcome.series, points: [...outcome.series.points] }, 200);
  });
}
