// Figures against a real redis-server: by site, as points of time, and what the lives of edges that are over took with them.
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { noteFigures } from "../../control-plane/metrics/note-figures.ts";
import { readSeries } from "../../control-plane/metrics/series.ts";
import { minutes } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { systemClock } from "../../shared/runtime/system.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import {
  type FakeEdge,
  lookWell,
  SITES,
  startFakeEdge,
  startPlane,
  type TestPlane,
} from "./control-harness.ts";

let rest: ServerFixture;
let edge: FakeEdge;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());
beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  edge = await startFakeEdge("one");
  plane = await startPlane(rest, { SITES, EDGES: [{ id: edge.id, url: edge.url }] }, fromAStepOn());
});
afterEach(async () => {
  await plane.settled();
  await edge.stop();
});

/** The shortest steps take ten seconds, and longer ones begin with one of them: no test sees the next one begin. */
function fromAStepOn(): Clock {
  const into = Date.now() % 10_000;
  return systemClock(() => Date.now() - into);
}

const COUNTED = {
  "requests|default|hot|hit|l1Memory": 6,
  "requests|default|hot|miss|origin": 2,
  "requests|shop|hot|hit|l2": 1,
  "requests|shop|standard|error|none": 3,
  "requests|-|-|refused|none": 5,
  "asked|default|hot|miss": 2,
  "asked|shop|standard|pass": 4,
  "took|default|hot|0": 6,
  "took|default|hot|20": 2,
  "tier|shop|hot|l2|hits": 1,
  "shed|shop|standard|rate": 3,
  "leaseWaits|default|hot": 7,
  "notStored|shop|hot|no-store": 8,
  "gauge|originConcurrencyMax": 9,
};

const shown = async (path: string) => (await plane.call(path)).json;

test("figures are those of all sites, or of the one that is asked for", async () => {
  edge.counters = COUNTED;
  const all = await shown("/cache-metrics");
  expect(all.classes.hot).toMatchObject({
    ...{ requests: 9, hits: 7, misses: 2, originBy: { miss: 2 }, leaseWaits: 7 },
    answeredBy: { l1Memory: { hit: 6 }, l2: { hit: 1 }, origin: { miss: 2 } },
  });
  expect(all.classes["-"]).toMatchObject({ requests: 5, refused: 5 });
  const shop = await shown("/cache-metrics?site=shop");
  expect(shop.classes).toMatchObject({
    hot: { requests: 1, hits: 1 },
    standard: { requests: 3, errors: 3, originFetches: 4 },
  });
  expect(Object.keys(shop.classes)).toEqual(["hot", "standard"]);
  expect(shop).toMatchObject({
    tiers: { l2: { hits: 1 } },
    origin: { shed: { rate: 3 } },
    notStored: { "no-store": 8 },
    stampede: { leaseWaits: 0 },
  });
  expect((await plane.call("/cache-metrics?site=nobody")).status).toBe(400);
});

/** The last point in which somebody said something: the next one may have begun since. */
// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by tests field by field
const lastTold = (points: readonly any[]): any => points.findLast(({ reports }) => reports > 0);

test("a series tells gaps, in which nobody said anything, from idleness", async () => {
  edge.counters = {};
  await collectStatus(plane.plane);
  const idle = (await shown("/cache-metrics/series?window=1m")).points;
  expect(lastTold(idle)).toMatchObject({ reports: 1, requests: 0, hitRatio: null, p99Ms: null });
  expect(idle[0]).toMatchObject({ reports: 0, requests: 0, journalPending: null });
});

test("a series tells what each shard was asked for, of the sixteen that were asked most", async () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`shard|s${at}|hits`, 100 - at]));
  edge.counters = { ...many, "shard|s0|misses": 3, "shard|s0|errors": 2, "shard|s0|calls": 9 };
  await collectStatus(plane.plane);
  const point = lastTold((await shown("/cache-metrics/series?window=1m")).points);
  expect(point.shards.s0).toEqual({ hits: 100, misses: 3, errors: 2 });
  expect(point.shards.s15).toEqual({ hits: 85, misses: 0, errors: 0 });
  expect(Object.keys(point.shards)).toHaveLength(16);
});

test("who was turned away is counted by why, in one call of Redis however many there were", async () => {
  plane = await startPlane(rest, { SITES, EDGES: [], ADDRESS_HEADER: "cf-connecting-ip" });
  const wrong = { authorization: "Bearer nobody's", "cf-connecting-ip": "192.0.2.1" };
  const counting = vi.spyOn(plane.plane.metrics, "countAll");
  for (let at = 0; at < 30; at++) await plane.ask("/edges", { headers: wrong });
  await plane.ask("/edges");
  const made = await plane.call("/tokens", { name: "reader", scopes: ["read"] });
  await plane.ask("/tokens", { headers: { authorization: `Bearer ${made.json.token}` } });
  await plane.settled();
  expect(counting).toHaveBeenCalledTimes(1);
  const { access } = await shown("/cache-metrics");
  const { burst } = LIMITS.wrongTokens;
  expect(access).toEqual({
    ...{ noToken: 1, wrongToken: burst, heldUp: 30 - burst, signIn: 0, forbidden: 1, tooFast: 0 },
  });
  const { text } = await plane.call("/metrics");
  expect(text).toContain(`tidegate_access_refused_total{reason="wrong-token"} ${burst}\n`);
  expect(text).toContain(`tidegate_access_refused_total{reason="held-up"} ${30 - burst}\n`);
});

test("a series has each step's figures in its point, oldest first", async () => {
  edge.counters = COUNTED;
  await collectStatus(plane.plane);
  await lookWell(plane);
  expect(await noteFigures(plane.plane)).toEqual({ kind: "done" });
  const { points, stepSeconds } = await shown("/cache-metrics/series?window=2h");
  expect(stepSeconds).toBe(60);
  expect(points).toHaveLength(121);
  expect([...points].sort((a, b) => (a.at < b.at ? -1 : 1))).toEqual(points);
  expect(lastTold(points)).toMatchObject({
    ...{ requests: 17, hits: 7, misses: 2, errors: 3, refused: 5, hitRatio: 7 / 17 },
    classes: { hot: { requests: 9, hits: 7, hitRatio: 7 / 9 } },
    tiers: { l1Memory: 6, l1Cache: 0, l2: 1, origin: 2 },
    ...{ originFetches: 6, originConcurrencyMax: 9, leaseWaits: 7, shed: 3, p50Ms: 1, p99Ms: 26 },
    ...{ journalPending: 0, memoryBytes: expect.any(Number) },
  });
  const shop = lastTold((await shown("/cache-metrics/series?window=2h&site=shop")).points);
  expect(shop).toMatchObject({ requests: 4, hits: 1, shed: 3, leaseWaits: 0 });
});

test("what is over is read once, and what a late report adds to the present step is seen", async () => {
  await collectStatus(plane.plane);
  const window = minutes(20);
  expect((await readSeries(plane.plane, window, null)).kind).toBe("series");
  const settled = plane.plane.settledSteps.size;
  expect(settled).toBeGreaterThan(100);
  edge.counters = COUNTED;
  await collectStatus(plane.plane);
  const again = await readSeries(plane.plane, window, null);
  expect(again.kind === "series" && lastTold(again.series.points)?.requests).toBe(17);
});

test("a life that ended says what it may have taken with it: all since its last report until the next began", async () => {
  const told = async () => {
    await collectStatus(plane.plane);
    return (await shown("/cache-metrics")).lost;
  };
  expect(await told()).toEqual({ lives: 0, upToMs: 0 });
  edge.boot = "second";
  await collectStatus(plane.plane);
  const { lost, edges } = await shown("/cache-metrics");
  expect(edges).toMatchObject([{ id: "one", boot: "second", reportedMs: expect.any(Number) }]);
  expect(lost.lives).toBe(1);
  expect(lost.upToMs).toBeGreaterThanOrEqual(0);
  expect(lost.upToMs).toBeLessThan(5000);
  edge.boot = "third";
  edge.aliveMs = 3_600_000;
  expect(await told()).toEqual({ lives: 2, upToMs: lost.upToMs });
});

describe("GET /metrics", () => {
  const scraped = async () => {
    const { headers, text } = await plane.call("/metrics");
    return { type: headers.get("content-type"), text };
  };

  test("passes promtool's check, with every family of figures in it", async () => {
    edge.counters = { ...COUNTED, "audit|hot|l2|violations": 1, "shard|control|hits": 4 };
    await lookWell(plane);
    await collectStatus(plane.plane);
    expect(await noteFigures(plane.plane)).toEqual({ kind: "done" });
    const { type, text } = await scraped();
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })).toBe("");
    for (const line of [
      'tidegate_requests_total{site="default",class="hot",result="hit",tier="l1Memory"} 6',
      'tidegate_tier_lookups_total{site="shop",class="hot",tier="l2",outcome="hit"} 1',
      'tidegate_request_duration_seconds_bucket{site="default",class="hot",le="0.016"} 6',
      'tidegate_request_duration_seconds_bucket{site="default",class="hot",le="0.032"} 8',
      'tidegate_request_duration_seconds_count{site="default",class="hot"} 8',
      'tidegate_auditor_violations_total{class="hot",tier="l2"} 1',
      'tidegate_edge_up{edge="one"} 1',
      "tidegate_edges_reporting 1",
      "tidegate_journal_pending_operations 0",
      'tidegate_shard_state{shard="control",state="serving"} 1',
    ])
      expect(text.split("\n")).toContain(line);
  });

  test("counters never fall when an edge begins anew", async () => {
    const hits = async () => {
      await collectStatus(plane.plane);
      return /result="hit",tier="l2"\} (\d+)/.exec((await scraped()).text)?.[1];
    };
    edge.counters = { "requests|default|hot|hit|l2": 10 };
    expect(await hits()).toBe("10");
    edge.boot = "second";
    edge.counters = { "requests|default|hot|hit|l2": 1 };
    expect(await hits()).toBe("11");
  });

  test("is for whoever may read", async () => {
    expect((await plane.call("/metrics", undefined, { authorization: "" })).status).toBe(401);
  });
});
