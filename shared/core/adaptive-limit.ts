// How many requests an origin gets at once: fewer as soon as it answers more slowly than it used to, more again when it is well.
// After `Gradient2Limit` of Netflix' concurrency-limits (github.com/Netflix/concurrency-limits, Apache-2.0).

import { elapsed, type Instant, type Millis } from "./units.ts";

export interface AdaptiveLimits {
  readonly floor: number;
  readonly ceiling: number;
  /** Samples are judged together: no fewer, and over no less time, than this. */
  readonly window: { readonly samples: number; readonly span: Millis };
  /** An answer may take so many times as long as usual before that counts. */
  readonly tolerance: number;
  /** What a healthy limit aims beyond itself, in roots of it: small ones by little, large ones by more. */
  readonly growth: number;
  /** The weight of one window in the limit, and in what is usual. */
  readonly weight: { readonly limit: number; readonly usual: number };
}

export interface AdaptiveLimit {
  /** Not whole: what is enforced is its integer part. */
  value: number;
  /** Milliseconds to an answer over the long run; null before the first window. */
  usual: number | null;
  window: { since: Instant; samples: number; total: number; most: number };
}

export const newAdaptiveLimit = (limits: AdaptiveLimits, now: Instant): AdaptiveLimit => ({
  value: limits.ceiling,
  usual: null,
  window: emptyWindow(now),
});

/** Takes in how long one answer took, and how many requests were under way with it. */
export function observe(
  limit: AdaptiveLimit,
  sample: { readonly took: Millis; readonly underWay: number; readonly now: Instant },
  limits: AdaptiveLimits,
): void {
  const { window } = limit;
  window.samples += 1;
  window.total += sample.took;
  window.most = Math.max(window.most, sample.underWay);
  const { samples, span } = limits.window;
  if (window.samples < samples || elapsed(window.since, sample.now) < span) return;
  judge(limit, limits);
  limit.window = emptyWindow(sample.now);
}

/** The limit may have been given other bounds since. */
export const wholeLimit = (limit: AdaptiveLimit, limits: AdaptiveLimits): number =>
  Math.floor(within(limits, limit.value));

function judge(limit: AdaptiveLimit, limits: AdaptiveLimits): void {
  const { window } = limit;
  // What answers at once takes a moment too.
  const recent = Math.max(1, window.total / window.samples);
  const before = limit.usual ?? recent;
  const drifted = before + (recent - before) * limits.weight.usual;
  // Back from a long slowness, what was usual then is forgotten sooner.
  limit.usual = drifted > 2 * recent ? drifted * 0.95 : drifted;
  // The ceiling may have come down since. Where there was room left below it, its time says nothing of the limit.
  const value = within(limits, limit.value);
  if (window.most < value / 2) return;
  const gradient = Math.max(0.5, Math.min(1, (limits.tolerance * limit.usual) / recent));
  const aimed = value * gradient + limits.growth * Math.sqrt(value);
  limit.value = within(limits, value + (aimed - value) * limits.weight.limit);
}

const within = ({ floor, ceiling }: AdaptiveLimits, value: number): number =>
  Math.min(ceiling, Math.max(Math.min(floor, ceiling), value));

const emptyWindow = (since: Instant): AdaptiveLimit["window"] => ({ since, samples: 0, total: 0, most: 0 });
