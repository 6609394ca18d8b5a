// The right to ask the origin for a key, by a lease or without one, and what comes with it.

import { coherenceOf, highestLearnt } from "../shared/core/log-view.ts";
import type { Position } from "../shared/core/position.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { hasValidator } from "../shared/core/storability.ts";
import type { Granted, LeaseMarker } from "../shared/ports/mid-tier.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { giveBackForSure } from "./give-back.ts";
import type { Candidate } from "./judge.ts";

export interface Right {
  /** Null where the origin is asked without a lease. */
  readonly token: string | null;
  readonly l2Unavailable: boolean;
  /** Whether what is missing of a part that is held may be asked for instead of the whole. */
  readonly completes: boolean;
  /** Digest of the key whose lease is held; "" without one. */
  readonly leaseKey: string;
  /** Null without a lease. */
  readonly granted: Granted | null;
  /** The view's position when the right was granted, before the origin is asked; null while cold. */
  readonly asOf: Position | null;
  /** A stored answer that may be sent as validator. */
  readonly validators: Candidate | null;
  /** A stored answer that may stand in if the origin fails. */
  readonly fallback: Candidate | null;
  /** Gives the lease back without an answer; with a marker, nobody waits for the key for a while. */
  giveBack(marker: LeaseMarker | null): Promise<void>;
}

export interface Granting {
  readonly candidate: Candidate | null;
  readonly asOf: Position | null;
  readonly token: string | null;
  readonly leaseKey?: string;
  readonly granted?: Granted | null;
  readonly l2Unavailable?: boolean;
}

export function rightBy(edge: Edge, job: FlightJob, given: Granting): Right {
  const { candidate, asOf, token, leaseKey = "", granted = null, l2Unavailable = false } = given;
  return {
    token,
    asOf,
    leaseKey,
    granted,
    l2Unavailable,
    completes: true,
    validators: candidate !== null && mayValidate(edge, job, candidate) ? candidate : null,
    fallback: fallbackOf(job, candidate),
    async giveBack(marker) {
      if (token === null || granted === null) return;
      const query = { key: leaseKey, token, marker, at: [granted.shard] };
      const released = await edge.midTier.release(query);
      // What the marker says is of this moment: by the time that it is heard, the origin may be well again.
      if (released === "unavailable")
        job.request.background.keep(giveBackForSure(edge, { ...query, marker: null }));
    },
  };
}

/** What is left of it when its lease has been given back: what then comes is for this data centre alone. */
export const withoutLease = (right: Right): Right =>
  right.token === null
    ? right
    : { ...right, token: null, granted: null, l2Unavailable: true, giveBack: async () => {} };

/**
 * Judged when the right is granted and not when it was found: what was invalidated while this flight waited would
 * come back, through a 304, with an as-of behind the invalidation.
 */
function mayValidate(edge: Edge, { route, request }: FlightJob, { held, step }: Candidate): boolean {
  const view = edge.view.current();
  if (view === null || step.kind === "fetch") return false;
  // A 304 would make a whole answer of it.
  if (held.answer.part.kind !== "whole") return false;
  if (!edge.router.stands(route, request)) return false;
  // In a gap may stand what has invalidated it, and the as-of would lie beyond.
  if (highestLearnt(view).seq > view.cursor) return false;
  const coherence = coherenceOf(
    view,
    held.verifiedTo,
    allSelectors(held.answer.selectors, route.selectors),
  ).kind;
  return hasValidator(held.answer.headers) && (coherence === "current" || coherence === "soft");
}

/** A part stands in for whoever asked for one, and for nobody else who joins. */
const fallbackOf = ({ range }: FlightJob, candidate: Candidate | null): Candidate | null =>
  range === null && candidate?.held.answer.part.kind === "range" ? null : candidate;
