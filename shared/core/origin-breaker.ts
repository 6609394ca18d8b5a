// A circuit breaker for an origin: it opens after failures in a row, and then one probe at a time decides.

import type { BreakerLimits } from "./breaker.ts";
import { elapsed, type Instant, instant, later, type Millis } from "./units.ts";

export interface OriginBreakerLimits extends BreakerLimits {
  /** For so long nothing may have been well: a moment's requests can fail for what they ask, all at once. */
  readonly lasting: Millis;
  /** A probe of which nothing was heard for so long hangs, or has been lost with its request: another may go. */
  readonly probeLost: Millis;
}

export type OriginBreaker =
  | {
      readonly kind: "closed";
      readonly failures: number;
      /** When the first of them was sent, or the last one came that was well, whichever is later. */
      readonly failingSince: Instant;
      readonly wellAt: Instant;
      /** When the probe was sent that has closed it. */
      readonly since: Instant;
    }
  | { readonly kind: "open"; readonly until: Instant }
  | { readonly kind: "probing"; readonly since: Instant };

export const CLOSED: OriginBreaker = {
  ...{ kind: "closed", failures: 0 },
  ...{ failingSince: instant(0), wellAt: instant(0), since: instant(0) },
};

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

interface Came {
  readonly well: boolean;
  readonly probe: boolean;
  readonly sentAt: Instant;
  readonly at: Instant;
}

/**
 * Whether it failed, and was sent before the probe that has closed the breaker: then it tells of a trouble that is over.
 * All that an outage has left hanging would open it again otherwise, deadline by deadline, long after the origin is back.
 */
export const isOver = (breaker: OriginBreaker, { well, sentAt }: Came): boolean =>
  breaker.kind === "closed" && !well && sentAt < breaker.since;

/**
 * What came of a request. Of those sent before it opened, none can close it again, nor keep it open for longer; what was
 * sent after its pause without being the probe closes it where it is well, and says nothing where it is not.
 */
export function afterwards(breaker: OriginBreaker, came: Came, limits: OriginBreakerLimits): OriginBreaker {
  const { well, probe, sentAt, at } = came;
  if (breaker.kind !== "closed") {
    const isLate = breaker.kind === "open" && sentAt >= breaker.until;
    if (!probe && !(well && isLate)) return breaker;
    return well
      ? { kind: "closed", failures: 0, failingSince: sentAt, wellAt: at, since: sentAt }
      : { kind: "open", until: later(at, limits.pause) };
  }
  if (isOver(breaker, came)) return breaker;
  const { failingSince: failedSince, since } = breaker;
  if (well) return { kind: "closed", failures: 0, failingSince: failedSince, wellAt: at, since };
  const failures = breaker.failures + 1;
  const failingSince = failures === 1 ? instant(Math.max(sentAt, breaker.wellAt)) : failedSince;
  const lasts = failures >= limits.failures && elapsed(failingSince, at) >= limits.lasting;
  return lasts ? { kind: "open", until: later(at, limits.pause) } : { ...breaker, failures, failingSince };
}
