// A circuit breaker for an origin: it opens after failures in a row, and then one probe at a time decides.

import type { BreakerLimits } from "./breaker.ts";
import { elapsed, type Instant, later, type Millis } from "./units.ts";

export interface OriginBreakerLimits extends BreakerLimits {
  /** A probe of which nothing was heard for so long has been lost with its request. */
  readonly probeLost: Millis;
}

export type OriginBreaker =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: Instant }
  | { readonly kind: "probing"; readonly since: Instant };

export const CLOSED: OriginBreaker = { kind: "closed", failures: 0 };

/** How long nobody may pass; null where somebody may. */
export function closedFor(breaker: OriginBreaker, now: Instant, limits: OriginBreakerLimits): Millis | null {
  switch (breaker.kind) {
    case "closed":
      return null;
    case "open":
      return now < breaker.until ? elapsed(now, breaker.until) : null;
    case "probing":
      return elapsed(breaker.since, now) < limits.probeLost ? limits.pause : null;
  }
}

/** One request passes: while it is not closed, that is the probe. Only after `closedFor` has said that it may. */
export const passing = (breaker: OriginBreaker, now: Instant): OriginBreaker =>
  breaker.kind === "closed" ? breaker : { kind: "probing", since: now };

/** What came of a request. Of those sent before it opened, none can close it again, nor keep it open for longer. */
export function afterwards(
  breaker: OriginBreaker,
  came: { readonly well: boolean; readonly probe: boolean; readonly at: Instant },
  limits: OriginBreakerLimits,
): OriginBreaker {
  const { well, probe, at } = came;
  if (breaker.kind !== "closed" && !probe) return breaker;
  if (well) return CLOSED;
  const failures = breaker.kind === "closed" ? breaker.failures + 1 : limits.failures;
  return failures >= limits.failures
    ? { kind: "open", until: later(at, limits.pause) }
    : { kind: "closed", failures };
}
