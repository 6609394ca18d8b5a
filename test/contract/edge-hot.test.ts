// What an edge counts towards what is hot, what it tells of it, and what it makes of being told.

import { beforeEach, describe, expect, test } from "vitest";
import type { Edge } from "../../edge/edge.ts";
import { Heat } from "../../edge/hot/heat.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import type { HotBatch } from "../../shared/wire/hot.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const EVERY = 8;
const url = (path: string): string => `https://${HOST}${path}`;

/** Answers that differ by what `Vary` names, if the path says so. */
const answer = (path: string) => ({
  kind: "answer" as const,
  status: path.includes("missing") ? 404 : 200,
  headers: [
    ["cache-control", path.includes("private") ? "no-store" : "max-age=600"],
    ...(path.includes("/vary/") ? [["vary", path.split("/")[2] ?? ""]] : []),
  ] as [string, string][],
  body: { kind: "bytes" as const, bytes: new TextEncoder().encode(path) },
});

let lone: LoneEdge;
beforeEach(async () => {
  lone = edgeWith([]);
  await lone.beat();
});

function edgeWith(policies: readonly Record<string, unknown>[]): LoneEdge {
  const made = loneEdge(policies);
  made.origin = (request) => answer(new URL(request.url).pathname) as never;
  return made;
}

async function ask(path: string, times: number, headers: [string, string][] = []): Promise<void> {
  for (let i = 0; i < times; i++) await lone.get(path, { headers });
  await lone.settled();
}

const told = async (counted = 0): Promise<HotBatch | null> =>
  (await lone.beat({ hot: { counted: { boot: "boot", number: counted }, keys: null } })).hot;

describe("an edge tells", () => {
  test("what was asked for most, with about as many requests as there were", async () => {
    await ask("/a", 600);
    await ask("/b", 200);
    const batch = await told();
    expect(batch?.keys.map((key) => key.url)).toEqual([url("/a"), url("/b")]);
    expect(batch?.keys[0]).toMatchObject({ site: "default", class: "standard", headers: [] });
    expect(batch?.keys[0]?.requests).toBeGreaterThan(480);
    expect(batch?.keys[0]?.requests).toBeLessThan(720);
    expect(batch?.total).toBe((batch?.keys[0]?.requests ?? 0) + (batch?.keys[1]?.requests ?? 0));
  });

  test("the same again until that is counted, and then what came since", async () => {
    await ask("/a", 100);
    const first = await told();
    await ask("/b", 100);
    expect(await told()).toEqual(first);
    const second = await told(first?.number);
    expect(second).toMatchObject({ number: 2, keys: [{ url: url("/b") }] });
    expect(await told(2)).toBeNull();
  });

  test("nothing of what can't be stored, of writes, or of warm-ups", async () => {
    await ask("/private", 100);
    for (let i = 0; i < 100; i++) await lone.get("/a", { method: "POST" });
    for (let i = 0; i < 100; i++) await lone.get("/warmed", { purpose: "warm-up" });
    await lone.settled();
    const urls = (await told())?.keys.map((key) => key.url) ?? [];
    expect(urls.filter((one) => one !== url("/private"))).toEqual([]);
  });

  test("nor of what only the shards are to hold, which passes by the edge's own memory", async () => {
    await ask("/held", 1);
    const before = lone.asked.length;
    for (let i = 0; i < 20; i++) await lone.get("/held", { purpose: "warm-up" });
    expect(lone.asked).toHaveLength(before);
    await lone.get("/held", { purpose: "refill" });
    expect(lone.asked).toHaveLength(before + 1);
    await lone.settled();
  });

  test("variants each for itself, by the headers that choose them and no others", async () => {
    await ask("/vary/x-side/a", 100, [
      ["x-side", "left"],
      ["x-other", "1"],
    ]);
    await ask("/vary/x-side/a", 60, [["x-side", "right"]]);
    const batch = await told();
    const sides = new Map(batch?.keys.map((key) => [key.headers.map(String).join(), key.requests]));
    // From the first answer on, which said by what it varies.
    expect([...sides.keys()]).toEqual(["x-side,left", "x-side,right"]);
  });

  test("no cookie, whether the answer varies by it or the key is made of it", async () => {
    lone = edgeWith([{ key_pattern: "/keyed/*", class: "standard", key: { cookies: ["id"] } }]);
    await lone.beat();
    const secret: [string, string][] = [["cookie", "id=secret"]];
    await ask("/vary/cookie/a", 100, secret);
    await ask("/keyed/a", 100, secret);
    const text = JSON.stringify(await told());
    expect(text).not.toContain("secret");
    expect(text).not.toContain("/keyed/");
  });

  test("the URL that stands for all whose query makes no difference", async () => {
    lone = edgeWith([{ key_pattern: "/*", class: "standard", key: { query: { exclude: ["utm"] } } }]);
    await lone.beat();
    for (let i = 0; i < 100; i++) await lone.get(`/a?utm=${i}&page=1`);
    await lone.settled();
    expect((await told())?.keys.map((key) => key.url)).toEqual([url("/a?page=1")]);
  });

  test("nothing longer than its limits", async () => {
    await ask(`/${"long".repeat(300)}`, 50);
    expect((await told())?.keys).toEqual([]);
    const heat = new Heat({ hotEvery: 1, hotCounted: 100, hotTold: 5, hotBatch: 300 });
    for (let i = 0; i < 50; i++)
      heat.add(`${i}`, () => ({
        site: "s",
        class: "c",
        url: `https://x/${"y".repeat(50)}${i}`,
        headers: [],
      }));
    const size = JSON.stringify(heat.report(null, () => null)?.keys.map(({ url: one }) => one)).length;
    expect([size > 100, size < 300]).toEqual([true, true]);
  });
});

test("one request in eight is counted, scattered, whatever the traffic's own rhythm", () => {
  const heat = new Heat({ hotEvery: EVERY, hotCounted: 8, hotTold: 8, hotBatch: 1e6 });
  const counted = [0, 0, 0, 0];
  const requests = 40_000;
  for (let i = 0; i < requests; i++)
    if (heat.isDue()) {
      heat.next();
      counted[i % 4] = (counted[i % 4] ?? 0) + EVERY;
    }
  for (const sum of counted) expect(Math.abs(sum - requests / 4) / (requests / 4)).toBeLessThan(0.15);
});

describe("an edge that is told what is hot", () => {
  const tell = (lone: LoneEdge, ...paths: string[]) =>
    lone.beat({
      hot: { counted: null, keys: paths.map((path) => ({ url: url(path), headers: [] })) },
    });
  const isHot = async (edge: Edge, path: string): Promise<boolean> => {
    const route = edge.router.route({ url: url(path), header: () => null });
    return edge.heat.isHot(await systemDigest.sha256Hex(route?.key ?? ""));
  };

  test("knows it by the digest of its key, until it is told otherwise; no news leaves it", async () => {
    await tell(lone, "/a", "/b");
    expect([await isHot(lone.edge, "/a"), await isHot(lone.edge, "/c")]).toEqual([true, false]);
    await lone.beat();
    expect(await isHot(lone.edge, "/a")).toBe(true);
    await tell(lone, "/b");
    expect([await isHot(lone.edge, "/a"), await isHot(lone.edge, "/b")]).toEqual([false, true]);
  });

  test("keeps it in memory while others come and go", async () => {
    lone = edgeWith([{ key_pattern: "/*", class: "hot", eviction_policy: "lru" }]);
    await lone.beat();
    await ask("/kept", 1);
    await tell(lone, "/kept");
    const { edge } = lone;
    const route = edge.router.route({ url: url("/kept"), header: () => null });
    if (route === null) throw new Error("no route");
    const entry = edge.memory.find(route.rules, route.key);
    if (entry === undefined) throw new Error("not in memory");
    const large = { ...entry, body: new Uint8Array(2 * 1024 * 1024) };
    for (let i = 0; i < 40; i++) edge.memory.store(`filler ${i}` as never, large);
    expect(edge.memory.evictions).toBeGreaterThan(20);
    expect(edge.memory.find(route.rules, route.key)).toBe(entry);
    await tell(lone);
    for (let i = 0; i < 40; i++) edge.memory.store(`other ${i}` as never, large);
    expect(edge.memory.find(route.rules, route.key)).toBeUndefined();
  });

  test("takes advice that can't be read for none", async () => {
    await tell(lone, "/a");
    await lone.beat({ hot: { counted: null, keys: [{ url: "no URL", headers: [] }] } });
    expect(await isHot(lone.edge, "/a")).toBe(true);
  });
});
