// Whether a lease gives way to whoever knows of an invalidation since: the rule of `read-or-lease.lua`, for its twins.

import type { Position } from "./position.ts";

export interface LeaseOrder {
  /** The position that its holder knew of. */
  readonly asOf: Position;
  /** Taken over from another. */
  readonly overtakes: boolean;
}

/**
 * From before an invalidation it can only bring what was invalidated, and is taken over. One that was taken over for that
 * stands for a while: invalidated faster than it is fetched, a key would have no holder who gets to fill it. Of another
 * epoch what it brings is good for nobody.
 */
export function givesWay(
  { asOf, overtakes }: LeaseOrder,
  need: Position,
  { heldFor, patience }: { readonly heldFor: number; readonly patience: number },
): boolean {
  if (asOf.epoch !== need.epoch) return asOf.epoch < need.epoch;
  return asOf.seq < need.seq && (!overtakes || heldFor >= patience);
}
