// A circuit breaker for an origin: it opens after failures in a row, and then one probe at a time decides.

import type { BreakerLimits } from "./breaker.ts";
import { elapsed, type Instant, instant, later, type Millis } from "./units.ts";

export interface OriginBreakerLimits extends BreakerLimits {
  /** A probe of which nothing was heard for so long has been lost with its request. */
  readonly probeLost: Millis;
}

export type OriginBreaker =
  | {
      readonly kind: "closed";
      readonly failures: number;
      /** When the latest request was sent that was answered well. */
      readonly wellAt: Instant;
    }
  | { readonly kind: "open"; readonly until: Instant }
  | { readonly kind: "probing"; readonly since: Instant };

export const CLOSED: OriginBreaker = { kind: "closed", failures: 0, wellAt: instant(0) };

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

export interface Came {
  readonly well: boolean;
  readonly probe: boolean;
  readonly sentAt: Instant;
  readonly at: Instant;
}

/**
 * Whether what came of a request says anything of now. Those sent before it opened can't close it again, nor keep it
 * open for longer. A request that fails after another that was sent later came well tells of a trouble that is over:
 * else all that an outage has left hanging would open it again, deadline by deadline, long after the origin is back.
 */
export function isNews(breaker: OriginBreaker, { well, probe, sentAt }: Came): boolean {
  if (breaker.kind !== "closed") return probe;
  return well || sentAt >= breaker.wellAt;
}

export function afterwards(breaker: OriginBreaker, came: Came, limits: OriginBreakerLimits): OriginBreaker {
  if (!isNews(breaker, came)) return breaker;
  const { well, sentAt, at } = came;
  if (well) {
    const before = breaker.kind === "closed" ? breaker.wellAt : sentAt;
    return { kind: "closed", failures: 0, wellAt: instant(Math.max(before, sentAt)) };
  }
  const failures = breaker.kind === "closed" ? breaker.failures + 1 : limits.failures;
  return breaker.kind === "closed" && failures < limits.failures
    ? { ...breaker, failures }
    : { kind: "open", until: later(at, limits.pause) };
}
