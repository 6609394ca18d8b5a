// Every benchmark by its name: a new one is a line here, and its tables in `bench/tables/tables.ts`.

import type { TraceOptions } from "./eviction.ts";
import type { LoadFlags } from "./load/flags.ts";

export interface BenchOptions {
  /** Less of everything, under a minute. */
  readonly quick: boolean;
  /** What `--only eviction` replays in place of its own. */
  readonly trace: TraceOptions | null;
  /** Through Redis rather than in memory. */
  readonly l2: boolean;
  /** What `--only load` runs. */
  readonly load: LoadFlags;
}

/** What a benchmark found: plain data under its own name. */
export interface Figures {
  readonly name: string;
  /** Alternating rounds that medians are of; left out where there is but one run. */
  readonly rounds?: number;
}

type Benchmark = (options: BenchOptions) => Promise<Figures>;

/** Loaded when they run, so that none of them costs another one anything. */
export const BENCHMARKS = {
  hit: async ({ quick }) => (await import("./hit.ts")).benchHit(quick),
  "hit-memory": async ({ quick }) => (await import("./hit.ts")).benchPart("hit-memory", quick),
  "hit-large": async ({ quick }) => (await import("./hit.ts")).benchPart("hit-large", quick),
  "hit-cache-api": async ({ quick }) => (await import("./hit.ts")).benchPart("hit-cache-api", quick),
  "hit-l2": async ({ quick }) => (await import("./hit.ts")).benchPart("hit-l2", quick),
  pass: async ({ quick }) => (await import("./hit.ts")).benchPart("pass", quick),
  miss: async ({ quick }) => (await import("./miss.ts")).benchMiss(quick),
  client: async ({ quick }) => (await import("./client/client.ts")).benchClient(quick),
  purge: async ({ quick }) => (await import("./purge.ts")).benchPurge(quick),
  policies: async ({ quick }) => (await import("./policies.ts")).benchPolicies(quick),
  refresh: async ({ quick }) => (await import("./refresh.ts")).benchRefresh(quick),
  outage: async ({ quick }) => (await import("./outage.ts")).benchOutage(quick),
  commands: async ({ quick }) => (await import("./commands.ts")).benchCommands(quick),
  metrics: async ({ quick }) => (await import("./metrics.ts")).benchMetrics(quick),
  sessions: async ({ quick }) => (await import("./sessions.ts")).benchSessions(quick),
  journal: async ({ quick }) => (await import("./journal.ts")).benchJournal(quick),
  crowd: async ({ quick }) => (await import("./crowd.ts")).benchCrowd(quick),
  stampede: async ({ quick }) => (await import("./stampede.ts")).benchStampede(quick),
  growth: async ({ quick }) => (await import("./growth/growth.ts")).benchGrowth(quick),
  warmup: async ({ quick }) => (await import("./warmup.ts")).benchWarmup(quick),
  scaling: async ({ quick }) => (await import("./scaling.ts")).benchScaling(quick),
  large: async ({ quick }) => (await import("./large.ts")).benchLarge(quick),
  "hot-class": async ({ quick }) => (await import("./hot-class.ts")).benchHotClass(quick),
  load: async ({ load }) => (await import("./load/load.ts")).benchLoad(load),
  eviction: async ({ quick, trace, l2 }) =>
    l2
      ? (await import("./eviction-l2.ts")).benchEvictionL2(quick, trace)
      : (await import("./eviction.ts")).benchEviction(quick, trace),
} as const satisfies Readonly<Record<string, Benchmark>>;

/** They print what they found as text: their figures are for a file. */
export const TELL_THEMSELVES: ReadonlySet<string> = new Set(["load", "hot-class"]);

export type BenchmarkName = keyof typeof BENCHMARKS;

/** Parts of `hit`, for whoever wants one of them alone. */
export const PARTS: readonly BenchmarkName[] = ["hit-memory", "hit-large", "hit-cache-api", "hit-l2", "pass"];

export const isBenchmark = (text: string): text is BenchmarkName => Object.hasOwn(BENCHMARKS, text);
