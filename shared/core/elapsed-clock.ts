// Turns a host's two fallible clocks into one line of elapsed time on which nothing ever looks younger than it is.

import { type Instant, instant } from "./units.ts";

/** One reading of both, in milliseconds. */
export interface ClockReadings {
  /** Of whole milliseconds: `Date.now()` leaves the rest out. */
  wall: number;
  /** With whatever fractions the runtime shows. */
  monotonic: number;
}

/**
 * What a wall clock leaves out: two of its readings may lie so much more, or less, apart than the time between them. The
 * monotonic clock shows that time meanwhile.
 */
const ROUNDING = 1;

/**
 * The time between two instants is at least what either clock measured between them (a suspended monotonic clock, a
 * stepped wall clock), the wall clock up to its rounding. Each is held to the most that this line has been ahead of it:
 * to add the larger of both steps at each reading would count a millisecond twice that the one shows in parts and the
 * other as a whole, and make the time of a busy program up to twice as fast.
 * A step backwards adds nothing and is counted: whoever holds a view voids it when the count changes.
 */
export interface ElapsedClock {
  now: Instant;
  /** The other line: at most what either clock measured, up to the same rounding. One that stepped back begins anew. */
  surely: Instant;
  backwardSteps: number;
  readonly last: ClockReadings;
  /** The most that `now` has been ahead of each. */
  readonly ahead: ClockReadings;
  /** The least that `surely` has been ahead of each. */
  readonly surelyAhead: ClockReadings;
}

export function startElapsedClock({ wall, monotonic }: ClockReadings): ElapsedClock {
  const ahead = { wall: 0, monotonic: wall - monotonic };
  return {
    ...{ now: instant(wall), surely: instant(wall), backwardSteps: 0, last: { wall, monotonic } },
    ...{ ahead, surelyAhead: { ...ahead } },
  };
}

/** Moves the clock to the readings and answers the new instant. */
export function advanceClock(clock: ElapsedClock, readings: ClockReadings): Instant {
  const { wall, monotonic } = readings;
  const { last, ahead } = clock;
  // A tenth of a millisecond covers the rounding of coarse timers.
  const isBack = wall - last.wall < -0.1 || monotonic - last.monotonic < -0.1;
  const now = Math.max(clock.now, monotonic + ahead.monotonic, wall + ahead.wall - ROUNDING);
  ahead.wall = Math.max(ahead.wall, now - wall);
  ahead.monotonic = Math.max(ahead.monotonic, now - monotonic);
  clock.now = instant(now);
  advanceSurely(clock, readings, isBack);
  if (isBack) clock.backwardSteps += 1;
  last.wall = wall;
  last.monotonic = monotonic;
  return clock.now;
}

function advanceSurely(clock: ElapsedClock, { wall, monotonic }: ClockReadings, isBack: boolean): void {
  const { surelyAhead: ahead } = clock;
  const least = Math.min(monotonic + ahead.monotonic, wall + ahead.wall + ROUNDING);
  const surely = Math.max(clock.surely, least);
  ahead.wall = isBack ? surely - wall : Math.min(ahead.wall, surely - wall);
  ahead.monotonic = isBack ? surely - monotonic : Math.min(ahead.monotonic, surely - monotonic);
  clock.surely = instant(surely);
}
