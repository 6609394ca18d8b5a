// How old a pull is that another isolate made: never younger than it is, whatever the clocks did.

import { describe, expect, test } from "vitest";
import { Chance } from "../../bench/scaling/chance.ts";
import { knownSince } from "../../shared/core/shared-age.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { isDue, meets, pullsForOthers } from "../../shared/core/when-to-pull.ts";

const reading = { showed: 50_000, sentAt: instant(1000) };
const young = millis(0);

describe("what another isolate pulled", () => {
  test("is as of what Redis' clock showed, counted from when our own request was sent", () => {
    expect(knownSince({ showed: 54_000, age: young }, reading, instant(6000))).toBe(1000 + 4000 - 4 - 1);
  });

  test("teaches nothing where our own pull was as late", () => {
    expect(knownSince({ showed: 50_000, age: young }, reading, instant(6000))).toBeNull();
    expect(knownSince({ showed: 49_000, age: young }, reading, instant(6000))).toBeNull();
    expect(knownSince({ showed: Number.NaN, age: young }, reading, instant(6000))).toBeNull();
  });

  test("is as old as the other clock says where that is older", () => {
    expect(knownSince({ showed: 54_000, age: millis(3000) }, reading, instant(6000))).toBe(3000);
  });

  test("is never from after now, even where Redis' clock was set forward", () => {
    expect(knownSince({ showed: 90_000, age: millis(2500) }, reading, instant(6000))).toBe(3500);
    expect(knownSince({ showed: 90_000, age: young }, reading, instant(6000))).toBe(6000);
  });

  test("is never dated later than the log looked, over any transit and clocks that part by a thousandth", () => {
    const seeded = new Chance("shared age");
    const chance = (): number => seeded.unit();
    for (let round = 0; round < 10_000; round++) {
      const drift = 1 + (chance() - 0.5) * 0.0018;
      const redis = (true_: number): number => Math.floor(7_000_000 + true_ * drift);
      const sentAt = chance() * 10_000;
      const ours = redis(sentAt + chance() * 1500);
      const looked = sentAt + chance() * 3_600_000;
      const now = instant(looked + chance() * 10_000);
      const since = knownSince(
        { showed: redis(looked), age: young },
        { showed: ours, sentAt: instant(sentAt) },
        now,
      );
      if (since !== null) expect(since).toBeLessThanOrEqual(looked);
    }
  });
});

describe("when an isolate pulls", () => {
  const window = millis(5000);

  test("before the request beyond the window, behind it from half of it on", () => {
    expect([5000, 5001].map((age) => meets(millis(age), window))).toEqual([true, false]);
    expect([2500, 2501].map((age) => isDue(millis(age), window))).toEqual([false, true]);
  });

  test("for others never within half the window, always beyond it, and more likely the later it is", () => {
    expect(pullsForOthers(millis(2500), window, 0)).toBe(false);
    expect(pullsForOthers(millis(5001), window, 0.9999)).toBe(true);
    const chances = [3000, 3500, 4000, 4500].map((age) => {
      const draws = Array.from({ length: 1000 }, (_, draw) =>
        pullsForOthers(millis(age), window, draw / 1000),
      );
      return draws.filter(Boolean).length / 1000;
    });
    expect(chances).toEqual([...chances].sort((a, b) => a - b));
    expect(chances[0]).toBeLessThan(0.02);
    expect(chances[3]).toBeGreaterThan(0.4);
  });
});
