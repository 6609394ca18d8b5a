// A refresh that another edge is making already: it is left to that one, and looked for when it is most likely there.

import { ageOf, currentLifetime } from "../../shared/core/stored-answer.ts";
import { type CacheKey, later, type Millis, millis } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { FlightJob } from "../flight-job.ts";

/** A refresh behind somebody who has his answer. */
export const isForNobody = ({ request, takesStale }: Pick<FlightJob, "request" | "takesStale">): boolean =>
  request.purpose === "client" && !takesStale;

/**
 * Until then no other one is begun here. Did each isolate that holds it look each 40 ms, as those do for whom somebody
 * waits, a shard would have little else to do.
 */
export function leaveToOther(edge: Edge, job: Pick<FlightJob, "candidate" | "route">, key: CacheKey): void {
  const now = edge.clock.now();
  // What is known of it meanwhile says more.
  if (edge.memory.givenUp(key, now) !== null) return;
  edge.memory.giveUp(key, { kind: "elsewhere", until: later(now, pauseFor(edge, job)), gone: false });
}

/** What its fetch took the last time, or up to twice that; but nobody should meet it expired, or stale beyond use. */
function pauseFor(edge: Edge, { candidate, route }: Pick<FlightJob, "candidate" | "route">): Millis {
  const held = candidate?.held ?? null;
  const took = Math.max(held?.answer.fetchedIn ?? 0, LIMITS.elsewherePause);
  const pause = took * (1 + edge.random.unit());
  if (held === null) return millis(pause);
  const { fresh, staleWhileRevalidate } = currentLifetime(held.answer, route.rules);
  const left = fresh - ageOf(held, edge.clock.now());
  const ofUse = left > 0 ? left : left + staleWhileRevalidate;
  return millis(ofUse > 0 ? Math.min(pause, ofUse / 2) : pause);
}
