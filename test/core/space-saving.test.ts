// Space-Saving against exact counts: what it promises of every stream, and how little it holds.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SpaceSaving } from "../../shared/core/space-saving.ts";
import { assertSeeded } from "./seeded.ts";

/** Few keys are common, so that there is something to find. */
const streams = fc.array(
  fc.record({
    key: fc.nat(40).map((n) => `key ${Math.floor((n * n) / 40)}`),
    weight: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 300 },
);

function counted(
  stream: readonly { key: string; weight: number }[],
  capacity: number,
  into = new SpaceSaving<string>(capacity),
) {
  const exact = new Map<string, number>();
  for (const { key, weight } of stream) {
    into.add(key, weight, () => key);
    exact.set(key, (exact.get(key) ?? 0) + weight);
  }
  return { summary: into, exact };
}

describe("Space-Saving", () => {
  test("count ≥ exact ≥ count − error, and no error is greater than total/k", () => {
    assertSeeded(
      fc.property(streams, fc.integer({ min: 1, max: 20 }), (stream, k) => {
        const { summary, exact } = counted(stream, k);
        for (const { value, count, error } of summary.heaviest()) {
          expect(count).toBeGreaterThanOrEqual(exact.get(value) ?? 0);
          expect(count - error).toBeLessThanOrEqual(exact.get(value) ?? 0);
          expect(error).toBeLessThanOrEqual(summary.total / k);
        }
      }),
      500,
    );
  });

  test("every key above total/k is among them, none twice, and never more than k", () => {
    assertSeeded(
      fc.property(streams, fc.integer({ min: 1, max: 20 }), (stream, k) => {
        const { summary, exact } = counted(stream, k);
        const held = summary.heaviest().map(({ value }) => value);
        expect(held.length).toBe(Math.min(k, exact.size));
        expect(new Set(held).size).toBe(held.length);
        for (const [key, count] of exact) if (count > summary.total / k) expect(held).toContain(key);
      }),
      500,
    );
  });

  test("with room for all, all counts are exact, the most first", () => {
    assertSeeded(
      fc.property(streams, (stream) => {
        const { summary, exact } = counted(stream, 64);
        const found = summary.heaviest();
        expect(new Map(found.map(({ value, count }) => [value, count]))).toEqual(exact);
        expect(found.every(({ error }) => error === 0)).toBe(true);
        const counts = found.map(({ count }) => count);
        expect(counts).toEqual([...counts].sort((a, b) => b - a));
      }),
      200,
    );
  });

  test("cleared, it knows nothing of what came before", () => {
    const first = [1, 2, 3].map((n) => ({ key: `old ${n}`, weight: n }));
    const { summary } = counted(first, 2);
    summary.clear();
    expect(summary.total).toBe(0);
    expect(summary.heaviest()).toEqual([]);
    counted([{ key: "new", weight: 5 }], 2, summary);
    expect(summary.heaviest()).toEqual([{ value: "new", count: 5, error: 0 }]);
  });

  test("a known key is not described again", () => {
    const summary = new SpaceSaving<number>(2);
    let described = 0;
    for (let i = 0; i < 10; i++) summary.add("same", 1, () => ++described);
    expect(described).toBe(1);
  });
});
