// Elapsed time out of fallible clocks: nothing ever looks younger than any of them says.

import { array, double, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { advanceClock, startElapsedClock } from "../../shared/core/elapsed-clock.ts";
import { holds } from "./samples.ts";

const step = double({ min: -5000, max: 5000, noNaN: true });
/** Steps of two clocks that need not agree about anything. */
const steps = array(array(step, { minLength: 2, maxLength: 2 }), { maxLength: 30 });

/** The readings after each step, the first ones included. */
function readingsOf(changes: readonly (readonly number[])[]): number[][] {
  const readings = [[1000, 1_767_225_600_000]];
  for (const change of changes)
    readings.push((readings.at(-1) ?? []).map((was, i) => was + (change[i] ?? 0)));
  return readings;
}

describe("an elapsed clock", () => {
  test("never runs backwards", () => {
    holds(
      property(steps, (changes) => {
        const [first = [], ...rest] = readingsOf(changes);
        const clock = startElapsedClock(first);
        let before = clock.now;
        for (const readings of rest) {
          const now = advanceClock(clock, readings);
          expect(now).toBeGreaterThanOrEqual(before);
          expect(now).toBe(clock.now);
          before = now;
        }
      }),
    );
  });

  test("shows between any two instants at least what each clock shows between them", () => {
    holds(
      property(steps, (changes) => {
        const [first = [], ...rest] = readingsOf(changes);
        const clock = startElapsedClock(first);
        const seen = [{ at: clock.now, readings: first }];
        for (const readings of rest) seen.push({ at: advanceClock(clock, readings), readings });
        for (const [i, a] of seen.entries())
          for (const b of seen.slice(i))
            for (const [which, reading] of b.readings.entries())
              expect(b.at - a.at).toBeGreaterThanOrEqual(reading - (a.readings[which] ?? 0) - 0.01);
      }),
      50,
    );
  });

  test("has a second line on which no more passes than on any clock that does not step back", () => {
    const forwards = array(
      array(double({ min: 0, max: 5000, noNaN: true }), { minLength: 2, maxLength: 2 }),
      {
        maxLength: 30,
      },
    );
    holds(
      property(forwards, (changes) => {
        const [first = [], ...rest] = readingsOf(changes);
        const clock = startElapsedClock(first);
        const begun = clock.surely;
        for (const readings of rest) {
          advanceClock(clock, readings);
          for (const [which, reading] of readings.entries())
            expect(clock.surely - begun).toBeLessThanOrEqual(reading - (first[which] ?? 0) + 0.01);
        }
      }),
    );
  });

  test("takes a step back for no time at all on that line", () => {
    const clock = startElapsedClock([1000, 5000]);
    advanceClock(clock, [1010, 4000]);
    expect(clock.surely).toBe(1000);
    advanceClock(clock, [1015, 5010]);
    expect(clock.surely).toBe(1005);
  });

  test("counts every reading in which a clock stepped back by more than rounding", () => {
    holds(
      property(array(array(integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 2 })), (changes) => {
        const [first = [], ...rest] = readingsOf(changes);
        const clock = startElapsedClock(first);
        for (const readings of rest) advanceClock(clock, readings);
        expect(clock.backwardSteps).toBe(changes.filter((change) => change.some((by) => by < 0)).length);
      }),
    );
  });

  test.each([
    ["both run", [[1010, 2010]], 10, 0],
    ["the monotonic clock slept", [[1000, 62_000]], 60_000, 0],
    ["the wall clock was set back", [[1010, 500]], 10, 1],
    [
      "the wall clock was set back, then runs on",
      [
        [1010, 500],
        [1020, 510],
      ],
      20,
      1,
    ],
    [
      "the wall clock was set back and forth",
      [
        [1000, 1000],
        [1000, 2000],
      ],
      1000,
      1,
    ],
    ["a coarse timer rounded down", [[999.95, 2005]], 5, 0],
    ["both were set back", [[0, 0]], 0, 1],
  ])("when %s, time goes on and steps back are counted", (_, readings, elapsed, backwards) => {
    const clock = startElapsedClock([1000, 2000]);
    for (const reading of readings) advanceClock(clock, reading);
    expect([clock.now - 1000, clock.backwardSteps]).toEqual([elapsed, backwards]);
  });
});
