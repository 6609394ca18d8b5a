// What every replacement policy owes: exact accounts, a budget never exceeded, nobody sent away without need.

import { nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { holds } from "../samples.ts";
import { cacheOf, cacheOfEntries, operationsOn, POLICIES, same } from "./cache-of.ts";

const operations = operationsOn("abcdefghijklmnop", { largest: 30, least: 40, most: 150 });
const BUDGET = 100;

/** What was put in and neither deleted nor evicted, by key. */
type Model = Map<string, { value: number; size: number }>;

const listed = (entries: Iterable<[string, number]>): string => [...entries].sort().join(";");

const sumOf = (model: Model): number => [...model.values()].reduce((sum, { size }) => sum + size, 0);

describe.each(POLICIES)("%s", (policy) => {
  test("holds exactly what was put in and neither deleted nor evicted", () => {
    holds(
      property(operations, nat({ max: 120 }), (list, clearedAt) => {
        const model: Model = new Map();
        const gone: [string, number][] = [];
        const cache = cacheOf<number>(policy, BUDGET, (name, value) => gone.push([name, value]));
        for (const [value, step] of list.entries()) {
          if (value === clearedAt) {
            cache.clear();
            model.clear();
          }
          const evictedBefore = gone.length;
          const present = model.get(step.key);
          if (step.kind === "get") same(cache.get(step.key), present?.value);
          if (step.kind === "peek") same(cache.peek(step.key), present?.value);
          if (step.kind === "delete") same(cache.delete(step.key), model.delete(step.key));
          if (step.kind === "set") {
            same(cache.set(step.key, value, step.size), step.size <= BUDGET / 4);
            model.delete(step.key);
            const evicted = gone.slice(evictedBefore);
            for (const [name, old] of evicted) {
              // Each was there, and without its going the newcomer would not have fitted.
              same(sumOf(model) + step.size > BUDGET, true);
              same(model.get(name)?.value, old);
              model.delete(name);
            }
            if (step.size <= BUDGET / 4) model.set(step.key, { value, size: step.size });
          } else same(gone.length, evictedBefore);
          same(listed(cache.entries()), listed([...model].map(([name, one]) => [name, one.value])));
          const counts = [cache.size, cache.bytesUsed, cache.evictions];
          same(counts.join(), [model.size, sumOf(model), gone.length].join());
          same(cache.bytesUsed <= BUDGET, true);
        }
      }),
      60,
    );
  });

  test("keeps its accounts over more residents than it had room for at first", () => {
    const cache = cacheOf<number>(policy, 3000);
    for (let at = 0; at < 5000; at++) {
      cache.set(`k${at}`, at, 1 + (at % 3));
      if (at % 7 === 0) cache.get(`k${at - 100}`);
      if (at % 11 === 0) cache.delete(`k${at - 50}`);
    }
    const sizes = [...cache.entries()].map(([, at]) => 1 + (at % 3));
    expect(cache.bytesUsed).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect([cache.size, cache.bytesUsed > 2990]).toEqual([sizes.length, true]);
    for (const [name, at] of [...cache.entries()]) {
      expect(cache.get(name)).toBe(at);
      expect(cache.delete(name)).toBe(true);
    }
    expect([cache.size, cache.bytesUsed]).toEqual([0, 0]);
  });

  test("gives up all that it holds, one by one, when told to", () => {
    const gone: string[] = [];
    const cache = cacheOf<number>(policy, 100, (name) => gone.push(name));
    for (const name of "abcdefghij") cache.set(name, 1, 10);
    for (const name of "abcj") cache.get(name);
    while (cache.size > 0) cache.evict();
    expect([gone.sort().join(""), cache.bytesUsed, cache.evictions]).toEqual(["abcdefghij", 0, 10]);
  });

  test("refuses what is larger than a quarter of the budget, evicts nobody for it, and lets its older value go", () => {
    const cache = cacheOf<string>(policy, 100);
    cache.set("a", "a", 25);
    cache.set("b", "old", 10);
    expect(cache.set("huge", "huge", 26)).toBe(false);
    expect(cache.set("b", "new", 26)).toBe(false);
    expect([cache.peek("a"), cache.peek("b"), cache.peek("huge")]).toEqual(["a", undefined, undefined]);
    expect([cache.size, cache.bytesUsed, cache.evictions]).toEqual([1, 25, 0]);
  });

  test("takes anything that fits where it counts entries, and nothing without a budget", () => {
    const one = cacheOfEntries(policy, 1);
    expect([one.set("a", 1, 1), one.set("b", 2, 1), one.size, one.get("b")]).toEqual([true, true, 1, 2]);
    expect(cacheOf<string>(policy, 0).set("a", "a", 1)).toBe(false);
  });

  test("never evicts whom it is replacing, however much larger", () => {
    for (const used of ["", "abcdefgh", "bcdefgh"]) {
      const cache = cacheOf<string>(policy, 80);
      for (const name of "abcdefgh") cache.set(name, name, 10);
      for (const name of used) cache.get(name);
      expect(cache.set("a", "larger", 20)).toBe(true);
      expect([cache.peek("a"), cache.size, cache.bytesUsed]).toEqual(["larger", 7, 80]);
    }
  });

  test("does the same every time", () => {
    const runs = [0, 1].map(() => {
      const gone: string[] = [];
      const cache = cacheOf<number>(policy, 1000, (name) => gone.push(name));
      for (let at = 0; at < 3000; at++) {
        const name = `k${(at * at) % 701}`;
        if (cache.get(name) === undefined) cache.set(name, at % 97, 1 + (at % 50));
      }
      return gone;
    });
    expect(runs[0]?.length).toBeGreaterThan(500);
    expect(runs[1]).toEqual(runs[0]);
  });
});
