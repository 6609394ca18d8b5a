// How old what another isolate has pulled is, by the log's own clock: as heard here, and as the other one heard it.

import { earlier, type Instant, instant, type Millis } from "./units.ts";

/** What Redis' clock showed in a reply, in milliseconds, and when the request for that reply was sent, here. */
export interface ClockReading {
  readonly showed: number;
  readonly sentAt: Instant;
}

export interface Found {
  /** What Redis' clock showed in the reply that was shared. */
  readonly showed: number;
  /** How old that was when it was shared, and how long the store has had it since: a second clock's word. */
  readonly age: Millis;
}

/** Two clocks that are well gain or lose less than this on each other, of the time that passes. */
const DRIFT = 0.001;
/** Both readings are whole milliseconds, cut off. */
const TICK = 1;

/**
 * An instant of this host at which the log had not yet answered the pull that was shared: what the reply holds is at
 * most as old as that (docs/adr/0066). Null where our own pull was as late.
 *
 * Redis showed `reading.showed` after `reading.sentAt`; it showed `found.showed` later by the difference, on its clock.
 * A clock of Redis that was set forward meanwhile would make the difference too great, so that the other clock is heard
 * as well and the older of the two is believed.
 */
export function knownSince(found: Found, reading: ClockReading, now: Instant): Instant | null {
  const gained = found.showed - reading.showed;
  if (!(gained > 0)) return null;
  const byRedis = reading.sentAt + gained * (1 - DRIFT) - TICK;
  return instant(Math.min(byRedis, earlier(now, found.age)));
}
