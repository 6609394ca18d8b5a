// Jitter: within its range, the same everywhere, and spread evenly.

import { double, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { jitteredLifetime } from "../../shared/core/jitter.ts";
import { mix, mixUnit } from "../../shared/core/mix.ts";
import { millis } from "../../shared/core/units.ts";
import { holds } from "./samples.ts";

const KEYS = 10_000;
const BINS = 20;
/** χ² with 19 degrees of freedom exceeds this once in a thousand times if the spread is even. */
const CRITICAL = 43.82;

function chiSquare(fractions: readonly number[]): number {
  const counts = new Array<number>(BINS).fill(0);
  for (const fraction of fractions) {
    const bin = Math.min(BINS - 1, Math.floor(fraction * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const expected = fractions.length / BINS;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("a jittered lifetime", () => {
  test("lies between ttl·(1−fraction) and ttl, in whole milliseconds", () => {
    const ttl = integer({ min: 1, max: 31_536_000_000 });
    holds(
      property(
        ttl,
        double({ min: 0, max: 1, noNaN: true }),
        string(),
        string(),
        (ms, fraction, key, lease) => {
          const life = jitteredLifetime(millis(ms), fraction, { key, lease });
          expect(life).toBeLessThanOrEqual(ms);
          expect(life).toBeGreaterThanOrEqual(Math.floor(ms * (1 - fraction)));
          expect(Number.isInteger(life)).toBe(true);
        },
      ),
    );
  });

  test("is the same for every replica of a fill, and another for another lease or key", () => {
    const life = (key: string, lease: string) => jitteredLifetime(millis(1_000_000_000), 0.5, { key, lease });
    expect(life("a", "1")).toBe(life("a", "1"));
    expect(new Set([life("a", "1"), life("a", "2"), life("b", "1")]).size).toBe(3);
    expect(life("2\na", "1")).not.toBe(life("a", "1\n3"));
  });

  test.each([
    [0, 0.5],
    [60_000, 0],
  ])("is exactly %i ms where there is nothing to spread (fraction %f)", (ttl, fraction) => {
    expect(jitteredLifetime(millis(ttl), fraction, { key: "k", lease: "l" })).toBe(ttl);
  });

  test.each([
    ["keys that count up under one lease", (i: number) => ({ key: `/products/${i}`, lease: "lease" })],
    ["one key under leases that count up", (i: number) => ({ key: "/hot", lease: String(i) })],
    ["long keys that differ at their ends", (i: number) => ({ key: "/a".repeat(200) + i, lease: "x" })],
    ["keys that differ at their beginnings", (i: number) => ({ key: `${i}/archive/index.html`, lease: "x" })],
  ])("spreads %s evenly (χ² over 10 000)", (_, seedOf) => {
    const ttl = 1_000_000_000;
    const fractions = Array.from(
      { length: KEYS },
      (__, i) => 2 - (2 * jitteredLifetime(millis(ttl), 0.5, seedOf(i))) / ttl,
    );
    expect(chiSquare(fractions)).toBeLessThan(CRITICAL);
  });
});

describe("the mix below it", () => {
  test("is a 32-bit number and a fraction below one", () => {
    holds(
      property(string(), integer(), (text, seed) => {
        const value = mix(text, seed);
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true);
        expect(mixUnit(text, seed)).toBe(value / 2 ** 32);
      }),
    );
  });

  test("under another seed spreads the same texts independently", () => {
    const pairs = Array.from({ length: KEYS }, (_, i) => (1 + mixUnit(`k${i}`) - mixUnit(`k${i}`, 1)) % 1);
    expect(chiSquare(pairs)).toBeLessThan(CRITICAL);
  });

  test("tells short texts apart", () => {
    const texts = Array.from({ length: KEYS }, (_, i) => i.toString(36));
    expect(new Set(texts.map((text) => mix(text))).size).toBeGreaterThan(KEYS - 5);
  });
});
