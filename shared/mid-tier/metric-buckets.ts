// The buckets of time that figures are folded into: three resolutions, and one bucket of all time.

import { days, hours, type Millis, millis, minutes, seconds } from "../core/units.ts";
import { coarseMetricBucketKey, METRICS_EVER, metricBucketKey } from "./keys.ts";

/** Finest first. Each is kept for as long as windows are read from it, so that no window adds up more than about 150. */
const RESOLUTIONS: readonly { readonly step: Millis; readonly serves: Millis; readonly kept: Millis }[] = [
  { step: seconds(10), serves: minutes(20), kept: minutes(25) },
  { step: minutes(1), serves: hours(2), kept: hours(3) },
  { step: minutes(10), serves: days(1), kept: hours(25) },
];
/** What was counted since ever outlives a deployment that is asleep for a year. */
const EVER_KEPT = days(400);
/** The buckets that hold a moment (Redis TIME, milliseconds), and how long each is kept. The last one is of all time. */
export interface BucketsOfNow {
  readonly keys: readonly string[];
  readonly kept: readonly Millis[];
}

export const bucketsAt = (now: number): BucketsOfNow => ({
  keys: [
    ...RESOLUTIONS.map(({ step }, index) => bucketKey(index, Math.floor(now / step) * step)),
    METRICS_EVER,
  ],
  kept: [...RESOLUTIONS.map(({ kept }) => kept), EVER_KEPT],
});

function bucketKey(index: number, start: number): string {
  const step = RESOLUTIONS[index]?.step ?? 0;
  return index === 0 ? metricBucketKey(start) : coarseMetricBucketKey(step, start);
}

/** One of the buckets that a window is read from. */
export interface MetricBucket {
  readonly key: string;
  /** Redis TIME, milliseconds. */
  readonly start: number;
}

/** Every bucket that overlaps the window, oldest first: that one may reach back before it by up to one step. */
export function bucketsOver(
  window: Millis,
  now: number,
): { readonly step: Millis; readonly buckets: readonly MetricBucket[] } {
  const found = RESOLUTIONS.findIndex(({ serves }) => window <= serves);
  const index = found < 0 ? RESOLUTIONS.length - 1 : found;
  const step = RESOLUTIONS[index]?.step ?? window;
  const buckets: MetricBucket[] = [];
  for (let start = Math.floor((now - window) / step) * step; start <= now; start += step)
    buckets.push({ key: bucketKey(index, start), start });
  return { step, buckets };
}

/** Windows that `sum` can serve. */
export const WINDOW_LIMITS = { least: seconds(10), most: millis(RESOLUTIONS.at(-1)?.serves ?? 0) } as const;
