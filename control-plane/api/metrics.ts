// `GET /cache-metrics`.

import { createRoute, z } from "@hono/zod-openapi";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import { WINDOW_LIMITS } from "../../shared/mid-tier/metrics.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { readShownAlerts } from "../alerts/show-alerts.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { followReceipts } from "../invalidate/follow.ts";
import { readMetrics } from "../metrics/read-metrics.ts";
import { requireScope } from "./auth.ts";
import { requireAllSites } from "./binding.ts";
import type { Api, ApiPorts } from "./environment.ts";
import { metricsSchema } from "./metrics-schema.ts";
import { problemAnswer, Refusal, unavailable } from "./problem.ts";

const windowSchema = z
  .string()
  .refine((text) => {
    const window = parseDuration(text);
    return window !== null && window >= WINDOW_LIMITS.least && window <= WINDOW_LIMITS.most;
  }, "must be a duration from 10s to 24h")
  .optional()
  .openapi({ description: "A duration from 10s to 24h; default 60s.", example: "60s" });

export function metricsRoutes(api: Api, { plane }: ApiPorts): void {
  const freshness: Freshness = { collectedAt: null };
  const route = createRoute({
    method: "get",
    path: "/cache-metrics",
    summary: "Hit ratios, latencies, shards, edges, invalidations over a window",
    middleware: [requireScope(plane, "read"), requireAllSites(plane)] as const,
    request: { query: z.strictObject({ window: windowSchema, site: z.string().optional() }) },
    responses: {
      200: { description: "The figures", content: { "application/json": { schema: metricsSchema } } },
      default: problemAnswer,
    },
  });
  api.openapi(route, async (context) => {
    const { window = "60s", site } = context.req.valid("query");
    if (site !== undefined) await refuseOtherSites(plane, site);
    await collectIfDue(plane, freshness);
    const windowMs = parseDuration(window) ?? WINDOW_LIMITS.least;
    const outcome = await readMetrics(plane, windowMs);
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
  for (const step of [collectStatus, followReceipts]) {
    const outcome = await step(plane);
    if (outcome.kind === "unavailable") throw unavailable(outcome.reason);
  }
}

/** Edges don't count by site: with several, nobody could say which of them a hit was for. */
async function refuseOtherSites(plane: ControlPlane, site: string): Promise<void> {
  const known = await readRouting(plane);
  if (known.kind === "unavailable") throw unavailable(known.reason);
  const { sites } = known.routing;
  const message = !sites.some(({ name }) => name === site)
    ? `there is no site ${JSON.stringify(site)}`
    : sites.length > 1
      ? "is not supported while there are several sites: edges count over all of them"
      : null;
  if (message !== null)
    throw new Refusal("invalid-query", `site ${message}`, { faults: [{ pointer: "/site", message }] });
}
