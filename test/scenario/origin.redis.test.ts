// An origin behind its budget, with real processes: a storm of misses, its death, a black hole before Redis, and its slowness.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type FaultyCluster, SITE_HOST, startTestCluster } from "../support/cluster.ts";
import { ask, type Got, until } from "../support/http.ts";
import { counted, undisturbed } from "../support/undisturbed.ts";

/** Low enough that a busy machine has more misses to offer. */
const RATE = 12;
const BURST = 12;
const SLOTS = 16;
const EDGES = 2;
const ALL = [0, 1];

let cluster: FaultyCluster;
/** When each request reached the origin, by a clock that never runs back. */
const arrivals: number[] = [];

beforeAll(async () => {
  cluster = await startTestCluster({
    edges: EDGES,
    faults: true,
    protection: { rate: RATE, burst: BURST, concurrency: SLOTS },
    policies: [{ key_pattern: "/kept/*", class: "standard", stale_if_error: "10m" }],
  });
  cluster.site.setBelow("/storm/", () => {
    arrivals.push(performance.now());
    return { headers: { "cache-control": "max-age=600" }, body: "fine" };
  });
  cluster.site.setBelow("/kept/", () => ({ headers: { "cache-control": "max-age=1" }, body: "kept" }));
  for (const edge of ALL)
    await until(
      () => cluster.get(edge, "/kept/ready"),
      (got) => got.status === 200,
      { withinMs: 20_000 },
    );
}, 90_000);
afterAll(() => cluster?.stop());

/** So many different URLs at all edges, this many at a time. */
async function storm(name: string, given: { count: number; atOnce: number }): Promise<Got[]> {
  const got: Got[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let mine = next++; mine < given.count; mine = next++)
      got.push(await cluster.get(mine % EDGES, `/storm/${name}/${mine}`));
  };
  await Promise.all(Array.from({ length: given.atOnce }, worker));
  return got;
}

/**
 * The most that had arrived beyond a full bucket and what came into it since. However long what was let go stands still
 * on its way to the origin, that makes it no more by any instant.
 */
const overdraft = (since: number): number =>
  arrivals.reduce(
    (worst, at, before) => Math.max(worst, before + 1 - BURST - ((at - since) * RATE) / 1000),
    0,
  );

/** The clock that fills the bucket is another process', and whole milliseconds. */
const ROUNDED = 0.5;

/** Tokens that an edge took from its own share, because the bucket of all did not answer. */
const ownTokens = (): Promise<number> => counted(cluster, /^origin\|share$/);

/** What came too early of a storm of misses. */
async function overdraftOfStorm(round: number): Promise<number> {
  arrivals.length = 0;
  const before = await ownTokens();
  const since = performance.now();
  const got = await storm(`a${round}`, { count: 300, atOnce: 24 });
  const turnedAway = got.filter(({ status }) => status === 503);
  expect(new Set(got.map(({ status }) => status))).toEqual(new Set([200, 503]));
  for (const { headers, text, cacheStatus } of turnedAway) {
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(JSON.parse(text).code).toBe("origin-protected");
    expect(cacheStatus).toContain("detail=shed");
  }
  expect(got.length - turnedAway.length).toBe(arrivals.length);
  // Later rounds find what the one before has left.
  if (round === 1) expect(arrivals.length).toBeGreaterThanOrEqual(BURST);
  expect(overdraft(since)).toBeLessThan(ROUNDED + (await ownTokens()) - before);
  return overdraft(since);
}

test("a storm of misses reaches it no faster than its bucket fills, and the rest is told when to come again", async () => {
  expect(await undisturbed(cluster, overdraftOfStorm)).toBeLessThan(ROUNDED);
}, 60_000);

test("with Redis a black hole, all edges together ask for no more than the sum of their shares", async () => {
  for (const edge of ALL) cluster.links.edgeToRedis(edge).set({ kind: "black-hole" });
  await storm("spent", { count: 30, atOnce: 6 });
  arrivals.length = 0;
  const since = performance.now();
  const got = await storm("b", { count: 200, atOnce: 12 });
  expect(got.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  expect(arrivals.length).toBeGreaterThan(0);
  // Each edge's part of the rate, and of the burst.
  expect(overdraft(since)).toBeLessThan(ROUNDED);
  cluster.links.heal();
  await until(
    () => cluster.get(0, "/storm/back/again"),
    (back) => back.status === 200,
    { withinMs: 20_000, everyMs: 200 },
  );
}, 90_000);

test("dead, it is left alone: what is stale stands in where that was declared, else 503 says when to come again", async () => {
  expect((await cluster.get(0, "/kept/one")).status).toBe(200);
  cluster.links.edgeToOrigin(0).set({ kind: "cut" });
  const code = async (n: number): Promise<string> => {
    const got = await cluster.get(0, `/storm/dead/${n}`);
    return got.status === 200 ? "answered" : JSON.parse(got.text).code;
  };
  const codes: string[] = [];
  for (let n = 0; n < 40 && codes.at(-1) !== "origin-protected"; n++) codes.push(await code(n));
  expect(codes[0]).toBe("origin-unreachable");
  expect(codes.at(-1)).toBe("origin-protected");
  // Now and then one is sent, to see whether it is well again.
  const refused = await until(
    () => cluster.get(0, "/storm/dead/more"),
    ({ status }) => status === 503,
    { withinMs: 5000 },
  );
  expect([JSON.parse(refused.text).code, Number(refused.headers["retry-after"])]).toEqual([
    "origin-protected",
    1,
  ]);
  const kept = await until(
    () => cluster.get(0, "/kept/one"),
    (got) => /detail=(stale|shed)/.test(got.cacheStatus),
    { withinMs: 5000 },
  );
  expect([kept.status, kept.text]).toEqual([200, "kept"]);
  cluster.links.heal();
  await until(
    () => cluster.get(0, "/storm/dead/alive"),
    (got) => got.status === 200,
    { withinMs: 10_000, everyMs: 100 },
  );
}, 60_000);

/** Writes at once through one edge: no token is asked for them, only slots. */
function writes(count: number): Promise<Got[]> {
  const url = `${cluster.edges[1]?.url}/written`;
  const write = () => ask(url, { method: "POST", headers: { host: SITE_HOST }, body: "x" });
  return Promise.all(Array.from({ length: count }, write));
}

const shedOf = (got: readonly Got[]): number =>
  got.filter(({ cacheStatus }) => /detail=shed/.test(cacheStatus)).length;

/** Waves of writes until so many of one are turned away as are wanted. */
const wavesUntil = (wanted: (shed: number) => boolean): Promise<number> =>
  until(async () => shedOf(await writes(2 * SLOTS)), wanted, { withinMs: 30_000 });

test("slow, it gets fewer at once and the rest is turned away early; well again, it gets as many as ever", async () => {
  cluster.site.set("/written", { status: 204, body: "" });
  for (let wave = 0; wave < 5; wave++) expect(shedOf(await writes(2 * SLOTS))).toBe(0);
  cluster.links.edgeToOrigin(1).set({ kind: "delay", requestsMs: 0, repliesMs: 1500 });
  // All slots would serve them all: two rounds, of which the second begins within everybody's patience.
  await wavesUntil((shed) => shed >= SLOTS / 2);
  cluster.links.heal();
  await wavesUntil((shed) => shed === 0);
  const { json } = await cluster.call("GET", "/cache-metrics?window=60s");
  expect(json.origin.shed.queue).toBeGreaterThanOrEqual(SLOTS / 2);
  expect(json.origin.granted).toBeGreaterThan(0);
  expect(json.origin.grantedLocally).toBeGreaterThan(0);
}, 90_000);
