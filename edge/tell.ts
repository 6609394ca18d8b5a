// What whoever comes next is told of a key, here and at other edges: that it is not for all, or that its origin fails.

import { later } from "../shared/core/units.ts";
import { askersKey, isAuthorized } from "./askers.ts";
import type { Edge } from "./edge.ts";
import { giveBack } from "./give-back.ts";
import type { Exchange } from "./make-answer.ts";
import { MARKERS, type Told } from "./markers.ts";

/** Whom what one request got tells of: nobody else where it was for a range, and where it had credentials those who have some. */
export type Concerned = "all" | "authorized" | "nobody";

export function concernedBy({ job }: Exchange): Concerned {
  if (job.lease === "none") return "nobody";
  return isAuthorized(job) ? "authorized" : "all";
}

export const speaksForAll = (exchange: Exchange): boolean => concernedBy(exchange) === "all";

/** Gives the lease back with it, for that is how other edges learn of it; null where there is nothing to tell. */
export function tell(edge: Edge, exchange: Exchange, what: Told | null, gone = false): Promise<void> {
  const concerned = concernedBy(exchange);
  if (what === null || concerned === "nobody") return giveBack(edge, exchange, null);
  const marker = MARKERS[what];
  const until = later(edge.clock.now(), marker.for);
  // By somebody's credentials no other edge is told anything, and nobody that the origin fails: they may bring it about.
  const isKnownHere = what === "uncacheable" || (what === "failing" && concerned === "all");
  if (isKnownHere) edge.memory.giveUp(askersKey(edge, exchange.job), { kind: what, until, gone });
  return giveBack(edge, exchange, concerned === "all" ? marker : null);
}
