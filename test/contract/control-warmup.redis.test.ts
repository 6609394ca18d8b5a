// Warm-ups: each URL costs the origin one request, at a rate, on every edge, whatever stops in between.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { advanceWarmups, carryOnWarmups, type WarmupPace } from "../../control-plane/warmup/advance.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

let rest: ServerFixture;
let edges: FakeEdge[];
let plane: TestPlane;
/** What the mid-tier of these edges holds, and what it cost the origin. */
let held: Set<string>;
let origin: string[];

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());

beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  edges = await Promise.all(["one", "two", "three"].map(startFakeEdge));
  held = new Set();
  origin = [];
  for (const edge of edges) edge.fate = fetched;
  plane = await started();
});
afterEach(() => Promise.all(edges.map((edge) => edge.stop())));

const started = () => startPlane(rest, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })) });
const edge = (index: number): FakeEdge => {
  const found = edges[index];
  if (found === undefined) throw new Error(`there is no edge ${index}`);
  return found;
};

function fetched(url: string): "stored" | "held" | "not-stored" {
  if (held.has(url)) return "held";
  origin.push(url);
  if (url.includes("private")) return "not-stored";
  held.add(url);
  return "stored";
}

const urls = (count: number, of = "/p"): string[] => Array.from({ length: count }, (_, i) => `${of}/${i}`);
const FAST = { ratePerSecond: 10_000, concurrency: 64 };

async function runToEnd(job: string, by = plane, pace: WarmupPace = new Map()): Promise<TestPlane["call"]> {
  for (let beats = 0; beats < 50; beats++) {
    expect(await advanceWarmups(by.plane, pace)).toEqual({ kind: "done" });
    if ((await by.call(job)).json.state !== "running") return by.call;
  }
  throw new Error("it does not end");
}

test("500 URLs on 3 edges are 500 requests to the origin, and every edge has all of them", async () => {
  const { status, json, headers } = await plane.call("/warmup", { urls: urls(500), ...FAST });
  expect(status).toBe(202);
  expect(json).toEqual({ id: expect.any(String), total: 500, job: `/warmups/${json.id}` });
  expect(headers.get("location")).toBe(json.job);
  await runToEnd(json.job);
  expect(origin).toHaveLength(500);
  for (const { warmed } of edges) expect(new Set(warmed).size).toBe(500);
  expect((await plane.call(json.job)).json).toMatchObject({
    ...{ state: "done", total: 500, done: 500, failed: 0, skipped: 0, etaSeconds: 0, errors: [] },
  });
  const shares = edges.map(({ warmed }) => warmed.length);
  expect(shares).toEqual([500, 500, 500]);
});

test("the URLs keep the site's host, and a path means the canonical one", async () => {
  await plane.call("/warmup", { urls: ["/a", "http://edge.test:8787/b", "/a"] });
  const { json } = await plane.call("/warmup", { site: "shop", urls: ["https://eu.shop.test/c"] });
  await runToEnd(json.job);
  expect(new Set(origin)).toEqual(
    new Set(["http://origin.test/a", "http://edge.test:8787/b", "https://eu.shop.test/c"]),
  );
});

test("what may not be stored is asked for once, not once an edge", async () => {
  const { json } = await plane.call("/warmup", { urls: [...urls(10, "/private"), ...urls(5)], ...FAST });
  await runToEnd(json.job);
  expect(origin).toHaveLength(15);
  expect((await plane.call(json.job)).json).toMatchObject({ done: 5, skipped: 10, failed: 0 });
});

test("the share of an edge that is gone falls to the others", async () => {
  await edge(1).stop();
  const { json } = await plane.call("/warmup", { urls: urls(60), ...FAST });
  await runToEnd(json.job);
  expect(new Set(origin).size).toBe(60);
  expect(new Set(edge(0).warmed).size).toBe(60);
  const job = (await plane.call(json.job)).json;
  expect(job).toMatchObject({ state: "done", done: 60, failed: 0 });
  expect(job.errors[0]).toMatchObject({ edge: "two" });
});

test("URLs that fail are told, with their edge and reason", async () => {
  edge(0).fate = (url) => (url.endsWith("/3") ? "failed" : fetched(url));
  const { json } = await plane.call("/warmup", { urls: urls(10), edges: ["one"], ...FAST });
  await runToEnd(json.job);
  const job = (await plane.call(json.job)).json;
  expect(job).toMatchObject({ done: 9, failed: 1, edges: ["one"] });
  expect(job.errors).toEqual([
    { url: "http://origin.test/p/3", variant: null, edge: "one", reason: "answered with 200" },
  ]);
  expect(edge(1).warmed).toEqual([]);
});

test("what is not there has failed, though it may be stored", async () => {
  edge(0).fate = (url) => (url.endsWith("/3") ? { status: 404, result: "stored" } : fetched(url));
  const { json } = await plane.call("/warmup", { urls: urls(5), edges: ["one"], ...FAST });
  await runToEnd(json.job);
  const job = (await plane.call(json.job)).json;
  expect(job).toMatchObject({ done: 4, failed: 1, errors: [{ reason: "answered with 404" }] });
});

test("what the origin won't take now has another turn behind all others, and fails in no case", async () => {
  const turns = new Map<string, number>();
  const order: string[] = [];
  for (const one of edges)
    one.fate = (url) => {
      if (held.has(url)) return "held";
      turns.set(url, (turns.get(url) ?? 0) + 1);
      order.push(url);
      return /[13579]$/.test(url) && (turns.get(url) ?? 0) < 3 ? "later" : fetched(url);
    };
  const { json } = await plane.call("/warmup", { urls: urls(40), ratePerSecond: 80, concurrency: 64 });
  await advanceWarmups(plane.plane, new Map());
  const half = (await plane.call(json.job)).json;
  expect(half.later).toBeGreaterThan(0);
  expect(half.done + half.later).toBeLessThanOrEqual(40);
  // Another process goes on with what is for later.
  await runToEnd(json.job, await started());
  expect((await plane.call(json.job)).json).toMatchObject({
    ...{ state: "done", total: 40, done: 40, failed: 0, later: 0, etaSeconds: 0 },
  });
  expect(origin).toHaveLength(40);
  expect([...turns.values()].filter((count) => count === 3)).toHaveLength(20);
  expect(new Set(order.slice(0, 40)).size).toBe(40);
});

test("while the origin takes nothing at all, it is left in peace for a while", async () => {
  let asked = 0;
  for (const one of edges)
    one.fate = () => {
      asked += 1;
      return "later";
    };
  const { json } = await plane.call("/warmup", { urls: urls(400), ratePerSecond: 10_000, concurrency: 64 });
  await advanceWarmups(plane.plane, new Map());
  expect(asked).toBe(100);
  const shown = (await plane.call(json.job)).json;
  expect(shown).toMatchObject({ state: "running", later: 100, done: 0, failed: 0 });
  // At the rate that was asked for it would be a second.
  expect(shown.etaSeconds).toBeGreaterThan(1);
  await plane.ask(json.job, { method: "DELETE", headers: { authorization: "Bearer admin-token" } });
  const left = ["urls", "later", "documents", "seen"].map((what) => `tg:warmup:${json.id}:${what}`);
  expect((await ask(rest, "/", ["EXISTS", ...left])).body).toBe('{"result":0}');
});

test("after a restart it goes on where it was, and asks the origin for nothing twice", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(400), ratePerSecond: 200, concurrency: 64 });
  await advanceWarmups(plane.plane, new Map());
  const half = (await plane.call(json.job)).json;
  expect(half).toMatchObject({ state: "running" });
  expect(half.done).toBeGreaterThan(0);
  expect(half.etaSeconds).toBeGreaterThan(0);
  const restarted = await started();
  await runToEnd(json.job, restarted);
  expect((await restarted.call(json.job)).json).toMatchObject({ state: "done", done: 400 });
  expect(origin).toHaveLength(400);
});

test("two that carry the same job on at once count no URL twice", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(300), ...FAST });
  const other = await started();
  await Promise.all([runToEnd(json.job), runToEnd(json.job, other)]);
  expect((await plane.call(json.job)).json).toMatchObject({ state: "done", done: 300, failed: 0 });
});

test("keeps its rate", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(1000), ratePerSecond: 40 });
  const pace: WarmupPace = new Map();
  const begun = performance.now();
  await advanceWarmups(plane.plane, pace);
  await advanceWarmups(plane.plane, pace);
  const allowed = ((performance.now() - begun) / 1000) * 40 + 10;
  expect(origin.length).toBeGreaterThanOrEqual(10);
  expect(origin.length).toBeLessThanOrEqual(allowed);
  expect((await plane.call(json.job)).json.ratePerSecond).toBe(40);
});

test("is carried on to its end by itself, slice after slice, at its rate", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(300), ratePerSecond: 200, concurrency: 64 });
  const pace: WarmupPace = new Map();
  const begun = performance.now();
  expect(await carryOnWarmups(plane.plane, pace)).toEqual({ kind: "done" });
  // Six batches of fifty: the last may go a quarter of a second before all of its time has passed.
  expect(performance.now() - begun).toBeGreaterThanOrEqual(1200);
  expect((await plane.call(json.job)).json).toMatchObject({ state: "done", done: 300 });
  expect(pace.size).toBe(0);
});

test("a cancelled one sends nothing more, and stays cancelled", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(1000), ratePerSecond: 40 });
  await advanceWarmups(plane.plane, new Map());
  const headers = { authorization: "Bearer admin-token" };
  const cancelled = await plane.ask(json.job, { method: "DELETE", headers });
  expect(cancelled.json).toMatchObject({ state: "cancelled", etaSeconds: null });
  const before = origin.length;
  await advanceWarmups(plane.plane, new Map());
  expect(origin.length).toBe(before);
  expect((await plane.ask(json.job, { method: "DELETE", headers })).json.state).toBe("cancelled");
});

test("events tell its progress until it is done", async () => {
  const { json } = await plane.call("/warmup", { urls: urls(30), ratePerSecond: 100 });
  const events = plane.call(`${json.job}/events`);
  await runToEnd(json.job);
  const { headers, text } = await events;
  expect(headers.get("content-type")).toBe("text/event-stream");
  const told = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data = ""]) => ({
    name,
    done: JSON.parse(data).done as number,
  }));
  expect(told[0]).toEqual({ name: "progress", done: 0 });
  expect(told.at(-1)).toEqual({ name: "done", done: 30 });
});

test("events end once their token is revoked, however long the warm-up goes on", async () => {
  const made = await plane.call("/tokens", { name: "gone", scopes: ["read"] });
  const { json } = await plane.call("/warmup", { urls: urls(30) });
  const stream = await plane.open(`${json.job}/events`, { authorization: `Bearer ${made.json.token}` });
  const headers = { authorization: "Bearer admin-token" };
  await plane.ask(`/tokens/${made.json.id}`, { method: "DELETE", headers });
  const told: string[] = [];
  for await (const part of stream) told.push(new TextDecoder().decode(part));
  expect(told.filter((text) => text.startsWith("event:"))).toHaveLength(1);
});

test("the same Idempotency-Key begins one, with wait it answers when that has ended", async () => {
  const key = { "idempotency-key": "mine" };
  const body = { urls: ["/a"], wait: true };
  const waiting = plane.call("/warmup", body, key);
  let has = { ended: false };
  void waiting.finally(() => {
    has = { ended: true };
  });
  // However late it begins.
  while (!has.ended) await advanceWarmups(plane.plane, new Map());
  const first = await waiting;
  expect(first).toMatchObject({ status: 200, json: { state: "done", done: 1 } });
  expect((await plane.call("/warmup", body, key)).json.id).toBe(first.json.id);
  expect((await plane.call("/warmup", { urls: ["/b"] }, key)).status).toBe(422);
});

test("all that were begun are listed, the newest first, page by page", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift((await plane.call("/warmup", { urls: urls(i + 1) })).json.id);
  const listed: { id: string; total: number }[] = [];
  let path = "/warmups?limit=2";
  for (let pages = 0; pages < 9 && path !== ""; pages++) {
    const { json } = await plane.call(path);
    listed.push(...json.items);
    path = json.nextCursor === null ? "" : `/warmups?limit=2&cursor=${json.nextCursor}`;
  }
  expect(listed.map(({ id }) => id)).toEqual(ids);
  expect(listed[0]).toMatchObject({ total: 5, state: "running", site: "default", actor: expect.any(String) });
  expect(listed[0]).not.toHaveProperty("errors");
  // What is kept no longer is passed over.
  await ask(rest, "/", ["DEL", `tg:warmup:${ids[1]}`]);
  expect((await plane.call("/warmups")).json.items.map(({ id }: { id: string }) => id)).toEqual([
    ids[0],
    ...ids.slice(2),
  ]);
});

test("without a rate of its own it goes by what the origin may be asked for", async () => {
  const limits = { rate: 30, burst: 5, share: { rate: 1, burst: 1 } };
  const [first, ...others] = SITES;
  const limited = await startPlane(rest, {
    SITES: [{ ...first, limits }, ...others],
    EDGES: edges.map(({ id, url }) => ({ id, url })),
  });
  const rateOf = async (body: Record<string, unknown>): Promise<number> =>
    (await limited.call("/warmup", { ...body, dryRun: true })).json.ratePerSecond;
  expect(await rateOf({ urls: ["/a"] })).toBe(30);
  expect(await rateOf({ urls: ["/a"], ratePerSecond: 7 })).toBe(7);
  expect(await rateOf({ site: "solo", urls: ["/a"] })).toBe(100);
});

test("a job of 10000 URLs is taken", async () => {
  const { status, json } = await plane.call("/warmup", { urls: urls(10_000, "/products/of-some-length") });
  expect(status).toBe(202);
  expect(json.total).toBe(10_000);
});
