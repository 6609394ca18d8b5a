// Durations as people write them: `30s`, `5m`, `1h30m`, `365d`, or plain seconds.

import { type Millis, millis, seconds } from "../core/units.ts";

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;

/** Longer than any cache needs, short enough for exact arithmetic. */
const LONGEST = 10 * 365 * 86_400_000;

/** Null where the value is no duration, is negative or exceeds ten years. */
export function parseDuration(value: unknown): Millis | null {
  if (typeof value === "number") return bounded(seconds(value));
  if (typeof value !== "string" || !DURATION.test(value)) return null;
  let sum = 0;
  for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    sum += Number(count) * (UNITS[unit ?? ""] ?? 0);
  }
  return bounded(millis(sum));
}

const bounded = (span: Millis): Millis | null => (span >= 0 && span <= LONGEST ? span : null);
