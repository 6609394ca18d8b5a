// How long before its end an answer is renewed.

import fc from "fast-check";
import { expect, test } from "vitest";
import { leadOf } from "../../shared/core/refresh-ahead.ts";
import { millis } from "../../shared/core/units.ts";

test("is from two to four hundredths of its life, whatever its fetch took", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (life, took, unit) => {
        const lead = leadOf({ life: millis(life), took: millis(took) }, unit);
        expect(lead).toBeGreaterThanOrEqual(0.02 * life);
        expect(lead).toBeLessThanOrEqual(0.04 * life);
      },
    ),
  );
});

test("is twice what its fetch took at least, where its life has room for that", () => {
  expect(leadOf({ life: millis(60_000), took: millis(800) }, 0)).toBe(1600);
});

test("is drawn: half of the isolates wait for less than the median of an exponential", () => {
  const draws = Array.from({ length: 1000 }, (_, n) =>
    leadOf({ life: millis(600_000), took: millis(7500) }, n / 1000),
  );
  const median = 7500 * (2 + Math.LN2);
  expect(draws.filter((lead) => lead < median).length).toBe(500);
});

test("however quick its fetch, isolates are told apart: a tenth of them come in each tenth of the time", () => {
  const draws = Array.from({ length: 1000 }, (_, n) =>
    leadOf({ life: millis(60_000), took: millis(5) }, n / 1000),
  );
  for (let tenth = 0; tenth < 10; tenth++) {
    const from = 1200 + tenth * 120;
    expect(draws.filter((lead) => lead >= from && lead < from + 120).length).toBe(100);
  }
});
