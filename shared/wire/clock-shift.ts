// Word to an edge that its wall clock is to be wrong: how an experiment steps the clock of a runtime that has no such lever.

import { parseJson } from "./json.ts";

export const CLOCK_SHIFT_PATH = "/.tidegate/clock-shift";

/** A day: beyond that nothing is tried that a smaller step would not try. */
const MOST_SHIFT_MS = 24 * 60 * 60 * 1000;

/** `shiftMs` is added to what the host's clock shows; 0 sets it right. */
export const encodeClockShift = (shiftMs: number): string => JSON.stringify({ v: 1, shiftMs });

/** Null where it can't be read, or is too far. */
export function decodeClockShift(text: string): number | null {
  const value = parseJson(text) as { v?: unknown; shiftMs?: unknown } | null;
  const { v, shiftMs } = value ?? {};
  return v === 1 && typeof shiftMs === "number" && Math.abs(shiftMs) <= MOST_SHIFT_MS ? shiftMs : null;
}
