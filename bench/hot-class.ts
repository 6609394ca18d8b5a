// The hot class for ten minutes: popular keys, purges by popularity, an edge killed and a shard flushed; hits, stale answers and errors by the outside checker.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../dev/cluster.ts";
import type { FigureClaim } from "./claim.ts";
import { printReport, printSecond } from "./load/print.ts";
import {
  type CheckedLoad,
  createOutsideChecker,
  type LoadPlan,
  type OutsideChecker,
} from "./outside/checker.ts";
import { invalidateAt, startCheckedOrigin } from "./outside/content-origin.ts";
import { type Databases, startDatabases } from "./outside/databases.ts";
import { zipfRanks } from "./outside/pick.ts";
import { isWhole, type LoadReport } from "./outside/run.ts";
import { startSystem, untilServing } from "./outside/start-system.ts";
import type { Second } from "./outside/tally.ts";

export interface HotClassResult {
  readonly name: "hot-class";
  readonly edges: number;
  readonly shards: number;
  readonly keys: number;
  readonly zipf: number;
  readonly requestsPerSecond: number;
  readonly purgesPerSecond: number;
  /** Of the policy: the class's own is 60 s. */
  readonly ttlSeconds: number;
  /** Every key is asked for twice, and then by popularity for so long, before anything counts. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Of the run. */
  readonly edgeKilledAtSecond: number;
  readonly shardFlushedAtSecond: number;
  readonly claims: readonly FigureClaim[];
  readonly met: boolean;
  readonly report: LoadReport;
  /** A number a second. */
  readonly perSecond: {
    readonly hitRatio: readonly number[];
    readonly originRequests: readonly number[];
    readonly errors: readonly number[];
    readonly p99Ms: readonly number[];
  };
}

const EDGES = 3;
const SHARDS = 4;
const S = 0.99;
const PER_SECOND = 300;
/** Each costs the origin a request and two databases a write: slower than what is measured. */
const FILLED_PER_SECOND = 100;
const PURGES_PER_SECOND = 1;
const WINDOW_MS = 5000;
const EPSILON_MS = 200;
const DEADLINE_MS = 10_000;
const LEAST_HITS = 0.99;
const SEED = 9;
const HOST = "hot.test";
/**
 * Content that is purged when it changes needs no short life: with the class's own minute, a fifteenth of all requests
 * would be for keys that are asked for once in several lives, and no cache could have them.
 */
const TTL_S = 3600;
const POLICY = { id: "hot", key_pattern: "/hot/*", class: "hot", ttl: TTL_S, ttl_mode: "override" };
/** The class's own: `stale-while-revalidate`, and `stale-if-error` where the origin can't be had. */
const STALE = { staleMs: 30_000, staleIfErrorMs: 600_000 };
const KILLED_EDGE = 1;
/** Not `control`, which holds the log. */
const FLUSHED_SHARD = 2;

const SIZES = {
  full: { keys: 10_000, seconds: 600, warmUpSeconds: 30 },
  quick: { keys: 1000, seconds: 30, warmUpSeconds: 5 },
} as const;
type Size = (typeof SIZES)[keyof typeof SIZES];

export async function benchHotClass(quick: boolean): Promise<HotClassResult> {
  const size = quick ? SIZES.quick : SIZES.full;
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const databases = await startDatabases(dir, SHARDS);
    stops.push(() => databases.stop());
    let plane = { control: "", token: "" };
    const checker = createOutsideChecker({
      ...{ host: HOST, epsilonMs: EPSILON_MS, groups: [GROUP] },
      invalidate: (named, mode) => invalidateAt(plane)(named, mode),
    });
    const origin = await startCheckedOrigin(checker);
    stops.push(() => origin.close());
    const cluster = await startSystem({
      ...{ dir, origin: origin.server, edges: EDGES, policies: [POLICY] },
      redis: { kind: "urls", urls: databases.urls },
    });
    stops.push(() => cluster.stop());
    plane = cluster;
    await untilServing(cluster, SHARDS);
    return await measure({ checker, cluster, databases, size });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const GROUP = {
  ...{ below: "/hot/", class: "hot", tags: [], headers: { "cache-control": "max-age=60" }, octets: 1024 },
  ...{ boundMs: WINDOW_MS, freshMs: TTL_S * 1000, ...STALE },
};

interface Stage {
  readonly checker: OutsideChecker;
  readonly cluster: Cluster;
  readonly databases: Databases;
  readonly size: Size;
}

async function measure(stage: Stage): Promise<HotClassResult> {
  const { checker, cluster, databases, size } = stage;
  await warmUp(stage);
  const load = checker.start({
    ...planFor(stage, SEED),
    purges: { perSecond: PURGES_PER_SECOND, pathOf: popular(size.keys, SEED + 1) },
  });
  const at = { kill: Math.round(size.seconds / 3), flush: Math.round((2 * size.seconds) / 3) };
  await until(load, { from: 0, to: at.kill });
  const pid = cluster.edges[KILLED_EDGE]?.pid();
  if (pid === undefined || pid === null) throw new Error("the edge to be killed does not run");
  process.kill(pid, "SIGKILL");
  console.log(`${at.kill} s: edge-${KILLED_EDGE + 1} is killed`);
  await until(load, { from: at.kill, to: at.flush });
  await databases.flush(FLUSHED_SHARD);
  console.log(`${at.flush} s: shard-${FLUSHED_SHARD + 1} is flushed`);
  await until(load, { from: at.flush, to: size.seconds });
  const report = await load.stop();
  const claims = claimsOf(report);
  for (const line of printReport(report, true)) console.log(line);
  for (const { claim, holds } of claims) console.log(`${holds ? "holds" : "FAILS"}: ${claim}`);
  return {
    ...{ name: "hot-class", edges: EDGES, shards: SHARDS, keys: size.keys, zipf: S },
    ...{ requestsPerSecond: PER_SECOND, purgesPerSecond: PURGES_PER_SECOND, ttlSeconds: TTL_S },
    ...{ warmUpSeconds: size.warmUpSeconds, seconds: size.seconds },
    ...{ edgeKilledAtSecond: at.kill, shardFlushedAtSecond: at.flush },
    ...{ claims, met: claims.every(({ holds }) => holds), report },
    perSecond: columnsOf(load.seconds()),
  };
}

const columnsOf = (seconds: readonly Second[]): HotClassResult["perSecond"] => ({
  hitRatio: seconds.map(({ hitRatio }) => Math.round(1000 * hitRatio) / 1000),
  originRequests: seconds.map(({ originRequests }) => originRequests),
  errors: seconds.map(({ errors }) => errors),
  p99Ms: seconds.map(({ latencyMs }) => Math.round(latencyMs?.p99 ?? 0)),
});

/** Every key once, at one edge after the other; once more, each at the next edge; and then as later. */
async function warmUp(stage: Stage): Promise<void> {
  const { cluster, size } = stage;
  const passesOver = [
    { perSecond: FILLED_PER_SECOND, from: 0 },
    // What Redis could not take the first time, on a busy machine, is missing there and found so by another edge.
    { perSecond: PER_SECOND, from: 1 },
  ];
  const seconds = passesOver.map(({ perSecond }) => Math.ceil(size.keys / perSecond));
  const whole = seconds.reduce((sum, one) => sum + one, 0) + size.warmUpSeconds;
  console.log(`warming up for ${whole} s, not counted`);
  for (const [at, { perSecond, from }] of passesOver.entries()) {
    const pathOf = (number: number): string => `/hot/${(number + from) % size.keys}`;
    await loadFor(stage, { ...planFor(stage, 0), perSecond, pathOf }, seconds[at] ?? 0);
    // Where the machine was too busy for a database to answer in time, it warms up anew.
    await untilServing(cluster, SHARDS);
  }
  await loadFor(stage, planFor(stage, SEED + 2), size.warmUpSeconds);
}

async function loadFor({ checker }: Stage, plan: LoadPlan, seconds: number): Promise<void> {
  const load = checker.start(plan);
  await passes(seconds);
  await load.stop();
}

const planFor = ({ cluster, size }: Stage, seed: number): LoadPlan => ({
  ...{ edges: cluster.edges, perSecond: PER_SECOND, deadlineMs: DEADLINE_MS, failOver: true },
  pathOf: popular(size.keys, seed),
});

function popular(keys: number, seed: number): (number: number) => string {
  const rankOf = zipfRanks({ count: keys, s: S, seed });
  return (number) => `/hot/${rankOf(number)}`;
}

/** Where the client itself was late or sent less than was due, or no purge was binding on any answer, nothing is shown. */
export function claimsOf(report: Pick<LoadReport, "all" | "violations" | "bound" | "client">): FigureClaim[] {
  const { all, violations, bound } = report;
  const whole = isWhole(report);
  return [
    {
      claim: `at least ${100 * LEAST_HITS} % of requests are hits`,
      ...{ measured: all.hitRatio, holds: whole && all.hitRatio >= LEAST_HITS },
    },
    {
      claim: `no stale answer beyond Δ + ${EPSILON_MS} ms`,
      ...{ measured: violations.count, holds: whole && bound > 0 && violations.count === 0 },
    },
    { claim: "no client error", measured: all.errors, holds: whole && all.errors === 0 },
  ];
}

const TOLD_EVERY_S = 20;

async function until(load: CheckedLoad, { from, to }: { from: number; to: number }): Promise<void> {
  for (let passed = from; passed < to; passed += TOLD_EVERY_S) {
    await passes(Math.min(TOLD_EVERY_S, to - passed));
    const last = load.seconds().at(-2);
    if (last !== undefined) console.log(printSecond(last, true));
  }
}

const passes = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
