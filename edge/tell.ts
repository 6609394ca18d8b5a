// What whoever comes next is told of a key, here and at other edges: that it is not for all, or that its origin fails.

import { later } from "../shared/core/units.ts";
import type { LeaseMarker } from "../shared/ports/mid-tier.ts";
import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import { giveBack } from "./give-back.ts";
import { keyFor } from "./lease.ts";
import type { Exchange } from "./make-answer.ts";

/**
 * `apart`: nobody waits for another edge, for what is kept in one data centre, or validated each time. Here it is looked
 * for, and waited for, all the same.
 */
export type Told = LeaseMarker["kind"] | "apart";

export const UNCACHEABLE: LeaseMarker = { kind: "uncacheable", for: LIMITS.uncacheableFor };
export const FAILING: LeaseMarker = { kind: "failing", for: LIMITS.failingFor };

/** What one range got, or somebody's credentials, says nothing of what everybody would get. */
export const speaksForAll = ({ job }: Exchange): boolean =>
  job.lease === "wait" && job.request.header("authorization") === null;

/** Gives the lease back with it, for that is how other edges learn of it; null where there is nothing to tell. */
export function tell(edge: Edge, exchange: Exchange, what: Told | null, gone = false): Promise<void> {
  if (what === null || !speaksForAll(exchange)) return giveBack(edge, exchange, null);
  const marker = what === "failing" ? FAILING : UNCACHEABLE;
  const until = later(edge.clock.now(), marker.for);
  if (what !== "apart") edge.memory.giveUp(keyFor(edge, exchange.job), { kind: what, until, gone });
  return giveBack(edge, exchange, marker);
}
