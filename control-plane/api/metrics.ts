// `GET /cache-metrics`.

import { createRoute } from "@hono/zod-openapi";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import { WINDOW_LIMITS } from "../../shared/mid-tier/metric-buckets.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { readShownAlerts } from "../alerts/show-alerts.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { followReceipts } from "../invalidate/follow.ts";
import { readMetrics } from "../metrics/read-metrics.ts";
import { requireScope } from "./auth.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { figuresQuery, refuseUnknownSite, requireFigures } from "./figures-query.ts";
import { metricsSchema } from "./metrics-schema.ts";
import { problemAnswer, unavailable } from "./problem.ts";

export function metricsRoutes(api: Api, { plane }: ApiPorts): void {
  const freshness: Freshness = { collectedAt: null };
  const route = createRoute({
    method: "get",
    path: "/cache-metrics",
    summary: "Hit ratios, latencies, shards, edges, invalidations over a window",
    middleware: [requireScope(plane, "read"), requireFigures(plane)] as const,
    request: { query: figuresQuery },
    responses: {
      200: { description: "The figures", content: { "application/json": { schema: metricsSchema } } },
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const { window = "60s", site } = context.req.valid("query");
    if (site !== undefined) await refuseUnknownSite(plane, site);
    await collectIfDue(plane, freshness);
    const windowMs = parseDuration(window) ?? WINDOW_LIMITS.least;
    const outcome = await readMetrics(plane, windowMs, site ?? null);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
    const { items } = await readShownAlerts(plane);
    const alerts = items.filter(({ state }) => state === "firing");
    return context.json({ ...outcome.metrics, alerts }, 200);
  });
}

/** What an isolate remembers between two readings. */
interface Freshness {
  collectedAt: Instant | null;
}

/** Whoever reads the figures finds in them what he did a moment ago. */
async function collectIfDue(plane: ControlPlane, freshness: Freshness): Promise<void> {
  const now = plane.clock.now();
  const { collectedAt } = freshness;
  if (collectedAt !== null && elapsed(collectedAt, now) < LIMITS.collectAgain) return;
  freshness.collectedAt = now;
  const collected = await collectStatus(plane);
  if (collected.kind === "unavailable") throw unavailable(collected.reason);
  const followed = await followReceipts(plane, collected.now);
  if (followed.kind === "unavailable") throw unavailable(followed.reason);
}
