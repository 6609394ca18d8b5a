// The ledger of hot keys, against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { millis, seconds } from "../../shared/core/units.ts";
import { createHotKeys, type HotKeys, type RegionBatch } from "../../shared/mid-tier/hot-keys.ts";
import { hotCountsKey, hotKey } from "../../shared/mid-tier/keys.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { encodeHotKey, type HotKey } from "../../shared/wire/hot.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

const DEADLINE = millis(2000);
const HALF_LIFE = seconds(30);

const keyOf = (path: string): HotKey => ({
  site: "default",
  class: "hot",
  url: `https://site.test/${path}`,
  headers: [],
});

let number = 0;
const batch = (counts: Record<string, number>, more: Partial<RegionBatch> = {}): RegionBatch => {
  number += 1;
  const keys = Object.entries(counts).map(([path, requests]) => ({
    ...keyOf(path),
    requests,
    renewal: null,
  }));
  const total = keys.reduce((sum, { requests }) => sum + requests, 0);
  return { edge: "one", boot: "boot", region: "", batch: { number, total, keys }, ...more };
};

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let ledger: HotKeys;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    ledger = createHotKeys(redis, { deadline: DEADLINE, halfLife: HALF_LIFE, most: 5 });
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
  });

  const run = (...command: RedisArgument[]): Promise<RedisReply> => replyTo(redis, ...command);

  const read = async (region?: string) => {
    const outcome = await ledger.read(100, region);
    if (outcome.kind !== "ranking") throw new Error(outcome.reason);
    return outcome.keys;
  };
  const scores = async (region?: string): Promise<Record<string, number>> =>
    Object.fromEntries((await read(region)).map(({ key, score }) => [key.url.slice(18), score]));

  const merge = async (batches: readonly RegionBatch[]): Promise<void> => {
    expect(await ledger.merge(batches)).toEqual({ kind: "merged" });
  };

  /** As if that had been merged so long ago. */
  async function ago(ms: number): Promise<void> {
    for (const field of ["since", "begun"]) {
      const at = Number(await run("HGET", hotCountsKey(""), field));
      await run("HSET", hotCountsKey(""), field, at - ms);
    }
  }

  test("nobody has counted anything", async () => {
    expect(await read()).toEqual([]);
    await merge([]);
  });

  test("what several edges have counted adds up, the hottest first, with its share", async () => {
    await merge([batch({ a: 30, b: 10 }), batch({ b: 40, c: 20 }, { edge: "two" })]);
    const keys = await read();
    expect(keys.map(({ key }) => key)).toEqual([keyOf("b"), keyOf("a"), keyOf("c")]);
    expect(keys[0]?.share).toBeCloseTo(0.5, 2);
    expect(keys[1]?.share).toBeCloseTo(0.3, 2);
    expect(keys[0]?.id).toBe(encodeHotKey(keyOf("b")));
  });

  test("a batch that comes again counts once; each life of each edge has numbers of its own", async () => {
    const once = batch({ a: 8 });
    const begun = performance.now();
    /** That much, less what has been forgotten meanwhile. */
    const isAbout = async (requests: number): Promise<void> => {
      const { a } = await scores();
      expect(a).toBeLessThanOrEqual(requests + 0.01);
      expect(a).toBeGreaterThan(requests * 2 ** (-(performance.now() - begun) / HALF_LIFE) - 0.01);
    };
    await merge([once, once]);
    await merge([once]);
    await isAbout(8);
    await merge([
      { ...once, boot: "again" },
      { ...once, edge: "two" },
    ]);
    await isAbout(24);
    const late = { ...once, batch: { ...once.batch, number: once.batch.number - 1 } };
    await merge([late]);
    await isAbout(24);
  });

  test("after a half-life a request counts half, and its share among newer ones falls", async () => {
    // Within a few: the calls take time, too.
    await merge([batch({ a: 100 })]);
    await ago(HALF_LIFE);
    expect((await scores()).a).toBeCloseTo(50, -1);
    await merge([batch({ b: 50 })]);
    const [first, second] = await read();
    expect(first?.score).toBeCloseTo(50, -1);
    expect(second?.score).toBeCloseTo(50, -1);
    expect(first?.share).toBeCloseTo(0.5, 1);
  });

  test("a steady rate is told as it is, from the first seconds on", async () => {
    const begun = performance.now();
    await merge([batch({ a: 0.001 })]);
    for (let second = 0; second < 10; second++) {
      await ago(1000);
      await merge([batch({ a: 20 })]);
    }
    const [a] = await read();
    // Ten seconds, and what the calls took on top.
    const rate = 200 / (10 + (performance.now() - begun) / 1000);
    expect(a?.requestsPerSecond).toBeGreaterThan(0.9 * rate);
    expect(a?.requestsPerSecond).toBeLessThan(1.1 * rate);
  });

  test("rebased after long, nothing changes but the numbers, and what is old weighs nothing", async () => {
    await merge([batch({ a: 64, b: 32 })]);
    await ago(50 * HALF_LIFE);
    await merge([batch({ c: 8 })]);
    const known = Object.fromEntries(
      pairsOf((await run("HGETALL", hotCountsKey(""))) as string[]).map(([name, value]) => [
        name,
        Number(value),
      ]),
    );
    expect(known.total).toBeCloseTo(8, 3);
    const keys = await read();
    expect(keys.map(({ key }) => key.url.slice(18))).toEqual(["c", "a", "b"]);
    expect(keys[0]?.score).toBeCloseTo(8, 0);
    expect((keys[1]?.score ?? 0) / (keys[2]?.score ?? 1)).toBeCloseTo(2, 3);
    // Even after years there is no number that can't be told.
    await ago(100_000 * HALF_LIFE);
    await merge([batch({ d: 8 })]);
    expect((await read()).map(({ key }) => key.url.slice(18))[0]).toBe("d");
  });

  test("no list grows beyond its limit, and a newcomer takes the place of who is asked for least", async () => {
    await merge([batch({ a: 5, b: 4, c: 3, d: 2, e: 1 })]);
    await ago(3 * HALF_LIFE);
    await merge([batch({ f: 1 })]);
    expect(Object.keys(await scores())).toEqual(["f", "a", "b", "c", "d"]);
    expect(await run("ZCARD", hotKey(""))).toBe(5);
  });

  test("each region has a list of its own beside that of all", async () => {
    await merge([batch({ a: 8 }, { region: "west" }), batch({ b: 16 }, { region: "east", edge: "two" })]);
    expect(Object.keys(await scores("west"))).toEqual(["a"]);
    expect(Object.keys(await scores("east"))).toEqual(["b"]);
    expect(Object.keys(await scores())).toEqual(["b", "a"]);
  });

  test("variants are keys of their own, and what can't be read is passed over", async () => {
    const german = { ...keyOf("a"), headers: [["accept-language", "de"]] as const };
    const both = {
      number: 1,
      total: 3,
      keys: [
        { ...keyOf("a"), requests: 1, renewal: null },
        { ...german, requests: 2, renewal: null },
      ],
    };
    await merge([{ edge: "v", boot: "boot", region: "", batch: both }]);
    await run("ZADD", hotKey(""), 99, "of another release");
    await run("ZADD", hotKey(""), 98, JSON.stringify(["default", "hot", "https://site.test/a\nx", []]));
    expect((await read()).map(({ key }) => key.headers)).toEqual([german.headers, []]);
  });

  test("a script that fails is an outage, not an empty list", async () => {
    await run("SET", hotKey(""), "no list");
    expect(await ledger.read(10)).toMatchObject({ kind: "unavailable" });
    expect(await ledger.merge([batch({ a: 1 })])).toMatchObject({ kind: "unavailable" });
  });
});

const pairsOf = (strings: readonly string[]): [string, string][] =>
  strings.flatMap((text, index) => (index % 2 === 0 ? [[text, strings[index + 1] ?? ""]] : []));
