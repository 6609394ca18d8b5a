// What a class may take up of a shard, through the scripts, against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BACKENDS, type RestFixture, until } from "../support/redis-server.ts";
import { beatWell, lookWell, startPlane } from "./control-harness.ts";
import { budgetOf, PLENTY, TestShard } from "./l2-harness.ts";

const names = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `k${String(from + i).padStart(2, "0")}`);

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let shard: TestShard;
  /** What one answer of the usual size is charged. */
  let one = 0;

  beforeAll(async () => {
    rest = await start();
    shard = new TestShard(rest);
    await shard.run("FLUSHALL");
    await shard.fill("k00");
    one = (await shard.account()).bytes;
  });
  afterAll(() => rest?.stop());
  beforeEach(() => shard.run("FLUSHALL"));

  const fillAll = async (keys: readonly string[], budget = PLENTY) => {
    for (const key of keys) expect(await shard.fill(key, { budget })).toMatchObject({ kind: "stored" });
  };
  const full = () => budgetOf(8 * one);

  describe("who gives way", () => {
    test("by sieve: the oldest that nobody has asked for since the hand went by", async () => {
      await fillAll(names(8), full());
      await shard.read("k00");
      await shard.read("k03");
      await fillAll(["k08"], full());
      expect(await shard.holds(names(9))).toEqual(names(9).filter((key) => key !== "k01"));
      await fillAll(["k09", "k10"], full());
      expect(await shard.holds(names(11))).toEqual(["k00", "k03", "k05", "k06", "k07", "k08", "k09", "k10"]);
    });

    test("by sieve: those passed over once go the next time, unless they were asked for again", async () => {
      await fillAll(names(8), full());
      for (const key of names(8)) await shard.read(key);
      await fillAll(["k08"], full());
      expect(await shard.holds(names(9))).toEqual(names(8, 1));
    });

    test("by sieve: a refreshed answer keeps its place, and that it was asked for", async () => {
      await fillAll(names(8), full());
      await shard.read("k00");
      await fillAll(["k00", "k08"], full());
      expect(await shard.holds(names(9))).toEqual(names(9).filter((key) => key !== "k01"));
    });

    test("by ttl: what expires first, whoever asks for it", async () => {
      const budget = budgetOf(8 * one, { eviction: "ttl" });
      for (const [i, key] of names(8).entries())
        await shard.fill(key, { budget, keepFor: 600_000 - i * 10_000 });
      for (let i = 0; i < 3; i++) await shard.read("k07");
      await shard.fill("k08", { budget, keepFor: 1_000_000 });
      expect(await shard.holds(names(9))).toEqual([...names(7), "k08"]);
      await shard.fill("k09", { budget, keepFor: 500_000 });
      await shard.fill("k10", { budget, keepFor: 900_000 });
      expect(await shard.holds(names(11))).toEqual([...names(6), "k08", "k10"]);
    });

    test("where policies of a class differ: of those who hold more", async () => {
      const ttl = budgetOf(8 * one, { eviction: "ttl" });
      await fillAll(names(6), full());
      await fillAll(names(2, 6), ttl);
      await fillAll(["k08"], ttl);
      expect(await shard.holds(names(9))).toEqual(names(8, 1));
      await fillAll(names(3, 9), ttl);
      expect((await shard.holds(names(6))).length).toBe(3);
      expect((await shard.account()).bytes).toBe(8 * one);
    });

    test("never a dirty value: where nothing else is left, the fill is not stored", async () => {
      await fillAll(names(8), full());
      for (const key of names(7)) await shard.run("HSET", `tg:a:${key}`, "dirty", "1");
      await fillAll(["k08"], full());
      expect(await shard.holds(names(9))).toEqual([...names(7), "k08"]);
      await shard.run("HSET", "tg:a:k08", "dirty", "1");
      expect(await shard.fill("k09", { budget: full() })).toEqual({ kind: "no-room", reason: "room" });
      expect(await shard.holds(names(10))).toEqual([...names(7), "k08"]);
    });

    test("by ttl, dirty ones at the front hold up nobody for long", async () => {
      const budget = budgetOf(80 * one, { eviction: "ttl" });
      const keys = names(80);
      for (const key of keys) await shard.fill(key, { budget });
      for (const key of keys.slice(0, 70)) await shard.run("HSET", `tg:a:${key}`, "dirty", "1");
      expect(await shard.fill("first", { budget })).toEqual({ kind: "no-room", reason: "room" });
      expect(await shard.fill("next", { budget })).toMatchObject({ kind: "stored" });
      expect(await shard.holds(keys.slice(0, 70))).toEqual(keys.slice(0, 70));
    });

    test("never a lease or a marker, not even of what gives way", async () => {
      await fillAll(names(2), full());
      await shard.run("SET", "tg:l:k00", "somebody 1 1 1", "PX", 60_000);
      expect((await shard.lease("leased")).kind).toBe("leased");
      await shard.run("SET", "tg:l:marked", "uncacheable", "PX", 60_000);
      await fillAll(names(30, 2), full());
      expect(await shard.holds(["k00"])).toEqual([]);
      expect(await shard.run("EXISTS", "tg:l:k00", "tg:l:leased", "tg:l:marked")).toBe(3);
    });

    test("one class never makes another give way", async () => {
      await fillAll(names(8), full());
      await fillAll(names(30, 10), budgetOf(8 * one, { class: "hot" }));
      expect(await shard.holds(names(8))).toEqual(names(8));
      expect((await shard.account("hot")).evictions).toBe(22);
    });
  });

  describe("an answer too large for its class", () => {
    test("is not stored, says why, and leaves what is there", async () => {
      await fillAll(["k00"], full());
      const large = { budget: full(), size: one * 8 };
      expect(await shard.fill("k00", large)).toEqual({ kind: "no-room", reason: "size" });
      expect((await shard.read("k00")).kind).toBe("hit");
      expect((await shard.lease("k01")).kind).toBe("leased");
      expect(await shard.account()).toMatchObject({ bytes: one, keys: 1, evictions: 0 });
    });

    test("has no place in a class without a budget", async () => {
      const none = budgetOf(0, { class: "none" });
      expect(await shard.fill("k00", { budget: none })).toEqual({ kind: "no-room", reason: "size" });
      expect(await shard.holds(["k00"])).toEqual([]);
    });
  });

  describe("the account", () => {
    const isRight = async (bytes: number, name = "standard") => {
      expect((await shard.account(name)).bytes).toBe(bytes);
      for (const [, { used, counted, loose }] of await shard.held())
        expect({ used, loose }).toEqual({ used: counted, loose: 0 });
    };

    test("counts a retried fill once", async () => {
      for (let i = 0; i < 3; i++) expect((await shard.fill("k00", { id: "same" })).kind).toBe("stored");
      await isRight(one);
    });

    test("exchanges what is replaced", async () => {
      await shard.fill("k00", { size: 20_000 });
      await shard.fill("k00");
      await isRight(one);
    });

    test("follows an answer into another class", async () => {
      await shard.fill("k00");
      await shard.fill("k00", { budget: budgetOf(8 * one, { class: "hot", eviction: "ttl" }) });
      await isRight(0);
      await isRight(one, "hot");
    });

    test("follows an answer to another policy", async () => {
      await shard.fill("k00");
      await shard.fill("k00", { budget: { ...PLENTY, eviction: "ttl" } });
      await isRight(one);
    });

    test("holds what tells how a resource varies, with the list of its variants, and loses what is displaced", async () => {
      for (const name of ["de", "en", "fr"]) await shard.fill(name, { of: "page" });
      const three = (await shard.account()).bytes;
      expect(three).toBeGreaterThan(3 * one + 3 * 200);
      expect(await shard.fill("it", { of: "page" })).toEqual({ kind: "stored", displaced: 1 });
      await isRight(three);
      await shard.fill("page");
      expect(await shard.run("EXISTS", "tg:v:page")).toBe(0);
      await isRight(4 * one);
    });

    test("makes room for a resource's mark and list too", async () => {
      await fillAll(names(8), full());
      await shard.fill("de", { of: "page", budget: full() });
      expect((await shard.account()).bytes).toBeLessThanOrEqual(8 * one);
      expect(await shard.holds(["de", "page"])).toEqual(["de", "page"]);
    });

    test("gives up a resource that nobody asks for with its list", async () => {
      await shard.fill("de", { of: "page", budget: budgetOf(16 * one) });
      await fillAll(names(20), budgetOf(16 * one));
      expect(await shard.run("EXISTS", "tg:a:de", "tg:a:page", "tg:v:page")).toBe(0);
      await isRight(16 * one);
    });

    test("loses what was deleted by others, and what has expired", async () => {
      await fillAll(names(30));
      for (const key of names(5)) await shard.run("DEL", `tg:a:${key}`);
      await shard.fill("brief", { keepFor: 1 });
      await until("it has expired", async () => (await shard.holds(["brief"])).length === 0);
      expect((await shard.account()).bytes).toBe(31 * one);
      await shard.tend(4);
      await isRight(25 * one);
      expect((await shard.account()).evictions).toBe(0);
    });

    test("makes what is gone give way before anything that is there", async () => {
      await fillAll(names(8), full());
      await shard.run("DEL", "tg:a:k00");
      await fillAll(["k08"], full());
      expect(await shard.holds(names(9))).toEqual(names(8, 1));
      expect((await shard.account()).evictions).toBe(0);
    });

    test("is right again after graffiti in an answer's place was replaced, or was never asked for", async () => {
      await fillAll(["k00", "k01"]);
      for (const key of ["k00", "k01"]) {
        await shard.run("DEL", `tg:a:${key}`);
        await shard.run("SET", `tg:a:${key}`, "graffiti");
      }
      await shard.lease("k00");
      await fillAll(["k00"]);
      await shard.tend();
      await isRight(one);
    });

    test("begins anew where all was flushed, also with another budget", async () => {
      await fillAll(names(8), full());
      await shard.run("FLUSHALL");
      await isRight(0);
      await fillAll(names(9), full());
      await isRight(8 * one);
    });

    test("that was lost is made again of what is stored, and the budget holds again", async () => {
      await fillAll(names(20));
      await shard.run("DEL", "tg:q:standard", "tg:queues");
      await fillAll(names(4, 20), full());
      await shard.tend(6);
      await isRight(8 * one);
    });

    test("that somebody has changed is right after a lap", async () => {
      await fillAll(names(25));
      await shard.run("ZADD", "tg:q:standard", -1, "#used");
      await shard.tend(2);
      await fillAll(["k25", "k00"]);
      await shard.run("DEL", "tg:a:k01");
      await shard.tend(4);
      await shard.tend(3);
      await isRight(25 * one);
    });

    test("counts all that expire in the same instant, on whatever page they stand", async () => {
      const budget = { ...PLENTY, eviction: "ttl" as const };
      await fillAll(names(30), budget);
      const score = String(await shard.run("ZSCORE", "tg:q:standard", "k07"));
      for (const key of names(20, 3)) await shard.run("ZADD", "tg:q:standard", score, key);
      await shard.run("DEL", "tg:a:k05");
      await shard.tend(6);
      await isRight(29 * one);
    });

    test("by ttl gives way to whoever comes, also in one instant", async () => {
      const budget = budgetOf(20 * one, { eviction: "ttl" });
      await fillAll(names(20), budget);
      const score = String(await shard.run("ZSCORE", "tg:q:standard", "k00"));
      for (const key of names(20)) await shard.run("ZADD", "tg:q:standard", score, key);
      for (const key of names(19)) await shard.run("HSET", `tg:a:${key}`, "dirty", "1");
      await fillAll(["k20"], budget);
      expect(await shard.holds(names(21))).toEqual([...names(19), "k20"]);
    });

    test("that claims more than the queue holds keeps nobody out", async () => {
      await shard.fill("k00", { budget: full() });
      await shard.run("ZADD", "tg:q:standard", -1_000_000, "#used");
      await fillAll(["k01"], full());
      await isRight(one);
    });

    test("loses what is of another life of the shard", async () => {
      await fillAll(names(5));
      await shard.run("HSET", "tg:shard", "life", "7", "map", "7");
      await shard.tend();
      await isRight(0);
      expect(await shard.holds(names(5))).toEqual([]);
    });

    test("shrinks to a smaller budget", async () => {
      await fillAll(names(20));
      await fillAll(["k20"], full());
      await isRight(8 * one);
    });
  });

  test("the beat takes what is gone off the account, and the figures show what is there", async () => {
    const plane = await startPlane(rest, { SITES: [] });
    await lookWell(plane);
    const life = Number(await shard.run("HGET", "tg:shard", "life"));
    await fillAll(names(9), full());
    for (const key of names(8, 1)) await shard.run("HSET", `tg:a:${key}`, "life", life);
    await shard.run("DEL", "tg:a:k08");
    await beatWell(plane, false);
    const { json } = await plane.call("/cache-metrics");
    expect(json.shards).toHaveLength(1);
    const standard = { bytes: 7 * one, budgetBytes: 8 * one, keys: 7, evictions: 1 };
    expect(json.shards[0].classes).toEqual({ standard });
    expect(json.shards[0].evictions).toBe(1);
    expect(json.shards[0].memoryBytes).toBeGreaterThan(0);
  });
});
