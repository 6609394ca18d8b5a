// Elapsed time out of fallible clocks: nothing ever looks younger than either of them says, and a busy host's time goes no faster.

import { array, double, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { advanceClock, type ClockReadings, startElapsedClock } from "../../shared/core/elapsed-clock.ts";
import { holds } from "./samples.ts";

const BEGINNING: ClockReadings = { wall: 1_767_225_600_000, monotonic: 1000 };
/** By so much a clock may be missed: the wall clock by its rounding, and both by that of numbers. */
const MISSED = { wall: 1.01, monotonic: 0.01 };
const CLOCKS = ["wall", "monotonic"] as const;

const stepsOf = (step: ReturnType<typeof double>) =>
  array(record({ wall: step, monotonic: step }), { maxLength: 30 });
/** Steps of two clocks that need not agree about anything. */
const steps = stepsOf(double({ min: -5000, max: 5000, noNaN: true }));
const forwards = stepsOf(double({ min: 0, max: 5000, noNaN: true }));

/** The readings after each step, the first ones included. */
function readingsOf(changes: readonly ClockReadings[]): [ClockReadings, ...ClockReadings[]] {
  const readings: [ClockReadings, ...ClockReadings[]] = [BEGINNING];
  let { wall, monotonic } = BEGINNING;
  for (const by of changes) {
    wall += by.wall;
    monotonic += by.monotonic;
    readings.push({ wall, monotonic });
  }
  return readings;
}

/** What both lines show at each of the readings. */
function seen(changes: readonly ClockReadings[]) {
  const [first, ...rest] = readingsOf(changes);
  const clock = startElapsedClock(first);
  const begun = { now: clock.now, surely: clock.surely, readings: first };
  const later = rest.map((readings) => ({
    now: advanceClock(clock, readings),
    surely: clock.surely,
    readings,
  }));
  return { clock, all: [begun, ...later] };
}

describe("an elapsed clock", () => {
  test("never runs backwards, on either line", () => {
    holds(
      property(steps, (changes) => {
        const { clock, all } = seen(changes);
        for (const [i, { now, surely }] of all.entries()) {
          expect(now).toBeGreaterThanOrEqual(all[i - 1]?.now ?? 0);
          expect(surely).toBeGreaterThanOrEqual(all[i - 1]?.surely ?? 0);
        }
        expect(all.at(-1)?.now).toBe(clock.now);
      }),
    );
  });

  test("shows between any two instants at least what each clock shows between them, but for its rounding", () => {
    holds(
      property(steps, (changes) => {
        const { all } = seen(changes);
        for (const [i, a] of all.entries())
          for (const b of all.slice(i))
            for (const which of CLOCKS)
              expect(b.now - a.now).toBeGreaterThanOrEqual(
                b.readings[which] - a.readings[which] - MISSED[which],
              );
      }),
      50,
    );
  });

  test("has a second line on which no more passes than on any clock that does not step back", () => {
    holds(
      property(forwards, (changes) => {
        const { all } = seen(changes);
        for (const [i, a] of all.entries())
          for (const b of all.slice(i))
            for (const which of CLOCKS)
              expect(b.surely - a.surely).toBeLessThanOrEqual(
                b.readings[which] - a.readings[which] + MISSED[which],
              );
      }),
      50,
    );
  });

  test("takes a step back for no time at all on that line", () => {
    const clock = startElapsedClock({ wall: 5000, monotonic: 1000 });
    advanceClock(clock, { wall: 4000, monotonic: 1010 });
    expect(clock.surely).toBe(5000);
    advanceClock(clock, { wall: 5010, monotonic: 1015 });
    expect(clock.surely).toBe(5005);
  });

  test("goes as fast as its clocks do, however often it is read, on both lines", () => {
    const gaps = array(double({ min: 0, max: 3, noNaN: true }), { minLength: 50, maxLength: 200 });
    holds(
      property(gaps, double({ min: 0, max: 1, noNaN: true }), (waits, phase) => {
        const at = (ms: number) => ({ wall: Math.floor(5000 + phase + ms), monotonic: 1000 + ms });
        const clock = startElapsedClock(at(0));
        const begun = clock.now;
        let passed = 0;
        for (const wait of waits) {
          passed += wait;
          expect(advanceClock(clock, at(passed)) - begun).toBeCloseTo(passed, 6);
          expect(clock.surely - begun).toBeCloseTo(passed, 6);
        }
      }),
    );
  });

  test("is as fast as a wall clock that gains on the other, and no faster", () => {
    const clock = startElapsedClock({ wall: 0, monotonic: 0 });
    // Half a thousandth: as much as a clock is slewed by.
    for (let ms = 0.1; ms < 10_000; ms += 0.1)
      advanceClock(clock, { wall: Math.floor(ms * 1.0005), monotonic: ms });
    expect(clock.now).toBeGreaterThan(10_004 - 1);
    expect(clock.now).toBeLessThan(10_006);
    expect(clock.surely).toBeLessThan(10_001);
    expect(clock.surely).toBeGreaterThan(9998);
  });

  test("counts every reading in which a clock stepped back by more than rounding", () => {
    const by = integer({ min: -3, max: 3 });
    holds(
      property(array(record({ wall: by, monotonic: by })), (changes) => {
        const backwards = changes.filter(({ wall, monotonic }) => wall < 0 || monotonic < 0);
        expect(seen(changes).clock.backwardSteps).toBe(backwards.length);
      }),
    );
  });

  test.each([
    ["both run", [[1010, 2010]], 10, 0],
    ["the monotonic clock slept", [[1000, 62_000]], 59_999, 0],
    ["the wall clock slept", [[61_000, 2000]], 60_000, 0],
    [
      "both slept, one after the other",
      [
        [1000, 62_000],
        [61_000, 62_000],
      ],
      119_999,
      0,
    ],
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
      999,
      1,
    ],
    ["a coarse timer rounded down", [[999.95, 2005]], 4, 0],
    ["both were set back", [[0, 0]], 0, 1],
  ] as const)("when %s, time goes on and steps back are counted", (_, readings, elapsed, backwards) => {
    const clock = startElapsedClock({ wall: 2000, monotonic: 1000 });
    for (const [monotonic, wall] of readings) advanceClock(clock, { wall, monotonic });
    expect([clock.now - 2000, clock.backwardSteps]).toEqual([elapsed, backwards]);
  });
});
