// Hot keys in the control plane: merged once, shown, told to edges, warmed on request and for whoever comes anew.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Attention } from "../../control-plane/edges/attention.ts";
import { collectStatus, type Round } from "../../control-plane/edges/collect.ts";
import { Newcomers } from "../../control-plane/hot/newcomers.ts";
import { rebuild } from "../../control-plane/hot/rebuild.ts";
import { Refill } from "../../control-plane/hot/refill.ts";
import { advanceWarmups } from "../../control-plane/warmup/advance.ts";
import type { ShardMap, ShardState } from "../../shared/core/shard-map.ts";
import { millis } from "../../shared/core/units.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { HotCount } from "../../shared/wire/hot.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

let rest: ServerFixture;
let edges: FakeEdge[];
let plane: TestPlane;
let newcomers: Newcomers;

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());
beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  edges = await Promise.all(["one", "two"].map(startFakeEdge));
  plane = await startPlane(rest, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })) });
  newcomers = new Newcomers();
});
afterEach(() => Promise.all(edges.map((edge) => edge.stop())));

const edge = (index: number): FakeEdge => {
  const found = edges[index];
  if (found === undefined) throw new Error(`there is no edge ${index}`);
  return found;
};
const counts = (...requests: number[]): HotCount[] =>
  requests.map((count, n) => {
    const key = { site: "default", class: n % 2 === 0 ? "hot" : "standard", headers: [] };
    return { ...key, url: `http://origin.test/${n}`, requests: count, renewal: null };
  });

async function beat(): Promise<void> {
  const round: Round = {
    ...{ attention: new Attention(), newcomers, grace: millis(900) },
    ...{ background: UNKEPT, whole: true },
  };
  expect(await collectStatus(plane.plane, round)).toMatchObject({ kind: "done" });
  expect(await rebuild(plane.plane, newcomers)).toEqual({ kind: "done" });
}
const metrics = async () => (await plane.call("/cache-metrics?window=60s")).json;

/** Until nothing is left to warm. */
async function warmAll(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await advanceWarmups(plane.plane, new Map());
    const open = await plane.plane.warmups.open(9);
    if (open.kind === "open" && open.ids.length === 0) return;
  }
  throw new Error("it does not end");
}

describe("what edges have counted", () => {
  test("is shown without what opens something, and kept as it was asked for", async () => {
    const [key] = counts(900);
    if (key === undefined) throw new Error("one was counted");
    const url = "http://origin.test/f?X-Amz-Signature=5ec2e7&n=1";
    const headers: [string, string][] = [
      ["cookie", "session=5ec2e7; tab=1"],
      ["x-api-key", "5ec2e7"],
      ["accept-language", "de"],
    ];
    edge(0).hot = { number: 1, total: 1000, keys: [{ ...key, url, headers }] };
    await beat();
    const { hotKeys } = await metrics();
    expect(hotKeys).toMatchObject([
      {
        ...{ url: "http://origin.test/f?X-Amz-Signature=***&n=1", masked: true },
        headers: { cookie: "session=***; tab=1", "x-api-key": "***", "accept-language": "de" },
      },
    ]);
    expect(JSON.stringify(hotKeys)).not.toContain("5ec2e7");
    expect(await plane.plane.hotKeys.read(1)).toMatchObject({ keys: [{ key: { url, headers } }] });
  });

  test("is shown, the hottest first, by its share and rate, and told to all edges once it is hot", async () => {
    edge(0).hot = { number: 1, total: 1000, keys: counts(900, 90, 4) };
    await beat();
    await beat();
    expect(edge(1).called?.hot.keys).toEqual([{ url: "http://origin.test/0", headers: [] }]);
    const { hotKeys } = await metrics();
    expect(hotKeys).toMatchObject([
      { site: "default", class: "hot", url: "http://origin.test/0", headers: {}, hot: true },
      { class: "standard", url: "http://origin.test/1", hot: false },
      { class: "hot", url: "http://origin.test/2", hot: false },
    ]);
    expect(hotKeys[0].share).toBeCloseTo(0.9, 2);
    expect(hotKeys[0].requestsPerSecond).toBeGreaterThan(50);
  });

  test("counts once, however often it is told, and whoever asks", async () => {
    edge(0).hot = { number: 1, total: 500, keys: counts(500) };
    await beat();
    const before = (await metrics()).hotKeys[0].requestsPerSecond;
    expect(edge(0).called?.hot).toEqual({ counted: { boot: "boot-of-one", number: 1 }, keys: null });
    const restarted = await startPlane(rest, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })) });
    await collectStatus(restarted.plane);
    await beat();
    expect((await metrics()).hotKeys[0].requestsPerSecond).toBeLessThanOrEqual(before);
  });

  test.each<[string, unknown]>([
    ["a URL that is none", { ...counts(5)[0], url: "javascript:alert(1)" }],
    ["a URL with a line end", { ...counts(5)[0], url: "http://origin.test/a\nx: y" }],
    ["a header with a line end", { ...counts(5)[0], headers: [["accept", "a\r\nhost: b"]] }],
    ["a header that is no name", { ...counts(5)[0], headers: [["Ac cept", "a"]] }],
    ["a class with a bar", { ...counts(5)[0], class: "a|b" }],
    ["no number", { ...counts(5)[0], requests: "9" }],
    ["less than nothing", { ...counts(5)[0], requests: -1 }],
    ["an endless URL", { ...counts(5)[0], url: `http://origin.test/${"x".repeat(3000)}` }],
  ])("%s keeps the batch out, and costs no figure beside it", async (_what, key) => {
    edge(0).counters = { "requests|default|hot|hit|l2": 7 };
    edge(0).hot = { number: 1, total: 10, keys: [...counts(5), key as HotCount] };
    edge(1).hot = { number: 1, total: 10, keys: counts(10) };
    await beat();
    const { hotKeys, classes } = await metrics();
    expect(classes.hot.hits).toBe(7);
    expect(hotKeys).toMatchObject([{ url: "http://origin.test/0", share: 1 }]);
  });
});

describe("a warm-up of what is hot", () => {
  beforeEach(async () => {
    await beat();
    const german = { ...counts(300)[0], headers: [["accept-language", "de"]] } as HotCount;
    const others = [
      { ...german, site: "shop", url: "http://shop.test/s", headers: [] },
      { ...german, url: "http://solo.test/of-another-site", headers: [] },
    ];
    edge(0).hot = { number: 1, total: 2000, keys: [...counts(500, 400, 200), german, ...others] };
    await beat();
  });

  const warmed = async (body: Record<string, unknown>): Promise<string[]> => {
    const { json, status } = await plane.call("/warmup", { ratePerSecond: 10_000, ...body });
    expect(status).toBe(202);
    await warmAll();
    expect((await plane.call(json.job)).json).toMatchObject({ state: "done", total: json.total, failed: 0 });
    const all = edge(0).warmed.slice(0, json.total);
    return [...all];
  };

  test("takes so many, the hottest first, with the headers of their variants", async () => {
    expect((await warmed({ hot: { top: 3 }, edges: ["one"] })).sort()).toEqual([
      "http://origin.test/0",
      "http://origin.test/0\naccept-language: de",
      "http://origin.test/1",
    ]);
  });

  test("asks for each URL once with each variant, where the request names them", async () => {
    const variants = [{ headers: { accept: "a" } }];
    expect((await warmed({ hot: { top: 3 }, variants, edges: ["one"] })).sort()).toEqual([
      "http://origin.test/0\naccept: a",
      "http://origin.test/1\naccept: a",
    ]);
  });

  test("takes those of a class, and of the site alone", async () => {
    expect(await warmed({ hot: { class: "standard", top: 10 }, edges: ["one"] })).toEqual([
      "http://origin.test/1",
    ]);
    expect((await plane.call("/warmup", { site: "shop", hot: { top: 10 } })).json.total).toBe(1);
    expect((await plane.call("/warmup", { hot: { top: 1000 } })).json.total).toBe(4);
  });

  test("comes behind the URLs that are listed, and none comes twice", async () => {
    const { json } = await plane.call("/warmup", { urls: ["/listed", "/1"], hot: { top: 2 } });
    expect(json.total).toBe(3);
  });

  test("ends at once where nothing is hot", async () => {
    const { json } = await plane.call("/warmup", { hot: { class: "session", top: 5 } });
    expect(json.total).toBe(0);
    await warmAll();
    expect((await plane.call(json.job)).json).toMatchObject({ state: "done", done: 0 });
  });

  test("tells of a variant that failed by its URL", async () => {
    edge(0).fate = (url) => (url.includes("de") ? "failed" : "stored");
    const { json } = await plane.call("/warmup", { hot: { top: 9 }, edges: ["one"] });
    await warmAll();
    expect((await plane.call(json.job)).json.errors).toMatchObject([{ url: "http://origin.test/0" }]);
  });
});

describe("what a change of the shard map takes from L2", () => {
  let refill: Refill;
  const mapOf = (version: number, ...states: ShardState[]): ShardMap => ({
    version,
    shards: states.map((state, at) => ({ id: `s${at}`, weight: 1, state, life: 1 })),
  });

  beforeEach(async () => {
    refill = new Refill();
    await beat();
    edge(0).hot = { number: 1, total: 600, keys: counts(300, 200, 100) };
    await beat();
    refill.see(mapOf(1, "serving", "serving"));
  });

  test("is asked for once, by whichever edge, into the shards alone", async () => {
    refill.see(mapOf(2, "serving", "down"));
    expect(await rebuild(plane.plane, refill)).toEqual({ kind: "done" });
    expect(await refill.isGoingOn(plane.plane)).toBe(true);
    await warmAll();
    expect([...edge(0).refilled, ...edge(1).refilled].sort()).toEqual(
      [0, 1, 2].map((n) => `http://origin.test/${n}`),
    );
    expect([...edge(0).warmed, ...edge(1).warmed]).toEqual([]);
    expect(await refill.isGoingOn(plane.plane)).toBe(false);
    expect((await metrics()).rebuilds).toEqual({ begun: 1 });
  });

  test("is nothing where a shard is only warm by now", async () => {
    refill = new Refill();
    refill.see(mapOf(2, "serving", "warming"));
    await rebuild(plane.plane, refill);
    await warmAll();
    refill.see(mapOf(3, "serving", "serving"));
    expect(await refill.begin(plane.plane)).toEqual({ kind: "begun", begun: 0 });
    expect(await refill.isGoingOn(plane.plane)).toBe(false);
  });

  test("is not asked for twice by who begins in the midst of it", async () => {
    refill = new Refill();
    refill.see(mapOf(2, "serving", "warming"));
    await rebuild(plane.plane, refill);
    const successor = new Refill();
    successor.see(mapOf(2, "serving", "warming"));
    expect(await successor.begin(plane.plane)).toEqual({ kind: "begun", begun: 0 });
    expect(await successor.isGoingOn(plane.plane)).toBe(true);
    await warmAll();
    expect(await successor.isGoingOn(plane.plane)).toBe(false);
  });

  test("waits for the ledger where that is away", async () => {
    refill.see(mapOf(2, "serving", "down"));
    const away = async () => ({ kind: "unavailable", reason: "away" }) as const;
    const without = { ...plane.plane, hotKeys: { ...plane.plane.hotKeys, read: away } };
    expect(await rebuild(without, refill)).toMatchObject({ kind: "unavailable" });
    expect(await refill.isGoingOn(plane.plane)).toBe(true);
    expect(await refill.begin(plane.plane)).toEqual({ kind: "begun", begun: 1 });
  });
});

describe("an edge that comes with an empty memory", () => {
  const jobs = async (): Promise<number> => {
    const open = await plane.plane.warmups.open(9);
    return open.kind === "open" ? open.ids.length : -1;
  };

  beforeEach(async () => {
    await beat();
    edge(0).hot = { number: 1, total: 600, keys: counts(300, 200, 100) };
    await beat();
    await beat();
  });

  test("there is nothing to warm the first ones with, and those that stay are left alone", async () => {
    expect(await jobs()).toBe(0);
    expect((await metrics()).rebuilds).toEqual({ begun: 0 });
  });

  test("is warmed with its region's hottest, in order, and no other edge is", async () => {
    edge(1).boot = "another-life";
    await beat();
    expect(await jobs()).toBe(1);
    await warmAll();
    expect(edge(1).warmed).toEqual([0, 1, 2].map((n) => `http://origin.test/${n}`));
    expect(edge(0).warmed).toEqual([]);
    expect((await metrics()).rebuilds).toEqual({ begun: 1 });
    await beat();
    expect(await jobs()).toBe(0);
  });

  test("stands behind what somebody asks to be warmed after it", async () => {
    edge(1).boot = "another-life";
    await beat();
    const { json } = await plane.call("/warmup", { urls: ["/asked-for"] });
    const open = await plane.plane.warmups.open(1);
    expect(open).toEqual({ kind: "open", ids: [json.id] });
    await warmAll();
    expect(edge(1).warmed).toContain("http://origin.test/2");
  });

  test("is noticed though somebody else has seen it first", async () => {
    edge(1).boot = "another-life";
    await metrics();
    await beat();
    expect(await jobs()).toBe(1);
  });

  test("while its warm-up runs no other begins, and the next life is warmed behind it", async () => {
    edge(1).boot = "second";
    await beat();
    edge(1).boot = "third";
    await beat();
    await beat();
    expect(await jobs()).toBe(1);
    await warmAll();
    await beat();
    expect(await jobs()).toBe(1);
    expect((await metrics()).rebuilds).toEqual({ begun: 2 });
  });

  test("isolates that take turns in answering are warmed once each", async () => {
    for (let turn = 0; turn < 4; turn++)
      for (const boot of ["a", "b"]) {
        edge(1).boot = boot;
        await beat();
        await warmAll();
      }
    expect((await metrics()).rebuilds).toEqual({ begun: 2 });
  });

  test("an outage puts it off", async () => {
    edge(1).boot = "another-life";
    const round = { attention: new Attention(), newcomers, grace: millis(900), background: UNKEPT };
    await collectStatus(plane.plane, { ...round, whole: true });
    const away = async () => ({ kind: "unavailable", reason: "away" }) as const;
    const without = { ...plane.plane, hotKeys: { ...plane.plane.hotKeys, read: away } };
    expect(await rebuild(without, newcomers)).toMatchObject({ kind: "unavailable" });
    expect(await rebuild(plane.plane, newcomers)).toEqual({ kind: "done" });
    expect(await jobs()).toBe(1);
  });
});
