// By which view a request was let beyond what is near: that is what it is owed while it waits (docs/adr/0085).

import { knownAge, type LogView } from "./log-view.ts";
import { leastPosition, type Position } from "./position.ts";
import type { Instant, Millis } from "./units.ts";

export interface Admission {
  /** Of all that is known then, beyond a gap and below the floor too: that is held against answers as well. */
  readonly position: Position;
  /** How old the knowledge of the head was when the request arrived: within its window. */
  readonly knownAge: Millis;
}

/** Null where no view is young enough to say what is owed. */
export function admission(view: LogView | null, window: Millis, arrivedAt: Instant): Admission | null {
  if (view === null) return null;
  const age = knownAge(view, arrivedAt);
  const seq = Math.max(view.highest, view.floor);
  return age > window ? null : { position: { epoch: view.epoch, seq }, knownAge: age };
}

/**
 * Whether an answer is as good for a waiting request as it was by the view that let it in, whatever has been invalidated
 * since: a bound on staleness counts from arrivals. Never across epochs: what another one has lost nobody knows.
 */
export const isGoodFor = (admittedBy: Admission | null, verifiedTo: Position, { epoch }: LogView): boolean =>
  admittedBy !== null &&
  epoch === verifiedTo.epoch &&
  epoch === admittedBy.position.epoch &&
  verifiedTo.seq >= admittedBy.position.seq;

/**
 * The position that whoever has the lease must have known of for a waiting request to wait for him: the newest hard
 * invalidation of what it asks for, or less where it is owed less.
 */
export const neededBy = (admittedBy: Admission | null, newestHard: Position): Position =>
  admittedBy?.position.epoch === newestHard.epoch
    ? leastPosition(admittedBy.position, newestHard)
    : newestHard;
