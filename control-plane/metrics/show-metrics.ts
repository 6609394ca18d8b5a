// Sums of counters as the figures people read: ratios, percentiles, shards. What isn't measured is null.

import type { ShardMap, ShardState } from "../../shared/core/shard-map.ts";
import type { AccountOutcome, ClassAccount } from "../../shared/mid-tier/budgets.ts";
import type { SumsOutcome } from "../../shared/mid-tier/metrics.ts";
import { type ShardFigures, UNKNOWN_FIGURES } from "../../shared/mid-tier/shard-figures.ts";
import { CONVERGENCE_BOUNDS, LATENCY_BOUNDS, quantile } from "../../shared/wire/latency.ts";
import type { ShownAlert } from "../alerts/shown-alert.ts";
import type { EdgeState, ShownEdge } from "../edges/show-edges.ts";
import type { LogLoss } from "../log/losses.ts";
import type { JournalSums } from "./journal-sums.ts";
import { skewOf } from "./shard-skew.ts";
import type { HotRow } from "./show-hot.ts";
import { type RefreshFigures, showRefresh } from "./show-refresh.ts";
import { type StaleFigures, showStale } from "./show-stale.ts";

type Sums = SumsOutcome & { readonly kind: "sums" };

export interface ClassFigures {
  readonly requests: number;
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  readonly passes: number;
  readonly errors: number;
  readonly hitRatio: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly originFetches: number;
  readonly coalesced: number;
}

export interface TierFigures {
  readonly hits: number;
  readonly misses: number;
  readonly errors: number;
}

export interface ShardRow {
  readonly id: string;
  readonly hits: number;
  readonly misses: number;
  readonly errors: number;
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly keys: number | null;
  readonly evictions: number | null;
  readonly p99Ms: number | null;
  readonly replicationLagMs: number | null;
  readonly state: ShardState;
  /** Null where the shard doesn't tell. */
  readonly classes: Record<string, ClassAccount> | null;
}

export interface EdgeRow {
  readonly id: string;
  readonly region: string | null;
  readonly position: string | null;
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number | null;
  readonly state: EdgeState;
}

export interface LogState {
  readonly position: string;
  /** Acknowledged entries that its database has lost, oldest first. */
  readonly losses: LogLoss[];
}

/** Null: it could not be read. Nought where no purge is open. */
export interface OpenReceipts {
  readonly oldestOpenMs: number | null;
  /** By how much that is beyond the time from which it must hold at every edge. */
  readonly overdueMs: number | null;
}

export interface CacheMetrics {
  readonly at: string;
  readonly windowSeconds: number;
  readonly hitRatio: number | null;
  readonly byteHitRatio: number | null;
  readonly classes: Record<string, ClassFigures>;
  readonly tiers: Record<"l1Memory" | "l1Cache" | "l2" | "origin", TierFigures>;
  readonly shards: ShardRow[];
  /** Requests of the shard with most of them over the mean of all that serve. */
  readonly shardSkew: number | null;
  readonly hotKeys: HotRow[];
  readonly rebuilds: { readonly begun: number };
  readonly edges: EdgeRow[];
  readonly invalidations: {
    readonly accepted: number;
    readonly perSecond: number;
    readonly convergenceP50Ms: number | null;
    readonly convergenceP99Ms: number | null;
    readonly unfinished: number;
  } & OpenReceipts;
  readonly stale: StaleFigures;
  readonly stampede: {
    readonly originConcurrencyMax: number;
    readonly coalescedRatio: number | null;
    readonly leaseWaits: number;
  };
  readonly refresh: RefreshFigures;
  readonly origin: OriginFigures;
  readonly log: LogState;
  readonly variants: { readonly displaced: number };
  /** Answers that were not stored, by the reason. */
  readonly notStored: Record<string, number>;
  readonly journal: JournalSums;
  /** Those that fire. Empty where the rules themselves read these figures. */
  readonly alerts: ShownAlert[];
}

/** What became of requests on their way to the origin. */
export interface OriginFigures {
  /** Tokens that the buckets of all edges gave, and that edges took of their own shares. */
  readonly granted: number;
  readonly grantedLocally: number;
  readonly shed: Record<"rate" | "concurrency" | "queue" | "breaker", number>;
  readonly retries: number;
  readonly queued: number;
  readonly meanQueuedMs: number | null;
}

export interface MetricsContext {
  /** Redis TIME, milliseconds. */
  readonly now: number;
  readonly windowMs: number;
  readonly edges: readonly ShownEdge[];
  /** By the shard's id. */
  readonly accounts: ReadonlyMap<string, AccountOutcome>;
  readonly log: LogState;
  /** Null where none is in the log yet. */
  readonly map: ShardMap | null;
  /** Of every database that answers, by its id. */
  readonly figures: ReadonlyMap<string, ShardFigures>;
  readonly hotKeys: readonly HotRow[];
  readonly journal: JournalSums;
  readonly open: OpenReceipts;
}

export function showMetrics(
  { sums, unfinished, lastViolation }: Sums,
  context: MetricsContext,
): CacheMetrics {
  const count = (name: string): number => sums.get(name) ?? 0;
  const classes = Object.fromEntries(classNames(sums).map((name) => [name, classFigures(sums, name)]));
  const total = totalOf(Object.values(classes));
  const windowSeconds = context.windowMs / 1000;
  const convergence = histogram(sums, "convergence", CONVERGENCE_BOUNDS.length);
  const tier = (name: string): TierFigures => ({
    hits: count(`tier|${name}|hits`),
    misses: count(`tier|${name}|misses`),
    errors: count(`tier|${name}|errors`),
  });
  return {
    at: new Date(context.now).toISOString(),
    windowSeconds,
    hitRatio: ratio(total.hits + total.stale, total.requests),
    byteHitRatio: byteHitRatio(count("bytes|served"), count("bytes|origin")),
    classes,
    tiers: { l1Memory: tier("l1Memory"), l1Cache: tier("l1Cache"), l2: tier("l2"), origin: tier("origin") },
    shards: (context.map?.shards ?? []).map(({ id, state }) => ({
      id,
      hits: count(`shard|${id}|hits`),
      misses: count(`shard|${id}|misses`),
      errors: count(`shard|${id}|errors`),
      ...withAccount(context.figures.get(id) ?? UNKNOWN_FIGURES, context.accounts.get(id)),
      p99Ms: quantile(LATENCY_BOUNDS, histogram(sums, `shardLatency|${id}`, LATENCY_BOUNDS.length), 0.99),
      replicationLagMs: sums.get(`gauge|shardLag|${id}`) ?? null,
      state,
    })),
    shardSkew: skewOf(sums, context.map),
    hotKeys: [...context.hotKeys],
    rebuilds: { begun: count("rebuilds|begun") },
    edges: context.edges.map(({ id, region, position, knownAgeMs, memoryBytes, state }) => {
      return { id, region, position, knownAgeMs, memoryBytes, state };
    }),
    invalidations: {
      accepted: count("invalidations|accepted"),
      perSecond: count("invalidations|accepted") / windowSeconds,
      convergenceP50Ms: quantile(CONVERGENCE_BOUNDS, convergence, 0.5),
      convergenceP99Ms: quantile(CONVERGENCE_BOUNDS, convergence, 0.99),
      unfinished,
      ...context.open,
    },
    stale: showStale(sums, lastViolation),
    stampede: {
      originConcurrencyMax: count("gauge|originConcurrencyMax"),
      coalescedRatio: ratio(total.coalesced, total.coalesced + total.misses),
      leaseWaits: count("stampede|leaseWaits"),
    },
    refresh: showRefresh(count),
    origin: originFigures(count),
    log: { position: context.log.position, losses: [...context.log.losses] },
    variants: { displaced: count("variants|displaced") },
    notStored: countsBelow(sums, "notStored"),
    journal: context.journal,
    alerts: [],
  };
}

/** What Redis evicts by itself and what the budgets do; the classes' own bytes where Redis doesn't tell any. */
function withAccount(
  figures: ShardFigures,
  account: AccountOutcome | undefined,
): ShardFigures & Pick<ShardRow, "classes"> {
  if (account?.kind !== "account") return { ...figures, classes: null };
  const all = [...account.classes.values()];
  const sum = (of: (one: ClassAccount) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    ...figures,
    memoryBytes: figures.memoryBytes ?? sum(({ bytes }) => bytes),
    evictions: (figures.evictions ?? 0) + sum(({ evictions }) => evictions),
    classes: Object.fromEntries(account.classes),
  };
}

function originFigures(count: (name: string) => number): OriginFigures {
  const shed = (reason: string): number => count(`shed|${reason}`);
  const queued = count("origin|queued");
  return {
    granted: count("origin|bucket"),
    grantedLocally: count("origin|share"),
    shed: {
      rate: shed("rate"),
      concurrency: shed("concurrency"),
      queue: shed("queue"),
      breaker: shed("breaker"),
    },
    retries: count("origin|retries"),
    queued,
    meanQueuedMs: ratio(count("origin|queuedMs"), queued),
  };
}

function classNames(sums: ReadonlyMap<string, number>): string[] {
  const names = [...sums.keys()].flatMap((name) =>
    name.startsWith("class|") ? [name.split("|")[1] ?? ""] : [],
  );
  return [...new Set(names)].sort();
}

function countsBelow(sums: ReadonlyMap<string, number>, prefix: string): Record<string, number> {
  const found = [...sums].filter(([name]) => name.startsWith(`${prefix}|`));
  return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length + 1), count]));
}

function classFigures(sums: ReadonlyMap<string, number>, name: string): ClassFigures {
  const count = (what: string): number => sums.get(`class|${name}|${what}`) ?? 0;
  const [hits, stale, misses, passes] = [count("hit"), count("stale"), count("miss"), count("pass")];
  const [coalesced, errors] = [count("coalesced"), count("error")];
  const requests = hits + stale + misses + passes + coalesced + errors;
  const latency = histogram(sums, `latency|${name}`, LATENCY_BOUNDS.length);
  return {
    ...{ requests, hits, stale, misses, passes, errors, coalesced },
    hitRatio: ratio(hits + stale, requests),
    p50Ms: quantile(LATENCY_BOUNDS, latency, 0.5),
    p99Ms: quantile(LATENCY_BOUNDS, latency, 0.99),
    originFetches: count("originFetches"),
  };
}

function totalOf(
  classes: readonly ClassFigures[],
): Record<"requests" | "hits" | "stale" | "misses" | "coalesced", number> {
  const sum = (what: "requests" | "hits" | "stale" | "misses" | "coalesced"): number =>
    classes.reduce((total, figures) => total + figures[what], 0);
  return {
    requests: sum("requests"),
    hits: sum("hits"),
    stale: sum("stale"),
    misses: sum("misses"),
    coalesced: sum("coalesced"),
  };
}

const histogram = (sums: ReadonlyMap<string, number>, name: string, bounds: number): number[] =>
  Array.from({ length: bounds + 1 }, (_, bucket) => sums.get(`${name}|${bucket}`) ?? 0);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Revalidations and warm-ups cost the origin bytes that nobody was served: the ratio ends at nought. */
const byteHitRatio = (served: number, origin: number): number | null =>
  served === 0 ? null : Math.max(0, 1 - origin / served);
