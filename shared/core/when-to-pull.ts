// When an isolate asks the log: beyond the window before the request, from half of it on behind one.

import type { Millis } from "./units.ts";

/** Whether knowledge of the head that is this old meets the window. */
export const meets = (age: Millis, window: Millis): boolean => age <= window;

/** Whether it is to be renewed behind a request, so that hardly any request waits for that. */
export const isDue = (age: Millis, window: Millis): boolean => age * 2 > window;

/**
 * Of isolates that share what one of them pulls, whether this one pulls now; `draw` in [0, 1). The chance grows from
 * none at half the window to one at its end, with the cube: the more isolates there are, the sooner one of them does,
 * and the fewer others do while its pull is under way.
 */
export function pullsForOthers(age: Millis, window: Millis, draw: number): boolean {
  const late = (age - window / 2) / (window / 2);
  return late > 0 && draw < late ** 3;
}
