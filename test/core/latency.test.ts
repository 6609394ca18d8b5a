// Histograms of spans: every bucket's bounds, and how far a quantile may be from the true one.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, emptyHistogram, quantile, upperBoundOf } from "../../shared/wire/latency.ts";

const LAST = 2 ** 23;

test("every span falls into the first bucket whose bound it does not exceed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LAST }), (ms) => {
      const bucket = bucketOf(ms);
      expect(upperBoundOf(bucket)).toBeGreaterThanOrEqual(ms);
      if (bucket > 0) expect(upperBoundOf(bucket - 1)).toBeLessThan(ms);
    }),
  );
});

test("bounds rise, each power of two is one, and what is longer than the last is in the open bucket", () => {
  const open = emptyHistogram().length - 1;
  for (let bucket = 1; bucket < open; bucket++)
    expect(upperBoundOf(bucket)).toBeGreaterThan(upperBoundOf(bucket - 1));
  for (let octave = 0; octave <= 23; octave++) expect(upperBoundOf(bucketOf(2 ** octave))).toBe(2 ** octave);
  expect(bucketOf(LAST)).toBe(open - 1);
  expect(bucketOf(LAST + 1)).toBe(open);
  expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(open);
  expect(upperBoundOf(open)).toBe(LAST);
});

test("a quantile is never below the true one, and above it by an eighth at the most; exact up to 16 ms", () => {
  const spans = fc.array(fc.integer({ min: 1, max: LAST }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(spans, fc.constantFrom(0.5, 0.9, 0.99), (all, q) => {
      const histogram = new Map<number, number>();
      for (const ms of all) histogram.set(bucketOf(ms), (histogram.get(bucketOf(ms)) ?? 0) + 1);
      const ascending = [...all].sort((a, b) => a - b);
      const exact = ascending[Math.ceil(q * all.length) - 1] ?? 0;
      const told = quantile(histogram, q) ?? 0;
      expect(told).toBeGreaterThanOrEqual(exact);
      expect(told).toBeLessThanOrEqual(exact <= 16 ? exact : exact * 1.125);
    }),
  );
});

test("of nothing there is no quantile", () => {
  expect(quantile(new Map(), 0.5)).toBeNull();
});
