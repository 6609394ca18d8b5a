// `GET /cache-metrics`.

import { createRoute, z } from "@hono/zod-openapi";
import { formatPosition } from "../../shared/core/position.ts";
import { elapsed, type Instant } from "../../shared/core/units.ts";
import { WINDOW_LIMITS } from "../../shared/mid-tier/metrics.ts";
import { readShardFigures, type ShardFigures } from "../../shared/mid-tier/shard-figures.ts";
import { parseDuration } from "../../shared/wire/duration.ts";
import { LIMITS } from "../config.ts";
import { readRouting } from "../configuration/routing.ts";
import type { ControlPlane } from "../control-plane.ts";
import { collectStatus } from "../edges/collect.ts";
import { showEdges } from "../edges/show-edges.ts";
import { followReceipts } from "../invalidate/follow.ts";
import { readLosses } from "../log/watch.ts";
import { sumJournal } from "../metrics/journal-sums.ts";
import { showHot } from "../metrics/show-hot.ts";
import { showMetrics } from "../metrics/show-metrics.ts";
import { shardMapIn } from "../shards/map.ts";
import { requireToken } from "./auth.ts";
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
    middleware: [requireToken(plane)] as const,
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
    const known = await plane.edges.read();
    if (known.kind === "unavailable") throw unavailable(known.reason);
    const { directory } = known;
    const sums = await plane.metrics.sum(windowMs, directory.now);
    if (sums.kind === "unavailable") throw unavailable(sums.reason);
    const log = await plane.log.snapshot(0);
    if (log.kind === "unavailable") throw unavailable(log.reason);
    const hot = await plane.hotLedger.follow();
    if (hot.kind === "unavailable") throw unavailable(hot.reason);
    const accounts = await plane.budgets.read();
    const figures = showMetrics(sums, {
      now: directory.now,
      windowMs,
      edges: showEdges(directory),
      figures: await figuresOf(plane),
      hotKeys: showHot(hot.keys.slice(0, LIMITS.hotShown), (id) => plane.hotLedger.isHot(id)),
      accounts,
      journal: sumJournal(await plane.journal.figures()),
      map: shardMapIn(log.configuration),
      log: { position: formatPosition(log.head), losses: readLosses(log.configuration) },
    });
    return context.json(figures, 200);
  });
}

async function figuresOf({ databases }: ControlPlane): Promise<ReadonlyMap<string, ShardFigures>> {
  const read = [...databases].map(
    async ([id, { redis }]) => [id, await readShardFigures(redis, LIMITS.shardDeadline)] as const,
  );
  return new Map(await Promise.all(read));
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
