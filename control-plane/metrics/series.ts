// Figures over a window as points of time, oldest first: what a chart is drawn from.

import { type Millis, millis } from "../../shared/core/units.ts";
import { bucketsOver, type MetricBucket, type SettledBuckets } from "../../shared/mid-tier/metric-buckets.ts";
import type { Metrics } from "../../shared/mid-tier/metrics.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { quantile } from "../../shared/wire/latency.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import {
  byKind,
  type ClassFigures,
  type Counts,
  classFigures,
  classNames,
  countsBelow,
  countsOf,
  histogramOf,
  ratio,
  sum,
  tookOf,
} from "./counts.ts";
import { type ShardPoint, shardPoints } from "./shard-points.ts";

export interface SeriesClass {
  readonly requests: number;
  readonly hits: number;
  readonly hitRatio: number | null;
}

/** What was told of within one step from `at` on. */
export interface SeriesPoint {
  readonly at: string;
  /** By edges: 0 is a gap, in which nobody said anything. */
  readonly reports: number;
  readonly requests: number;
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  readonly passes: number;
  readonly errors: number;
  readonly refused: number;
  readonly coalesced: number;
  readonly hitRatio: number | null;
  readonly classes: Record<string, SeriesClass>;
  /** Answers that each gave. */
  readonly tiers: Record<"l1Memory" | "l1Cache" | "l2" | "origin", number>;
  readonly originFetches: number;
  readonly originConcurrencyMax: number;
  readonly leaseWaits: number;
  readonly shed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly invalidations: number;
  readonly convergenceP99Ms: number | null;
  readonly sampled: number;
  readonly violations: number;
  readonly journalPending: number | null;
  readonly replicationLagMs: number | null;
  /** Of all databases that answered. */
  readonly memoryBytes: number | null;
  /** By id; a shard that was asked for nothing is not there. */
  readonly shards: Record<string, ShardPoint>;
}

export interface Series {
  readonly at: string;
  readonly windowSeconds: number;
  readonly stepSeconds: number;
  readonly points: readonly SeriesPoint[];
}

export type SeriesOutcome = { readonly kind: "series"; readonly series: Series } | Unavailable;

type Ports = Pick<ControlPlane, "edges" | "metrics" | "settledBuckets">;

export async function readSeries(plane: Ports, window: Millis, site: string | null): Promise<SeriesOutcome> {
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const { now } = known.directory;
  const { step, buckets } = bucketsOver(window, now);
  const outcome = await readBuckets(plane, { buckets, settledBefore: now - step - LIMITS.bucketSettles });
  if (outcome.kind === "unavailable") return outcome;
  const steps = outcome.found.map(({ counts }) => countsOf(counts, site));
  const shards = shardPoints(steps);
  const points = steps.map((counts, at) => ({
    ...pointOf(outcome.found[at]?.start ?? 0, counts),
    shards: shards[at] ?? {},
  }));
  const series = {
    at: new Date(now).toISOString(),
    windowSeconds: window / 1000,
    stepSeconds: step / 1000,
    points,
  };
  return { kind: "series", series };
}

interface Found {
  readonly start: number;
  readonly counts: ReadonlyMap<string, number>;
}

async function readBuckets(
  { metrics, settledBuckets }: { readonly metrics: Metrics; readonly settledBuckets: SettledBuckets },
  { buckets, settledBefore }: { readonly buckets: readonly MetricBucket[]; readonly settledBefore: number },
): Promise<{ readonly kind: "found"; readonly found: readonly Found[] } | Unavailable> {
  const outcome = await metrics.read(buckets.filter(({ key }) => !settledBuckets.has(key)));
  if (outcome.kind === "unavailable") return outcome;
  const found = buckets.map(({ key, start }) => {
    const counts = settledBuckets.get(key) ?? outcome.counts.get(key) ?? new Map<string, number>();
    if (start < settledBefore) settledBuckets.set(key, counts);
    return { start, counts };
  });
  for (const key of settledBuckets.keys()) {
    if (settledBuckets.size <= LIMITS.bucketsRemembered) break;
    settledBuckets.delete(key);
  }
  return { kind: "found", found };
}

function pointOf(start: number, counts: Counts): Omit<SeriesPoint, "shards"> {
  const count = (name: string): number => counts.get(name) ?? 0;
  const classes = classNames(counts).map((name) => [name, classFigures(counts, name)] as const);
  const total = (of: (figures: ClassFigures) => number): number => sum(classes.map(([, one]) => of(one)));
  const [requests, hits, stale] = [
    total((one) => one.requests),
    total((one) => one.hits),
    total((one) => one.stale),
  ];
  const took = tookOf(counts);
  const by = (tier: string): number => total((one) => sum(Object.values(one.answeredBy[tier] ?? {})));
  return {
    at: new Date(start).toISOString(),
    reports: count("reports"),
    ...{ requests, hits, stale },
    misses: total((one) => one.misses),
    passes: total((one) => one.passes),
    errors: total((one) => one.errors),
    refused: total((one) => one.refused),
    coalesced: total((one) => one.coalesced),
    hitRatio: ratio(hits + stale, requests),
    classes: Object.fromEntries(classes.map(([name, one]) => [name, inShort(one)])),
    tiers: { l1Memory: by("l1Memory"), l1Cache: by("l1Cache"), l2: by("l2"), origin: by("origin") },
    originFetches: total((one) => one.originFetches),
    originConcurrencyMax: count("gauge|originConcurrencyMax"),
    leaseWaits: total((one) => one.leaseWaits),
    shed: shedIn(counts),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    invalidations: count("invalidations|accepted"),
    convergenceP99Ms: quantile(histogramOf(counts, "converged"), 0.99),
    ...judged(counts),
    journalPending: counts.get("gauge|journalPending") ?? null,
    replicationLagMs: greatest(countsBelow(counts, "gauge|shardLag")),
    memoryBytes: totalOf(countsBelow(counts, "gauge|shardMemory")),
  };
}

/** Hits are those of `/cache-metrics`: fresh ones; their ratio counts stale ones too. */
const inShort = ({ requests, hits, hitRatio }: ClassFigures): SeriesClass => ({ requests, hits, hitRatio });

function shedIn(counts: Counts): number {
  const of = byKind(counts, "shed");
  return sum(["rate", "concurrency", "queue", "breaker"].map(of));
}

/** By the auditor, over all classes and tiers. */
function judged(counts: Counts): { readonly sampled: number; readonly violations: number } {
  let [sampled, violations] = [0, 0];
  for (const [name, count] of counts) {
    const [kind, , , what] = name.split("|");
    if (kind !== "audit") continue;
    if (what === "sampled") sampled += count;
    if (what === "violations") violations += count;
  }
  return { sampled, violations };
}

const greatest = (found: Record<string, number>): number | null => {
  const values = Object.values(found);
  return values.length === 0 ? null : millis(Math.max(...values));
};

const totalOf = (found: Record<string, number>): number | null => {
  const values = Object.values(found);
  return values.length === 0 ? null : sum(values);
};
