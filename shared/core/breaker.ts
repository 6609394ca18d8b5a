// A circuit breaker without a clock: after repeated failures a tier is left alone, then tried by one caller at a time.

import { type Instant, later, type Millis } from "./units.ts";

export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open before one probe may pass. */
  readonly pause: Millis;
}

export interface Breaker {
  failures: number;
  openUntil: Instant | null;
}

export const closedBreaker = (): Breaker => ({ failures: 0, openUntil: null });

/** Whether a call may be made now. Past the pause one caller becomes the probe; the others wait another pause. */
export function mayTry(breaker: Breaker, now: Instant, limits: BreakerLimits): boolean {
  if (breaker.openUntil === null) return true;
  if (now < breaker.openUntil) return false;
  breaker.openUntil = later(now, limits.pause);
  return true;
}

export function succeeded(breaker: Breaker): void {
  breaker.failures = 0;
  breaker.openUntil = null;
}

export function failed(breaker: Breaker, now: Instant, limits: BreakerLimits): void {
  breaker.failures += 1;
  if (breaker.failures >= limits.failures) breaker.openUntil = later(now, limits.pause);
}
