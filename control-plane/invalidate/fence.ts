// When an invalidation holds at every edge, whether it has heard of it or not: what stands behind `fenced`.

import { boundConcerned } from "../../shared/core/bound.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import type { Site } from "../../shared/core/routing.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { ConfigurationHistory } from "../../shared/mid-tier/configuration-history.ts";
import { LONGEST_BOUND } from "../../shared/wire/policy.ts";
import { LIMITS } from "../config.ts";
import { type PastState, statesOf } from "../configuration/past.ts";

/** What of an invalidation decides when it is fenced. */
export interface ToFence {
  readonly position: Position;
  /** Redis TIME, milliseconds, when the log had told of it at the latest: of its append, where no replicas are asked for. */
  readonly at: number;
  /** Null where the log holds the entry no more: then every rule is concerned. */
  readonly selectors: readonly Selector[] | null;
}

/**
 * Redis TIME, milliseconds, for each invalidation. An edge that has not heard of one last heard of the log before that
 * told of it, so it lives by the configuration of that moment or by an older one. By the one of that moment it may
 * serve what the invalidation hits for that one's bound, from the append on. By one that a change had replaced before,
 * for that one's bound from the change on: of the change it has not heard either.
 */
export function fencesOf(history: ConfigurationHistory, invalidations: readonly ToFence[]): number[] {
  const states = statesOf(history);
  const forgotten = history.forgottenAt === null ? 0 : history.forgottenAt + LONGEST_BOUND;
  return invalidations.map((invalidation) => {
    const known = states.filter(
      ({ began }) => began === null || comparePositions(began.position, invalidation.position) < 0,
    );
    const named = known[0]?.routing?.sites ?? [];
    const ends = known.map((state, index) => endOf(state, invalidation, { named, inForce: index === 0 }));
    return Math.max(forgotten, ...ends) + LIMITS.fenceSlack;
  });
}

function endOf(
  { routing, greatest, ended }: PastState,
  { at, selectors }: ToFence,
  by: { readonly named: readonly Site[]; readonly inForce: boolean },
): number {
  const since = by.inForce || ended === null ? at : ended.at;
  const concerned =
    selectors === null || routing === null ? greatest : boundConcerned(routing, selectors, by.named);
  return since + concerned;
}
