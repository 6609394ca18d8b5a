// SIEVE with a byte budget, against the algorithm written down as an array, a hand and nothing else.

import { nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import type { BoundedCache } from "../../../shared/core/eviction/bounded-cache.ts";
import { holds } from "../samples.ts";
import { cacheOf, operationsOn, same } from "./cache-of.ts";

interface Resident {
  readonly key: string;
  value: number;
  size: number;
  visited: boolean;
}

/** Figure 1 of the paper: oldest first, the hand moves from old to new and begins again at the oldest. */
class NaiveSieve {
  readonly queue: Resident[] = [];
  readonly evictedKeys: string[] = [];
  private readonly budget: number;
  /** Index of the resident under the hand; null = it begins at the oldest. */
  private hand: number | null = null;

  constructor(budget: number) {
    this.budget = budget;
  }

  get used(): number {
    return this.queue.reduce((sum, { size }) => sum + size, 0);
  }

  find(key: string): Resident | undefined {
    return this.queue.find((resident) => resident.key === key);
  }

  get(key: string): number | undefined {
    const resident = this.find(key);
    if (resident !== undefined) resident.visited = true;
    return resident?.value;
  }

  set(key: string, value: number, size: number): boolean {
    const resident = this.find(key);
    if (size > this.budget / 4) {
      if (resident !== undefined) this.remove(this.queue.indexOf(resident));
      return false;
    }
    // Who is replaced is taken out, and comes back as the newest, used.
    if (resident !== undefined) this.remove(this.queue.indexOf(resident));
    while (this.used + size > this.budget) this.evict();
    this.queue.push({ key, value, size, visited: resident !== undefined });
    return true;
  }

  delete(key: string): boolean {
    const at = this.queue.findIndex((resident) => resident.key === key);
    if (at >= 0) this.remove(at);
    return at >= 0;
  }

  clear(): void {
    this.queue.length = 0;
    this.hand = null;
  }

  private evict(): void {
    let at = this.hand ?? 0;
    for (;;) {
      const resident = this.queue[at];
      if (resident === undefined) throw new Error("the hand points at nobody");
      if (!resident.visited) break;
      resident.visited = false;
      at = (at + 1) % this.queue.length;
    }
    this.hand = at;
    this.evictedKeys.push(this.queue[at]?.key ?? "");
    this.remove(at);
  }

  private remove(at: number): void {
    this.queue.splice(at, 1);
    if (this.hand === null) return;
    if (at < this.hand) this.hand -= 1;
    if (this.hand >= this.queue.length) this.hand = null;
  }
}

const operations = operationsOn("abcdefghij", { largest: 26, least: 60, most: 120 });

describe("a SIEVE cache", () => {
  test("does what the naive one does, on any sequence of operations", () => {
    holds(
      property(operations, nat({ max: 90 }), (list, clearedAt) => {
        const evictedKeys: string[] = [];
        const cache = cacheOf<number>("sieve", 100, (evicted) => evictedKeys.push(evicted));
        const naive = new NaiveSieve(100);
        for (const [value, step] of list.entries()) {
          if (value === clearedAt) {
            cache.clear();
            naive.clear();
          }
          if (step.kind === "get") same(cache.get(step.key), naive.get(step.key));
          if (step.kind === "peek") same(cache.peek(step.key), naive.find(step.key)?.value);
          if (step.kind === "delete") same(cache.delete(step.key), naive.delete(step.key));
          if (step.kind === "set")
            same(cache.set(step.key, value, step.size), naive.set(step.key, value, step.size));
          const held = naive.queue.map((one) => [one.key, one.value]);
          same([...cache.entries()].sort().join(), held.sort().join());
          same(evictedKeys.join(), naive.evictedKeys.join());
          const counts = [cache.size, cache.bytesUsed, cache.evictions];
          same(counts.join(), [naive.queue.length, naive.used, naive.evictedKeys.length].join());
        }
      }),
      150,
    );
  });
});

describe("what is evicted", () => {
  /** Eight of these fill the budget. */
  function full(evicted: string[] = []): BoundedCache<string> {
    const cache = cacheOf<string>("sieve", 80, (gone) => evicted.push(gone));
    for (const name of "abcdefgh") cache.set(name, name, 10);
    return cache;
  }
  const keysOf = (cache: BoundedCache<string>) =>
    [...cache.entries()]
      .map(([name]) => name)
      .sort()
      .join("");

  test("is the oldest where nothing was used", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    for (const name of "xyz") cache.set(name, name, 10);
    expect([evicted.join(""), keysOf(cache)]).toEqual(["abc", "defghxyz"]);
  });

  test("is not what was used, once; and a use moves nothing", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    for (const name of "acd") cache.get(name);
    expect(keysOf(cache)).toBe("abcdefgh");
    for (const name of "wxyz") cache.set(name, name, 10);
    expect([evicted.join(""), keysOf(cache)]).toEqual(["befg", "acdhwxyz"]);
  });

  test("is found past the newest from the oldest on, uses spent", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    for (const name of "abcdefgh") cache.get(name);
    for (const name of "xy") cache.set(name, name, 10);
    expect(evicted.join("")).toBe("ab");
  });

  test("is not chosen by a peek", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    cache.peek("a");
    cache.set("x", "x", 10);
    expect(evicted).toEqual(["a"]);
  });

  test("goes on from the next newer one where the one under the hand was deleted", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    cache.get("a");
    cache.set("x", "x", 10);
    expect(evicted.join("")).toBe("b");
    cache.delete("c");
    cache.set("y", "y", 10);
    cache.set("z", "z", 10);
    expect([evicted.join(""), keysOf(cache)]).toEqual(["bd", "aefghxyz"]);
  });

  test("is as much as a larger object needs", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    expect(cache.set("big", "big", 20)).toBe(true);
    expect([evicted.join(""), cache.bytesUsed]).toEqual(["ab", 80]);
  });

  test("is never an object that just grew", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    cache.set("a", "larger", 20);
    expect([evicted.join(""), cache.peek("a"), cache.bytesUsed]).toEqual(["b", "larger", 80]);
  });
});

describe("where everything was used", () => {
  test("an object that just grew is spared all the same, and the budget holds", () => {
    const cache = cacheOf<string>("sieve", 80);
    for (const name of "abcdefgh") cache.set(name, name, 10);
    for (const name of "abcdefgh") cache.get(name);
    cache.set("a", "larger", 20);
    expect([cache.peek("a"), cache.peek("b"), cache.bytesUsed]).toEqual(["larger", undefined, 80]);
  });
});
