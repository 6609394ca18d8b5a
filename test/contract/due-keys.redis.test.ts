// The due set, against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { millis, minutes, seconds } from "../../shared/core/units.ts";
import { createDueKeys, type DueKeys } from "../../shared/mid-tier/due-keys.ts";
import { DUE, DUE_ANSWERS, DUE_RATES } from "../../shared/mid-tier/keys.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { encodeHotKey, type HotCount, type HotKey } from "../../shared/wire/hot.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

const keyOf = (path: string): HotKey => ({
  site: "default",
  class: "hot",
  url: `https://site.test/${path}`,
  headers: [],
});
const idOf = (path: string): string => encodeHotKey(keyOf(path));

const LIFE = 60_000;
const SOON = 1000;
const AGAIN = seconds(1);
const count = (path: string, requests: number, more: Partial<HotCount["renewal"]> = {}): HotCount => ({
  ...keyOf(path),
  requests,
  renewal: { inMs: SOON, lifeMs: LIFE, tookMs: 100, ...more },
});
const unheld = (path: string, requests: number): HotCount => ({ ...keyOf(path), requests, renewal: null });

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let due: DueKeys;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    due = createDueKeys(redis, {
      ...{ deadline: millis(2000), halfLife: minutes(5), most: 4, lead: millis(2500), late: seconds(5) },
      ...{ again: AGAIN, looked: 100, leastLife: seconds(15) },
    });
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
  });

  const run = (...command: RedisArgument[]): Promise<RedisReply> => replyTo(redis, ...command);
  const noteOnce = async (...counts: HotCount[]): Promise<void> => {
    expect(await due.note(counts)).toEqual({ kind: "done" });
  };
  /** Of keys that have been seen before. */
  async function note(...counts: HotCount[]): Promise<void> {
    await noteOnce(...counts);
    await noteOnce(...counts);
  }
  type Taken = { readonly paths: string[]; readonly idle: number; readonly missed: number };
  const take = async (most = 10): Promise<Taken> => {
    const outcome = await due.take(most);
    if (outcome.kind !== "due") throw new Error(outcome.reason);
    const { keys, idle, missed } = outcome;
    return { paths: keys.map(({ key }) => key.url.slice("https://site.test/".length)), idle, missed };
  };
  /** Of what is noted so many, and what is left: anew where so long lay between that what was taken has come again. */
  async function takenTwice(most: number, counts: readonly HotCount[], rounds = 4): Promise<[Taken, Taken]> {
    await run("FLUSHALL");
    await note(...counts);
    const begun = performance.now();
    const taken: [Taken, Taken] = [await take(most), await take()];
    const isInTime = performance.now() - begun < AGAIN;
    return isInTime || rounds === 1 ? taken : takenTwice(most, counts, rounds - 1);
  }
  const settle = async (path: string, inMs: number | null): Promise<void> => {
    const renewal = inMs === null ? null : { inMs, lifeMs: LIFE, tookMs: 100 };
    expect(await due.settle([{ id: idOf(path), renewal }])).toEqual({ kind: "done" });
  };
  /** As if all of it had been noted so long ago. */
  async function ago(ms: number): Promise<void> {
    for (const id of (await run("ZRANGE", DUE_RATES, 0, -1)) as string[]) {
      await run("ZINCRBY", DUE_RATES, -ms / minutes(5), id);
      const [took, life, ends, begun] = String(await run("HGET", DUE_ANSWERS, id)).split(" ");
      await run("HSET", DUE_ANSWERS, id, `${took} ${life} ${Number(ends) - ms} ${Number(begun) - ms}`);
      if ((await run("ZSCORE", DUE, id)) !== null) await run("ZINCRBY", DUE, -ms, id);
    }
  }

  test("nothing has been counted", async () => {
    await note();
    expect(await take()).toEqual({ paths: [], idle: 0, missed: 0 });
  });

  test("what expires soon is taken, by requests times what a fetch takes; what does not is left", async () => {
    const counts = [
      count("cheap", 80, { tookMs: 10 }),
      count("dear", 40, { tookMs: 500 }),
      count("asked", 80, { tookMs: 200 }),
      count("later", 900, { inMs: 30_000 }),
    ];
    const [first, second] = await takenTwice(2, counts);
    expect(first).toEqual({ paths: ["dear", "asked"], idle: 0, missed: 0 });
    expect(second.paths).toEqual(["cheap"]);
    await ago(28_000);
    expect((await take()).paths).toContain("later");
  });

  test("the first sight of a key is no sign of a second; what several edges count after it adds up", async () => {
    await noteOnce(count("a", 100));
    expect(await take()).toEqual({ paths: [], idle: 1, missed: 0 });
    // With what is held then it is worth it.
    await noteOnce(unheld("a", 1), count("a", 1, { inMs: 2000 }));
    expect((await take()).paths).toEqual(["a"]);
  });

  test("one request in a life is worth a renewal, and less is not", async () => {
    await note(count("a", 4));
    await settle("a", SOON);
    await ago(4 * LIFE - 2000);
    await noteOnce(count("a", 1));
    expect((await take()).paths).toEqual(["a"]);
    await ago(2 * LIFE);
    await noteOnce(count("a", 1));
    expect(await take()).toMatchObject({ paths: [], idle: 1 });
  });

  test("after a long silence a key begins anew", async () => {
    await note(count("a", 1));
    await ago(minutes(30));
    await noteOnce(count("a", 8));
    expect(await take()).toMatchObject({ paths: [], idle: 1 });
    await noteOnce(count("a", 8, { inMs: 2000 }));
    expect((await take()).paths).toEqual(["a"]);
  });

  test("of what nobody holds, or what lives for moments, nothing is noted", async () => {
    await note(unheld("a", 100), count("b", 100, { lifeMs: 10_000 }));
    expect(await run("EXISTS", DUE, DUE_RATES, DUE_ANSWERS)).toBe(0);
  });

  test("what has been taken comes again after a while, and when it was settled, then", async () => {
    const [first, second] = await takenTwice(
      10,
      ["a", "b", "c"].map((path) => count(path, 100)),
    );
    expect([first.paths, second.paths]).toEqual([["a", "b", "c"], []]);
    await settle("a", 57_000);
    await settle("b", null);
    await ago(1000);
    expect((await take()).paths).toEqual(["c"]);
    await ago(54_000);
    expect((await take()).paths).toContain("a");
    expect(await run("ZSCORE", DUE_RATES, idOf("b"))).toBeNull();
  });

  test("an older copy at another edge makes no key due that was renewed", async () => {
    await note(count("a", 100));
    await take();
    await settle("a", 57_000);
    await noteOnce(count("a", 8));
    await ago(1000);
    expect((await take()).paths).toEqual([]);
  });

  test("what could not be renewed is tried again until it has expired for a while, and is missed then", async () => {
    await note(count("a", 100));
    const seen: string[][] = [];
    for (let second = 0; second < 12; second++) {
      const { paths, missed } = await take();
      seen.push(missed > 0 ? ["missed"] : paths);
      await ago(1000);
    }
    // Its real time passes as well, by which the last of six tries may come too late.
    const tries = seen.flat();
    expect(tries.pop()).toBe("missed");
    expect(new Set(tries)).toEqual(new Set(["a"]));
    expect([4, 5, 6]).toContain(tries.length);
    // Whoever has fetched it since makes it due once more.
    await note(count("a", 8, { inMs: 2000 }));
    expect((await take()).paths).toEqual(["a"]);
  });

  test("there are no more than so many: what is asked for least gives way", async () => {
    await note(...[5, 4, 3, 2, 1].map((n) => count(`k${n}`, 100 * n)));
    expect(await run("ZCARD", DUE_RATES)).toBe(4);
    expect(await run("HLEN", DUE_ANSWERS)).toBe(4);
    expect((await take()).paths).toEqual(["k5", "k4", "k3", "k2"]);
    await settle("k1", SOON);
    expect(await run("ZSCORE", DUE, idOf("k1"))).toBeNull();
  });

  test("what is no key is left out, and all of it is forgotten some hours after the last", async () => {
    await note(count("a", 100));
    await run("ZADD", DUE, 0, "of another release");
    expect(await take()).toEqual({ paths: ["a"], idle: 1, missed: 0 });
    for (const key of [DUE, DUE_RATES, DUE_ANSWERS])
      expect(Number(await run("PTTL", key))).toBeGreaterThan(3_600_000);
  });

  test("a Redis that does not answer is no empty set", async () => {
    const away = createDueKeys({ run: async () => ({ kind: "unavailable", reason: "away" }) } as Redis, {
      ...{ deadline: millis(1), halfLife: minutes(5), most: 4, lead: millis(1), late: seconds(5) },
      ...{ again: seconds(1), looked: 100, leastLife: seconds(15) },
    });
    expect(await away.take(1)).toMatchObject({ kind: "unavailable" });
    expect(await away.note([count("a", 1)])).toMatchObject({ kind: "unavailable" });
  });
});
