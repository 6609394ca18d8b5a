// The hot class for ten minutes: popular keys, purges by popularity, an edge killed and a shard flushed; hits, stale answers and errors by the outside checker.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../dev/cluster.ts";
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
import type { LoadReport } from "./outside/run.ts";
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
  /** Every key is asked for once, and then by popularity for so long, before anything counts. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Of the run. */
  readonly edgeKilledAtSecond: number;
  readonly shardFlushedAtSecond: number;
  readonly claims: readonly Claim[];
  readonly met: boolean;
  readonly report: LoadReport;
  readonly timeline: readonly Second[];
}

export interface Claim {
  readonly claim: string;
  readonly measured: number;
  readonly holds: boolean;
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
/** `stale-if-error` of the class is the longest window that can apply. */
const STALE_MS = 600_000;
const KILLED_EDGE = 1;
/** Not `control`, which holds the log. */
const FLUSHED_SHARD = 2;

const SIZES = {
  full: { keys: 10_000, seconds: 600, warmUpSeconds: 60 },
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
  ...{ boundMs: WINDOW_MS, freshMs: TTL_S * 1000, staleMs: STALE_MS },
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
  for (const line of printReport(report, true)) console.log(line);
  const claims = claimsOf(report);
  return {
    ...{ name: "hot-class", edges: EDGES, shards: SHARDS, keys: size.keys, zipf: S },
    ...{ requestsPerSecond: PER_SECOND, purgesPerSecond: PURGES_PER_SECOND, ttlSeconds: TTL_S },
    ...{ warmUpSeconds: size.warmUpSeconds, seconds: size.seconds },
    ...{ edgeKilledAtSecond: at.kill, shardFlushedAtSecond: at.flush },
    ...{ claims, met: claims.every(({ holds }) => holds), report, timeline: load.seconds() },
  };
}

/** Every key once, at one edge after the other, and then as later. */
async function warmUp(stage: Stage): Promise<void> {
  const { checker, cluster, size } = stage;
  const seconds = Math.ceil(size.keys / FILLED_PER_SECOND);
  console.log(`warming up for ${seconds + size.warmUpSeconds} s, not counted`);
  const pathOf = (number: number): string => `/hot/${number % size.keys}`;
  const filling = checker.start({ ...planFor(stage, 0), perSecond: FILLED_PER_SECOND, pathOf });
  await passes(seconds);
  await filling.stop();
  // Where the machine was too busy for a database to answer in time, it warms up anew.
  await untilServing(cluster, SHARDS);
  const warming = checker.start(planFor(stage, SEED + 2));
  await passes(size.warmUpSeconds);
  await warming.stop();
}

const planFor = ({ cluster, size }: Stage, seed: number): LoadPlan => ({
  ...{ edges: cluster.edges, perSecond: PER_SECOND, deadlineMs: DEADLINE_MS, failOver: true },
  pathOf: popular(size.keys, seed),
});

function popular(keys: number, seed: number): (number: number) => string {
  const rankOf = zipfRanks({ count: keys, s: S, seed });
  return (number) => `/hot/${rankOf(number)}`;
}

export function claimsOf({ all, violations }: Pick<LoadReport, "all" | "violations">): Claim[] {
  return [
    {
      claim: `at least ${100 * LEAST_HITS} % of requests are hits`,
      ...{ measured: all.hitRatio, holds: all.hitRatio >= LEAST_HITS },
    },
    {
      claim: `no stale answer beyond Δ + ${EPSILON_MS} ms`,
      ...{ measured: violations.count, holds: violations.count === 0 },
    },
    { claim: "no client error", measured: all.errors, holds: all.errors === 0 },
  ];
}

const TOLD_EVERY_S = 20;

async function until(load: CheckedLoad, { from, to }: { from: number; to: number }): Promise<void> {
  for (let passed = from; passed < to; passed += TOLD_EVERY_S) {
    await passes(Math.min(TOLD_EVERY_S, to - passed));
    const last = load.seconds().at(-2);
    if (last !== undefined) console.log(printSecond(last));
  }
}

const passes = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
