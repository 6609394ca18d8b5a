// The figures of one step of time: a point of a chart, and what each shard was asked for.

import { millis } from "../../shared/core/units.ts";
import { quantile } from "../../shared/wire/latency.ts";
import {
  byKind,
  type ClassFigures,
  type Counts,
  classFigures,
  classNames,
  countsBelow,
  histogramOf,
  ratio,
  sum,
  tookOf,
} from "./counts.ts";
import { type ShardPoint, shardsIn } from "./shard-points.ts";

export interface SeriesClass {
  readonly requests: number;
  readonly hits: number;
  readonly hitRatio: number | null;
}

/** What was told of within one step from `at` on. */
export interface SeriesPoint
  extends Pick<
    ClassFigures,
    "requests" | "hits" | "stale" | "misses" | "passes" | "errors" | "refused" | "hitRatio"
  > {
  readonly at: string;
  /** By edges: 0 is a gap, in which nobody said anything. */
  readonly reports: number;
  readonly coalesced: number;
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

/** All that a chart needs of a step: some kilobytes, however many sites there are. */
export interface StepFigures {
  readonly point: Omit<SeriesPoint, "shards">;
  readonly shards: ReadonlyMap<string, ShardPoint>;
}

export const stepFigures = (start: number, counts: Counts): StepFigures => ({
  point: pointOf(start, counts),
  shards: shardsIn(counts),
});

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
