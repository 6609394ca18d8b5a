// Sums of counters as the figures people read: ratios, percentiles, shards. What isn't measured is null.

import type { ShardMap, ShardState } from "../../shared/core/shard-map.ts";
import type { AccountOutcome, ClassAccount } from "../../shared/mid-tier/budgets.ts";
import type { DistinctKeysFigure } from "../../shared/mid-tier/distinct-counts.ts";
import type { SumsOutcome } from "../../shared/mid-tier/metrics.ts";
import { type ShardFigures, UNKNOWN_FIGURES } from "../../shared/mid-tier/shard-figures.ts";
import { quantile } from "../../shared/wire/latency.ts";
import type { ShownAlert } from "../alerts/shown-alert.ts";
import type { EdgeState, ShownEdge } from "../edges/show-edges.ts";
import type { LogLoss } from "../log/losses.ts";
import {
  byKind,
  byteHitRatio,
  type ClassFigures,
  type Counts,
  classFigures,
  classNames,
  countsOf,
  histogramOf,
  ratio,
  sum,
} from "./counts.ts";
import type { JournalState } from "./journal-sums.ts";
import { skewOf } from "./shard-skew.ts";
import type { HotRow } from "./show-hot.ts";
import { type OriginFigures, originsBySite, showOrigin } from "./show-origin.ts";
import { type RefreshFigures, showRefresh } from "./show-refresh.ts";
import { type StaleFigures, showStale } from "./show-stale.ts";

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
  /** `taken`, or the word with which its database refuses them; null where it doesn't tell. */
  readonly writes: string | null;
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
  /** Tells one life of it from the next; null where it was never heard of. */
  readonly boot: string | null;
  /** How long ago it last said what it had counted. */
  readonly reportedMs: number | null;
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

/** What alert rules judge by, and charts show. */
export interface Figures {
  readonly at: string;
  /** As asked for, and what the figures span: the oldest bucket counts whole. */
  readonly windowSeconds: number;
  readonly spanSeconds: number;
  readonly hitRatio: number | null;
  readonly byteHitRatio: number | null;
  readonly classes: Record<string, ClassFigures>;
  readonly tiers: Record<"l1Memory" | "l1Cache" | "l2" | "origin", TierFigures>;
  readonly shards: ShardRow[];
  /** Requests of the shard with most of them over the mean of all that serve. */
  readonly shardSkew: number | null;
  readonly rebuilds: { readonly begun: number };
  readonly edges: EdgeRow[];
  /** What lives of edges that are over may have counted and told nobody: from their last reports to the next lives' beginnings. */
  readonly lost: { readonly lives: number; readonly upToMs: number };
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
  readonly journal: JournalState;
  /** Requests to the control plane that were turned away, by why. */
  readonly access: AccessFigures;
  /** How often the chain of the audit log was looked at, and found broken. */
  readonly auditLog: {
    readonly looks: number;
    readonly broken: number;
    /** When it was last found without records that the witness knew of; null where it never was, or the witness is silent. */
    readonly lastBreachAt: string | null;
  };
  /** Those that fire. Empty where the rules themselves read these figures. */
  readonly alerts: ShownAlert[];
}

/** What people read of keys beside: each takes calls of its own. */
export interface CacheMetrics extends Figures {
  readonly hotKeys: HotRow[];
  /** How many were asked for, as far as registers can tell. */
  readonly distinctKeys: DistinctKeysFigure;
}

/** `signIn`: wrong tokens at the dashboard's door; `heldUp`: after too many of them. */
export type AccessFigures = Readonly<
  Record<"noToken" | "wrongToken" | "signIn" | "heldUp" | "forbidden" | "tooFast", number>
>;

export interface MetricsContext {
  /** Redis TIME, milliseconds. */
  readonly now: number;
  readonly windowMs: number;
  /** Null for all. */
  readonly site: string | null;
  /** All that there are. */
  readonly sites: readonly string[];
  readonly edges: readonly ShownEdge[];
  /** By the shard's id. */
  readonly accounts: ReadonlyMap<string, AccountOutcome>;
  readonly log: LogState;
  /** Null where none is in the log yet. */
  readonly map: ShardMap | null;
  /** Of every database that answers, by its id. */
  readonly figures: ReadonlyMap<string, ShardFigures>;
  readonly journal: JournalState;
  readonly open: OpenReceipts;
  /** Milliseconds since 1970. */
  readonly lastBreachAt: number | null;
}

export function showFigures(
  { sums, since, unfinished, lastViolation }: SumsOutcome & { readonly kind: "sums" },
  context: MetricsContext,
): Figures {
  const counts = countsOf(sums, context.site);
  const count = (name: string): number => counts.get(name) ?? 0;
  const classes = Object.fromEntries(classNames(counts).map((name) => [name, classFigures(counts, name)]));
  const all = Object.values(classes);
  const total = (what: NumberIn<ClassFigures>): number => sum(all.map((figures) => figures[what]));
  const spanSeconds = (context.now - since) / 1000;
  const convergence = histogramOf(counts, "converged");
  return {
    at: new Date(context.now).toISOString(),
    windowSeconds: context.windowMs / 1000,
    spanSeconds,
    hitRatio: ratio(total("hits") + total("stale"), total("requests")),
    byteHitRatio: byteHitRatio(total("bytesServed"), total("bytesFromOrigin")),
    classes,
    tiers: tierFigures(counts),
    shards: (context.map?.shards ?? []).map(({ id, state }) => ({
      id,
      hits: count(`shard|${id}|hits`),
      misses: count(`shard|${id}|misses`),
      errors: count(`shard|${id}|errors`),
      ...withAccount(context.figures.get(id) ?? UNKNOWN_FIGURES, context.accounts.get(id)),
      p99Ms: quantile(histogramOf(counts, `shardTook|${id}`), 0.99),
      replicationLagMs: counts.get(`gauge|shardLag|${id}`) ?? null,
      state,
    })),
    shardSkew: skewOf(counts, context.map),
    rebuilds: { begun: count("rebuilds|begun") },
    edges: context.edges.map(edgeRow),
    lost: { lives: count("lost|lives"), upToMs: count("lost|upToMs") },
    invalidations: {
      accepted: count("invalidations|accepted"),
      perSecond: count("invalidations|accepted") / spanSeconds,
      convergenceP50Ms: quantile(convergence, 0.5),
      convergenceP99Ms: quantile(convergence, 0.99),
      unfinished,
      ...context.open,
    },
    stale: showStale(counts, lastViolation),
    stampede: {
      originConcurrencyMax: count("gauge|originConcurrencyMax"),
      coalescedRatio: ratio(total("coalesced"), total("coalesced") + total("misses")),
      leaseWaits: total("leaseWaits"),
    },
    refresh: showRefresh(counts),
    origin: { ...showOrigin(counts), bySite: originsBySite(sums, context) },
    log: { position: context.log.position, losses: [...context.log.losses] },
    variants: { displaced: count("variants|displaced") },
    notStored: notStored(counts),
    journal: context.journal,
    access: accessFigures(count),
    auditLog: auditFigures(count, context),
    alerts: [],
  };
}

type NumberIn<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

const edgeRow = (edge: ShownEdge): EdgeRow => ({
  ...{ id: edge.id, region: edge.region, position: edge.position, knownAgeMs: edge.knownAgeMs },
  ...{ memoryBytes: edge.memoryBytes, state: edge.state, boot: edge.boot, reportedMs: edge.lastSeenMs },
});

function tierFigures(counts: Counts): CacheMetrics["tiers"] {
  const of = byKind(counts, "tier");
  const tier = (name: string): TierFigures => ({
    hits: of(`${name}|hits`),
    misses: of(`${name}|misses`),
    errors: of(`${name}|errors`),
  });
  return { l1Memory: tier("l1Memory"), l1Cache: tier("l1Cache"), l2: tier("l2"), origin: tier("origin") };
}

const accessFigures = (count: (name: string) => number): AccessFigures => ({
  noToken: count("access|no-token"),
  wrongToken: count("access|wrong-token"),
  signIn: count("access|sign-in"),
  heldUp: count("access|held-up"),
  forbidden: count("access|forbidden"),
  tooFast: count("access|too-fast"),
});

const auditFigures = (
  count: (name: string) => number,
  { lastBreachAt }: MetricsContext,
): CacheMetrics["auditLog"] => ({
  looks: count("auditChain|looks"),
  broken: count("auditChain|broken"),
  lastBreachAt: lastBreachAt === null ? null : new Date(lastBreachAt).toISOString(),
});

function notStored(counts: Counts): Record<string, number> {
  const of = byKind(counts, "notStored");
  const reasons = [...counts.keys()].flatMap((name) => {
    const [kind, , reason] = name.split("|");
    return kind === "notStored" && reason !== undefined ? [reason] : [];
  });
  return Object.fromEntries([...new Set(reasons)].sort().map((reason) => [reason, of(reason)]));
}

/** What Redis evicts by itself and what the budgets do; the classes' own bytes where Redis doesn't tell any. */
function withAccount(
  figures: ShardFigures,
  account: AccountOutcome | undefined,
): ShardFigures & Pick<ShardRow, "classes"> {
  if (account?.kind !== "account") return { ...figures, classes: null };
  const all = [...account.classes.values()];
  return {
    ...figures,
    memoryBytes: figures.memoryBytes ?? sum(all.map(({ bytes }) => bytes)),
    evictions: (figures.evictions ?? 0) + sum(all.map(({ evictions }) => evictions)),
    classes: Object.fromEntries(account.classes),
  };
}
