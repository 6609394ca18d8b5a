// Reads all that the figures of a window are made from: for the route, the dashboard, the charts and the alert rules alike.

import { formatPosition } from "../../shared/core/position.ts";
import type { Millis } from "../../shared/core/units.ts";
import type { RankedKey } from "../../shared/mid-tier/hot-keys.ts";
import { readShardFigures, type ShardFigures } from "../../shared/mid-tier/shard-figures.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { showEdges } from "../edges/show-edges.ts";
import { readJournalLosses } from "../journal/losses.ts";
import { readLosses } from "../log/losses.ts";
import { shardMapIn } from "../shards/map.ts";
import { sumJournal } from "./journal-sums.ts";
import { NOTHING_OPEN, readOpenReceipts } from "./open-receipts.ts";
import { showHot } from "./show-hot.ts";
import { type CacheMetrics, type Figures, showFigures } from "./show-metrics.ts";

export type MetricsOutcome = { readonly kind: "metrics"; readonly metrics: CacheMetrics } | Unavailable;
export type FiguresOutcome =
  | { readonly kind: "figures"; readonly figures: Figures /** Redis TIME. */; readonly now: number }
  | Unavailable;

/** As far as edges have told: whoever wants to see what he did a moment ago collects first. */
export async function readMetrics(
  plane: ControlPlane,
  window: Millis,
  site: string | null = null,
): Promise<MetricsOutcome> {
  const read = await readFigures(plane, window, site);
  if (read.kind === "unavailable") return read;
  const { figures, now } = read;
  const hot = await plane.hotLedger.follow();
  if (hot.kind === "unavailable") return hot;
  const distinct = await plane.distinctCounts.count(window, { now, site });
  if (distinct.kind === "unavailable") return distinct;
  const { estimate, standardError } = distinct;
  const rows = ofSite(hot.keys, site).slice(0, LIMITS.hotShown);
  const hotKeys = showHot(rows, (id) => plane.hotLedger.isHot(id));
  return { kind: "metrics", metrics: { ...figures, hotKeys, distinctKeys: { estimate, standardError } } };
}

/** The same without what is told of keys. */
export async function readFigures(
  plane: ControlPlane,
  window: Millis,
  site: string | null = null,
): Promise<FiguresOutcome> {
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const { directory } = known;
  const sums = await plane.metrics.sum(window, directory.now);
  if (sums.kind === "unavailable") return sums;
  const log = await plane.log.snapshot(0);
  if (log.kind === "unavailable") return log;
  const figures = showFigures(sums, {
    now: directory.now,
    windowMs: window,
    site,
    edges: showEdges(directory),
    figures: await figuresOf(plane),
    accounts: await plane.budgets.read(),
    open: sums.unfinished === 0 ? NOTHING_OPEN : await readOpenReceipts(plane, log.configuration),
    journal: {
      ...sumJournal(await plane.journal.figures()),
      losses: readJournalLosses(log.configuration),
    },
    map: shardMapIn(log.configuration),
    log: { position: formatPosition(log.head), losses: readLosses(log.configuration) },
    sites: sitesIn(log.configuration),
    lastBreachAt: await lastBreachOf(plane),
  });
  return { kind: "figures", figures, now: directory.now };
}

const sitesIn = (configuration: ReadonlyMap<string, string>): string[] =>
  [...configuration.keys()].flatMap((field) => {
    const [kind, name] = field.split("/");
    return kind === "site" && name !== undefined ? [name] : [];
  });

const ofSite = (keys: readonly RankedKey[], site: string | null): readonly RankedKey[] =>
  site === null ? keys : keys.filter(({ key }) => key.site === site);

async function figuresOf({ databases }: ControlPlane): Promise<ReadonlyMap<string, ShardFigures>> {
  const read = [...databases].map(
    async ([id, { redis }]) => [id, await readShardFigures(redis, LIMITS.shardDeadline)] as const,
  );
  return new Map(await Promise.all(read));
}

async function lastBreachOf({ auditWitness }: ControlPlane): Promise<number | null> {
  const noted = await auditWitness.read();
  return noted.kind === "unavailable" ? null : (noted.breaches.at(-1)?.foundAt ?? null);
}
