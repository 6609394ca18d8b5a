// Turns several fallible clocks into one line of elapsed time on which nothing ever looks younger than it is.

import { type Instant, instant } from "./units.ts";

/** One reading of every clock the host has, in milliseconds each. */
export type ClockReadings = readonly number[];

/**
 * Each advance adds the largest step that any clock shows, so the time between two instants is at least
 * what any of the clocks measured between them (a suspended monotonic clock, a stepped wall clock).
 * A step backwards adds nothing and is counted: whoever holds a view voids it when the count changes.
 */
export interface ElapsedClock {
  now: Instant;
  /** The other line: of each advance the smallest step that any clock shows. */
  surely: Instant;
  backwardSteps: number;
  /** Its own copy. */
  readonly last: number[];
}

export const startElapsedClock = (readings: ClockReadings): ElapsedClock => ({
  now: instant(readings[0] ?? 0),
  surely: instant(readings[0] ?? 0),
  backwardSteps: 0,
  last: [...readings],
});

/** Moves the clock to the readings and answers the new instant. */
export function advanceClock(clock: ElapsedClock, readings: ClockReadings): Instant {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let backwards = false;
  for (let i = 0; i < readings.length; i++) {
    const reading = readings[i] ?? 0;
    const step = reading - (clock.last[i] ?? 0);
    clock.last[i] = reading;
    if (step > largest) largest = step;
    if (step < smallest) smallest = step;
    // A tenth of a millisecond covers the rounding of coarse timers.
    if (step < -0.1) backwards = true;
  }
  if (backwards) clock.backwardSteps += 1;
  clock.now = instant(clock.now + largest);
  if (readings.length > 0) clock.surely = instant(clock.surely + Math.max(0, smallest));
  return clock.now;
}
