// The 95 % upper bound: known values, and that it is what it says.

import { describe, expect, test } from "vitest";
import { upperBound95 } from "../../shared/core/upper-bound.ts";

describe("what a sample allows to be said of all", () => {
  test.each([
    [0, 1000, 0.003],
    [0, 3, 1],
    [0, 1, 1],
    // Poisson's upper limits: 4.744, 6.296, 7.754, 16.962.
    [1, 1000, 0.004744],
    [2, 1000, 0.006296],
    [3, 1000, 0.007754],
    [10, 1000, 0.016962],
    [10, 10, 1],
    [1000, 1_000_000, 0.001054],
  ])("%i of %i: at most %f", (events, size, bound) => {
    expect(upperBound95(events, size)).toBeCloseTo(bound, 6);
  });

  test("nothing of nothing, and everything where something was seen beside the sample", () => {
    expect(upperBound95(0, 0)).toBeNull();
    expect(upperBound95(1, 0)).toBe(1);
  });

  test("it grows with every event, across the change of method too", () => {
    const size = 100_000;
    const bounds = Array.from({ length: 300 }, (_, events) => upperBound95(events, size) ?? 0);
    for (const [index, bound] of bounds.entries()) {
      if (index > 0) expect(bound).toBeGreaterThan(bounds[index - 1] ?? 0);
      expect(bound).toBeGreaterThan(index / size);
    }
  });

  test("with that mean, so few events are seen one time in twenty", () => {
    for (const seen of [1, 5, 40, 100]) {
      const mean = (upperBound95(seen, 1e6) ?? 0) * 1e6;
      let [term, sum] = [Math.exp(-mean), 0];
      for (let events = 0; events <= seen; events++) {
        sum += term;
        term *= mean / (events + 1);
      }
      expect(sum).toBeCloseTo(0.05, 6);
    }
  });
});
