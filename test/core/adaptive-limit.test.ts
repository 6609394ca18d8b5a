// The limit that follows an origin: down when it slows, up when it is well, and never beyond its bounds.

import { expect, test } from "vitest";
import {
  type AdaptiveLimit,
  newAdaptiveLimit,
  observe,
  wholeLimit,
} from "../../shared/core/adaptive-limit.ts";
import { instant, millis } from "../../shared/core/units.ts";

const LIMITS = {
  ceiling: 100,
  floor: 4,
  window: { samples: 10, span: millis(250) },
  tolerance: 2,
  growth: 1,
  weight: { limit: 0.5, usual: 0.002 },
};

/** An origin that serves so many at once in `took`, and takes longer in proportion for more, as long as the limit is used up. */
function serve(
  limit: AdaptiveLimit,
  origin: { readonly took: number; readonly takes: number },
  span: { readonly from: number; readonly to: number },
): void {
  for (let now = span.from; now < span.to; ) {
    const underWay = wholeLimit(limit, LIMITS);
    const took = origin.took * Math.max(1, underWay / origin.takes);
    now += took / underWay;
    observe(limit, { took: millis(took), underWay, now: instant(now) }, LIMITS);
  }
}

test("stays at its ceiling while the origin is well", () => {
  const limit = newAdaptiveLimit(LIMITS, instant(0));
  serve(limit, { took: 20, takes: 1000 }, { from: 0, to: 20_000 });
  expect(wholeLimit(limit, LIMITS)).toBe(100);
});

test("falls to a fraction within seconds when the origin slows tenfold, and is back within seconds after", () => {
  const limit = newAdaptiveLimit(LIMITS, instant(0));
  serve(limit, { took: 20, takes: 1000 }, { from: 0, to: 10_000 });
  serve(limit, { took: 200, takes: 1000 }, { from: 10_000, to: 15_000 });
  expect(wholeLimit(limit, LIMITS)).toBeLessThan(20);
  expect(wholeLimit(limit, LIMITS)).toBeGreaterThanOrEqual(LIMITS.floor);
  serve(limit, { took: 20, takes: 1000 }, { from: 15_000, to: 40_000 });
  expect(wholeLimit(limit, LIMITS)).toBe(100);
});

test("finds what an origin takes at once that slows under load", () => {
  const limit = newAdaptiveLimit(LIMITS, instant(0));
  // While few ask it is at its best: what it takes then is what is usual.
  for (let now = 0; now < 3000; now += 25)
    observe(limit, { took: millis(20), underWay: 1, now: instant(now) }, LIMITS);
  serve(limit, { took: 20, takes: 10 }, { from: 3000, to: 13_000 });
  // Twice as long as usual is tolerated: about twice as many as it takes.
  expect(wholeLimit(limit, LIMITS)).toBeGreaterThan(15);
  expect(wholeLimit(limit, LIMITS)).toBeLessThan(40);
});

test("learns nothing of its size while there is room", () => {
  const limit = newAdaptiveLimit(LIMITS, instant(0));
  for (let now = 0; now < 10_000; now += 20) {
    const took = millis(now < 5000 ? 10 : 500);
    observe(limit, { took, underWay: 3, now: instant(now) }, LIMITS);
  }
  expect(wholeLimit(limit, LIMITS)).toBe(100);
});

test("a ceiling below the floor is the limit", () => {
  const low = { ...LIMITS, ceiling: 2 };
  expect(wholeLimit(newAdaptiveLimit(low, instant(0)), low)).toBe(2);
});

test("a ceiling that has come down is where it starts from", () => {
  const limit = newAdaptiveLimit(LIMITS, instant(0));
  const lower = { ...LIMITS, ceiling: 16 };
  expect(wholeLimit(limit, lower)).toBe(16);
  for (let now = 0; now < 10_000; now += 30) {
    const took = millis(now < 3000 ? 20 : 400);
    observe(limit, { took, underWay: wholeLimit(limit, lower), now: instant(now) }, lower);
  }
  expect(wholeLimit(limit, lower)).toBeLessThan(8);
});
