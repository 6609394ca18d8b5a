// What each replacement policy is there for, on cases small enough to follow.

import { describe, expect, test } from "vitest";
import type { BoundedCache } from "../../../shared/core/eviction/bounded-cache.ts";
import { Ghosts } from "../../../shared/core/eviction/ghosts.ts";
import { hashOf } from "../../../shared/core/eviction/hash.ts";
import { cacheOf, cacheOfEntries } from "./cache-of.ts";

const keysOf = (cache: BoundedCache<unknown>): string =>
  [...cache.entries()]
    .map(([name]) => name)
    .sort()
    .join("");

/** Asks for each letter, and stores what was not there. */
function ask(cache: BoundedCache<number>, letters: string, size = 1): number {
  let hits = 0;
  for (const letter of letters) {
    if (cache.get(letter) !== undefined) hits += 1;
    else cache.set(letter, 0, size);
  }
  return hits;
}

function scan(cache: BoundedCache<number>, length: number, from = 0): void {
  for (let at = from; at < from + length; at++)
    if (cache.get(`scan${at}`) === undefined) cache.set(`scan${at}`, 0, 1);
}

describe("a working set that is asked for again and again", () => {
  /** A fifth of the capacity, asked for five times; how many of it a scan of three capacities leaves. */
  function survivors(policy: Parameters<typeof cacheOfEntries>[0]): number {
    const cache = cacheOfEntries(policy, 100);
    for (let round = 0; round < 5; round++) ask(cache, "abcdefghijklmnopqrst");
    scan(cache, 300);
    return [..."abcdefghijklmnopqrst"].filter((letter) => cache.peek(letter) !== undefined).length;
  }

  test.each(["sieve", "s3-fifo", "gdsf"] as const)("outlives a scan in %s", (policy) => {
    expect(survivors(policy)).toBe(20);
  });

  test("does not in lru: that is what the others are for", () => {
    expect(survivors("lru")).toBe(0);
  });
});

describe("S3-FIFO", () => {
  test("lets who was asked for once leave by the small queue, in order of arrival", () => {
    const cache = cacheOfEntries("s3-fifo", 10);
    ask(cache, "abcdefghijxyz");
    expect(keysOf(cache)).toBe("defghijxyz");
  });

  test("keeps who was used twice, and not who was used once", () => {
    const cache = cacheOfEntries("s3-fifo", 10);
    ask(cache, "abcdefghijaab");
    scan(cache, 30);
    expect([cache.peek("a"), cache.peek("b")]).toEqual([0, undefined]);
  });

  test("takes who left the small queue lately straight to the main one", () => {
    const cache = cacheOfEntries("s3-fifo", 10);
    ask(cache, "abcdefghijx");
    expect(cache.peek("a")).toBeUndefined();
    ask(cache, "a");
    scan(cache, 30);
    expect(cache.peek("a")).toBe(0);
  });

  test("does not know any more who left long ago", () => {
    const cache = cacheOfEntries("s3-fifo", 10);
    ask(cache, "abcdefghijx");
    scan(cache, 200);
    ask(cache, "a");
    scan(cache, 30, 200);
    expect(cache.peek("a")).toBeUndefined();
  });

  test("gives the main queue's oldest another round for each use, and no more than three", () => {
    const cache = cacheOfEntries("s3-fifo", 10);
    ask(cache, "aaaaaaaa");
    // Each letter is asked for three times, so all of them want to stay.
    for (const letter of "bcdefghijklmnopqrstuvwxyz") ask(cache, letter.repeat(3));
    expect(cache.peek("a")).toBeUndefined();
  });
});

describe("LRU", () => {
  test("evicts who was used longest ago, a replacement being a use", () => {
    const evicted: string[] = [];
    const cache = cacheOf<number>("lru", 50, (name) => evicted.push(name));
    ask(cache, "abcdeb", 10);
    cache.set("a", 1, 10);
    ask(cache, "wxyz", 10);
    expect(evicted.join("")).toBe("cdeb");
  });
});

describe("TTL", () => {
  test("evicts what expires soonest, used or not, by its latest value", () => {
    const evicted: string[] = [];
    const cache = cacheOf<number>("ttl", 50, (name) => evicted.push(name));
    for (const [name, expiry] of [
      ["a", 30],
      ["b", 10],
      ["c", 20],
      ["d", 50],
      ["e", 40],
    ] as const)
      cache.set(name, expiry, 10);
    cache.get("b");
    cache.set("c", 60, 10);
    for (const name of "xyz") cache.set(name, 100, 10);
    expect(evicted.join("")).toBe("bae");
  });

  test("takes a negative instant, and one that never comes, as it takes others", () => {
    const evicted: string[] = [];
    const cache = cacheOf<number>("ttl", 40, (name) => evicted.push(name));
    for (const [name, expiry] of [
      ["a", Number.POSITIVE_INFINITY],
      ["b", -5],
      ["c", 0],
      ["d", 5],
    ] as const)
      cache.set(name, expiry, 10);
    for (const name of "xyz") cache.set(name, 100, 10);
    expect(evicted.join("")).toBe("bcd");
  });
});

describe("GDSF", () => {
  test("lets the large one go before small ones that are used as often", () => {
    const cache = cacheOf<number>("gdsf", 100);
    ask(cache, "abcde", 10);
    ask(cache, "L", 25);
    ask(cache, "fgh", 10);
    expect(keysOf(cache)).toBe("abcdefgh");
  });

  test("keeps a large one that is used often enough for its size", () => {
    const cache = cacheOf<number>("gdsf", 100);
    ask(cache, "L", 25);
    ask(cache, "LL");
    ask(cache, "abcdefgh", 10);
    expect(cache.peek("L")).toBe(0);
  });

  test("lets an old favourite go that nobody asks for any more", () => {
    const cache = cacheOfEntries("gdsf", 4);
    ask(cache, "a".repeat(1000));
    scan(cache, 600);
    expect(cache.peek("a")).toBe(0);
    scan(cache, 400, 600);
    expect(cache.peek("a")).toBeUndefined();
  });

  test("counts the earlier uses of who left and returns", () => {
    const cache = cacheOfEntries("gdsf", 8);
    ask(cache, "aaa");
    let at = 0;
    while (cache.peek("a") !== undefined) scan(cache, 1, at++);
    ask(cache, "az");
    scan(cache, 40, at);
    expect([cache.peek("a"), cache.peek("z")]).toEqual([0, undefined]);
  });
});

describe("ghosts", () => {
  const named = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

  const arrive = (name: string, ghosts: Ghosts) => ghosts.arrive(hashOf(name, 1));

  /** Lets keys come in and leave again. */
  function left(names: readonly string[], ghosts: Ghosts): void {
    for (const name of names) {
      arrive(name, ghosts);
      ghosts.leave(hashOf(name, 1), 5);
    }
  }

  test("are known by their note, once", () => {
    const ghosts = new Ghosts();
    ghosts.fit(64);
    left(["a"], ghosts);
    expect(["b", "a", "a"].map((name) => arrive(name, ghosts))).toEqual([0, 5, 0]);
  });

  test("are about as many as there is room for, the latest of those that left, and no strangers", () => {
    const ghosts = new Ghosts();
    ghosts.fit(10_000);
    const names = named(30_000, "k");
    left(names, ghosts);
    const known = (some: readonly string[]) => some.filter((name) => arrive(name, ghosts) > 0).length;
    expect(known(names.slice(22_000))).toBeGreaterThan(7_200);
    expect(known(names.slice(0, 15_000))).toBeLessThan(150);
    expect(known(named(10_000, "stranger"))).toBeLessThan(3);
  });
});
