// The answers of a class in memory, where its rules name more than one eviction policy, or change it.

import { array, constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { ClassMemory } from "../../edge/tiers/class-memory.ts";
import type { EvictionPolicy } from "../../shared/core/rules.ts";
import { bytes } from "../../shared/core/units.ts";
import { holds } from "../core/samples.ts";

const memoryOf = (budget: number) =>
  new ClassMemory<number>({ budget: bytes(budget), expiryOf: (value) => value, seed: 1 });

function fill(memory: ClassMemory<number>, eviction: EvictionPolicy, names: readonly string[]): void {
  for (const name of names) memory.set(eviction, name, { value: 1, size: 10 });
}

const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

const held = (memory: ClassMemory<number>, names: readonly string[]): number =>
  names.filter((name) => memory.peek(name) !== undefined).length;

const stores = array(
  record({
    eviction: constantFrom<EvictionPolicy>("sieve", "s3-fifo", "lru", "gdsf", "ttl"),
    key: constantFrom(..."abcdefghijklmnopqrst"),
    size: integer({ min: 0, max: 30 }),
  }),
  { minLength: 50, maxLength: 200, size: "max" },
);

describe("a class's memory where sizes count", () => {
  const SMALL = named("small", 1000);
  const large = (memory: ClassMemory<number>, name: string): void =>
    memory.set("gdsf", name, { value: 1, size: 1000 });

  test("loses nobody to large objects that are asked for once, however many", () => {
    const memory = memoryOf(10_000);
    fill(memory, "gdsf", SMALL);
    const before = held(memory, SMALL);
    for (const name of named("large", 5000)) large(memory, name);
    expect(held(memory, SMALL)).toBe(before);
  });

  test("takes a large object that comes again, and one that there is room for", () => {
    const memory = memoryOf(10_000);
    large(memory, "first");
    fill(memory, "gdsf", SMALL);
    expect(held(memory, ["first"])).toBe(0);
    large(memory, "second");
    expect(held(memory, ["second"])).toBe(0);
    large(memory, "second");
    expect(held(memory, ["second"])).toBe(1);
    expect(held(memory, SMALL)).toBeGreaterThan(850);
  });

  test("remembers so many that came once, and no more", () => {
    const memory = memoryOf(10_000);
    fill(memory, "gdsf", SMALL);
    large(memory, "one");
    for (const name of named("large", 256)) large(memory, name);
    large(memory, "one");
    expect(held(memory, ["one"])).toBe(0);
  });
});

describe("a class's memory", () => {
  test("stays within the one budget whichever policies share it, and holds a key once", () => {
    holds(
      property(stores, (list) => {
        const memory = memoryOf(100);
        const sizes: number[] = [];
        for (const [value, { eviction, key, size }] of list.entries()) {
          memory.set(eviction, key, { value, size });
          sizes.push(size);
          const values = [...memory.values()];
          const sum = values.reduce((total, at) => total + (sizes[at] ?? 0), 0);
          expect([memory.bytesUsed, memory.size, sum <= 100].join()).toBe([sum, values.length, true].join());
          expect([undefined, value]).toContain(memory.get(key));
        }
      }),
      60,
    );
  });

  test("keeps what it holds when the policy changes, and drains it as new answers come", () => {
    const memory = memoryOf(1000);
    const [old, young] = [named("old", 100), named("new", 400)];
    fill(memory, "sieve", old);
    expect(held(memory, old)).toBe(100);
    fill(memory, "lru", young.slice(0, 50));
    expect(held(memory, old)).toBeGreaterThan(40);
    expect(memory.bytesUsed).toBe(1000);
    fill(memory, "lru", young);
    expect(held(memory, old)).toBeLessThan(5);
    expect([memory.bytesUsed, held(memory, young) > 95]).toEqual([1000, true]);
  });

  test("is shared by two policies as their fills are", () => {
    const memory = memoryOf(1000);
    for (let at = 0; at < 1000; at++) {
      fill(memory, "sieve", [`s${at}`]);
      fill(memory, "lru", [`l${3 * at}`, `l${3 * at + 1}`, `l${3 * at + 2}`]);
    }
    expect(held(memory, named("s", 1000))).toBeGreaterThan(20);
    expect(held(memory, named("s", 1000))).toBeLessThan(30);
  });

  test("answers with the latest value, under whichever policy an older one was stored", () => {
    const memory = memoryOf(1000);
    memory.set("sieve", "a", { value: 1, size: 10 });
    memory.set("gdsf", "a", { value: 2, size: 20 });
    expect([memory.get("a"), memory.size, memory.bytesUsed]).toEqual([2, 1, 20]);
    memory.set("ttl", "a", { value: 3, size: 999 });
    expect([memory.get("a"), memory.size, memory.bytesUsed]).toEqual([undefined, 0, 0]);
  });

  test("forgets a key wherever it is, and counts who left for lack of room", () => {
    const memory = memoryOf(100);
    fill(memory, "sieve", named("s", 5));
    fill(memory, "lru", named("l", 5));
    memory.delete("s1");
    memory.delete("l1");
    expect([memory.size, memory.evictions]).toEqual([8, 0]);
    fill(memory, "lru", named("m", 4));
    expect([memory.size, memory.evictions]).toEqual([10, 2]);
  });
});

describe("what is held in a class's memory", () => {
  const POLICIES: readonly EvictionPolicy[] = ["sieve", "s3-fifo", "lru", "gdsf", "ttl"];
  const hot = named("hot", 5);

  test.each(POLICIES)(
    "%s: nobody has it leave, used or not, and for no longer than it is held",
    (eviction) => {
      const memory = memoryOf(1000);
      memory.hold(new Set(hot));
      fill(memory, eviction, [...hot.slice(0, 3), ...named("a", 300), ...hot.slice(3), ...named("b", 300)]);
      expect([held(memory, hot), memory.bytesHeld, memory.bytesUsed]).toEqual([5, 50, 1000]);
      for (const name of hot) expect(memory.get(name)).toBe(1);
      memory.hold(new Set(hot.slice(0, 1)));
      fill(memory, eviction, named("c", 300));
      fill(memory, eviction, named("d", 300));
      // Being soonest to expire, they go first under ttl; by use, everybody else does in time.
      expect(held(memory, hot.slice(0, 1))).toBe(1);
      expect([memory.bytesHeld, memory.bytesUsed]).toEqual([10, 1000]);
      memory.hold(new Set());
      memory.delete(hot[0] ?? "");
      expect([memory.bytesHeld, memory.bytesUsed]).toEqual([0, 990]);
    },
  );

  test("takes half of the budget at most, the hottest before others", () => {
    const memory = memoryOf(100);
    const many = named("hot", 10);
    fill(memory, "lru", [...many].reverse());
    memory.hold(new Set(many));
    expect(memory.bytesHeld).toBe(50);
    fill(memory, "lru", named("other", 10));
    expect(many.filter((name) => memory.peek(name) !== undefined)).toEqual(many.slice(0, 5));
  });

  test("what grows beyond that while it is held is held no more", () => {
    const memory = memoryOf(100);
    memory.hold(new Set(["a", "b", "c"]));
    for (const key of ["a", "b", "c"]) memory.set("sieve", key, { value: 1, size: 15 });
    expect(memory.bytesHeld).toBe(45);
    memory.set("sieve", "a", { value: 2, size: 25 });
    expect([memory.bytesHeld, memory.get("a")]).toEqual([30, 2]);
  });

  const steps = array(
    record({
      eviction: constantFrom<EvictionPolicy>(...POLICIES),
      key: constantFrom(..."abcdefghijklmnopqrst"),
      size: integer({ min: 0, max: 30 }),
      what: constantFrom("set", "set", "set", "get", "delete", "hold"),
      other: constantFrom(..."abcdefghij"),
    }),
    { minLength: 50, maxLength: 300, size: "max" },
  );

  test("keeps the accounts and the budget, whatever comes, goes, and is held", () => {
    holds(
      property(steps, (list) => {
        const memory = memoryOf(100);
        const sizes: number[] = [];
        for (const [value, { eviction, key, size, what, other }] of list.entries()) {
          sizes.push(size);
          if (what === "set") memory.set(eviction, key, { value, size });
          if (what === "get") memory.get(key);
          if (what === "delete") memory.delete(key);
          if (what === "hold") memory.hold(new Set([key, other]));
          const values = [...memory.values()];
          const sum = values.reduce((total, at) => total + (sizes[at] ?? 0), 0);
          expect([memory.bytesUsed, memory.size]).toEqual([sum, values.length]);
          expect(memory.bytesUsed).toBeLessThanOrEqual(100);
          expect(memory.bytesHeld).toBeLessThanOrEqual(50);
        }
        memory.hold(new Set());
        expect(memory.bytesHeld).toBe(0);
        for (let i = 0; i < 20; i++) memory.set("lru", `x${i}`, { value: 0, size: 25 });
        expect(memory.bytesUsed).toBeLessThanOrEqual(100);
      }),
      100,
    );
  });
});
