// The sample of what comes within a second: fair, bounded, and whole where there is little.

import { expect, test } from "vitest";
import { Reservoir } from "../../shared/core/reservoir.ts";
import { instant } from "../../shared/core/units.ts";
import { Chance } from "../simulator/chance.ts";

test("what comes more slowly than the rate is kept whole", () => {
  const sample = new Reservoir<number>(10, instant(0));
  for (let i = 0; i < 10; i++)
    sample.offer(
      () => i,
      () => 0,
    );
  expect(sample.take(instant(1000), () => 0)).toEqual({ kept: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], offered: 10 });
});

test("of more, each has about the same chance, and no second has more than the rate", () => {
  const chance = new Chance("reservoir");
  const seen = new Array<number>(100).fill(0);
  const sample = new Reservoir<number>(10, instant(0));
  for (let second = 0; second < 400; second++) {
    for (let i = 0; i < 100; i++)
      sample.offer(
        () => i,
        () => chance.unit(),
      );
    const { kept, offered } = sample.take(instant((second + 1) * 1000), () => chance.unit());
    expect([kept.length, offered]).toEqual([10, 100]);
    for (const item of kept) seen[item] = (seen[item] ?? 0) + 1;
  }
  // 40 expected of each.
  expect(Math.min(...seen)).toBeGreaterThan(10);
  expect(Math.max(...seen)).toBeLessThan(90);
});

test("taken more often than once a second it gives no more", () => {
  const sample = new Reservoir<number>(10, instant(0));
  let kept = 0;
  for (let at = 0; at < 10_000; at += 10) {
    sample.offer(
      () => at,
      () => 0.5,
    );
    if (at % 250 === 0) kept += sample.take(instant(at), () => 0.5).kept.length;
  }
  expect(kept).toBeLessThanOrEqual(110);
  expect(kept).toBeGreaterThan(80);
});
