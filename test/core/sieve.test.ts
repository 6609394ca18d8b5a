// SIEVE with a byte budget, against the algorithm written down as an array, a hand and nothing else.

import { array, constantFrom, integer, nat, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { SieveCache } from "../../shared/core/eviction/sieve.ts";
import { bytes } from "../../shared/core/units.ts";
import { holds } from "./samples.ts";

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
    if (resident === undefined) {
      while (this.used + size > this.budget && this.queue.length > 0) this.evict(null);
      this.queue.push({ key, value, size, visited: false });
    } else {
      Object.assign(resident, { value, size, visited: true });
      while (this.used > this.budget) this.evict(resident);
    }
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

  private evict(spared: Resident | null): void {
    let at = this.hand ?? 0;
    for (;;) {
      const resident = this.queue[at];
      if (resident === undefined) throw new Error("the hand points at nobody");
      if (resident !== spared && !resident.visited) break;
      if (resident !== spared) resident.visited = false;
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

const key = constantFrom(..."abcdefghij");
const operation = oneof(
  { weight: 4, arbitrary: record({ kind: constantFrom("get" as const), key }) },
  {
    weight: 6,
    arbitrary: record({
      kind: constantFrom("set" as const),
      key,
      size: oneof(integer({ min: 1, max: 26 }), constantFrom(0, 5)),
    }),
  },
  { weight: 1, arbitrary: record({ kind: constantFrom("delete" as const), key }) },
  { weight: 1, arbitrary: record({ kind: constantFrom("peek" as const), key }) },
);
const operations = array(operation, { minLength: 60, maxLength: 120, size: "max" });

describe("a SIEVE cache", () => {
  test("does what the naive one does, on any sequence of operations", () => {
    holds(
      property(operations, nat({ max: 90 }), (list, clearedAt) => {
        const evictedKeys: string[] = [];
        const cache = new SieveCache<number>(bytes(100), (evicted) => evictedKeys.push(evicted));
        const naive = new NaiveSieve(100);
        for (const [value, step] of list.entries()) {
          if (value === clearedAt) {
            cache.clear();
            naive.clear();
          }
          if (step.kind === "get") expect(cache.get(step.key)).toBe(naive.get(step.key));
          if (step.kind === "peek") expect(cache.peek(step.key)).toBe(naive.find(step.key)?.value);
          if (step.kind === "delete") expect(cache.delete(step.key)).toBe(naive.delete(step.key));
          if (step.kind === "set")
            expect(cache.set(step.key, value, step.size)).toBe(naive.set(step.key, value, step.size));
          expect([...cache.entries()]).toEqual(naive.queue.map((one) => [one.key, one.value]).reverse());
          expect(evictedKeys).toEqual(naive.evictedKeys);
          expect([cache.size, cache.bytesUsed, cache.evictions]).toEqual([
            naive.queue.length,
            naive.used,
            naive.evictedKeys.length,
          ]);
        }
      }),
      400,
    );
  });

  test("never exceeds its budget, and counts exactly what it holds", () => {
    const sizes = array(record({ key: nat({ max: 30 }), size: integer({ min: 0, max: 400 }) }), {
      maxLength: 200,
      size: "max",
    });
    holds(
      property(sizes, nat({ max: 1000 }), (list, budget) => {
        const cache = new SieveCache<number>(bytes(budget));
        for (const { key: name, size } of list) {
          cache.set(String(name), size, size);
          const held = [...cache.entries()].reduce((sum, [, each]) => sum + each, 0);
          expect(cache.bytesUsed).toBe(held);
          expect(held).toBeLessThanOrEqual(budget);
        }
      }),
    );
  });
});

describe("what is evicted", () => {
  /** Eight of these fill the budget. */
  function full(evicted: string[] = []): SieveCache<string> {
    const cache = new SieveCache<string>(bytes(80), (gone) => evicted.push(gone));
    for (const name of "abcdefgh") cache.set(name, name, 10);
    return cache;
  }
  const keysOf = (cache: SieveCache<string>) => [...cache.entries()].map(([name]) => name).join("");

  test("is the oldest where nothing was used", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    for (const name of "xyz") cache.set(name, name, 10);
    expect([evicted.join(""), keysOf(cache)]).toEqual(["abc", "zyxhgfed"]);
  });

  test("is not what was used, once; and a use moves nothing", () => {
    const evicted: string[] = [];
    const cache = full(evicted);
    for (const name of "acd") cache.get(name);
    expect(keysOf(cache)).toBe("hgfedcba");
    for (const name of "wxyz") cache.set(name, name, 10);
    expect([evicted.join(""), keysOf(cache)]).toEqual(["befg", "zyxwhdca"]);
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
    expect([evicted.join(""), keysOf(cache)]).toEqual(["bd", "zyxhgfea"]);
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
    const cache = new SieveCache<string>(bytes(80));
    for (const name of "abcdefgh") cache.set(name, name, 10);
    for (const name of "abcdefgh") cache.get(name);
    cache.set("a", "larger", 20);
    expect([cache.peek("a"), cache.peek("b"), cache.bytesUsed]).toEqual(["larger", undefined, 80]);
  });
});

describe("an object larger than a quarter of the budget", () => {
  test("is refused, and evicts nothing", () => {
    const cache = new SieveCache<string>(bytes(100));
    cache.set("a", "a", 25);
    expect(cache.set("huge", "huge", 26)).toBe(false);
    expect([cache.size, cache.evictions, cache.peek("huge")]).toEqual([1, 0, undefined]);
  });

  test("takes its older, smaller value with it", () => {
    const cache = new SieveCache<string>(bytes(100));
    cache.set("a", "old", 10);
    expect(cache.set("a", "new", 26)).toBe(false);
    expect([cache.get("a"), cache.size, cache.bytesUsed]).toEqual([undefined, 0, 0]);
  });

  test("is anything at all where there is no budget", () => {
    const cache = new SieveCache<string>(bytes(0));
    expect(cache.set("a", "a", 1)).toBe(false);
    expect(cache.size).toBe(0);
  });
});
