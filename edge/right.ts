// The right to ask the origin for a key, by a lease or without one, and what comes with it.

import { coherenceOf, highestLearnt } from "../shared/core/log-view.ts";
import type { Position } from "../shared/core/position.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { hasValidator } from "../shared/core/storability.ts";
import type { Granted, LeaseMarker } from "../shared/ports/mid-tier.ts";
import type { Edge } from "./edge.ts";
import { type FlightJob, priorityOf } from "./flight-job.ts";
import type { Candidate } from "./judge.ts";
import type { Announcement } from "./large/announcement.ts";

/** Where what is fetched by a right is kept. */
export type Keeping =
  /** For all, by a lease. */
  | { readonly kind: "everywhere"; readonly lease: Lease }
  /** L2 can't be asked, or nobody is to wait for the key: in this data centre alone. */
  | { readonly kind: "near" }
  /** Nothing shows how old it is, or somebody may be bringing L2 what is newer. */
  | { readonly kind: "nowhere" };

export interface Lease {
  /** Digest of the key that it is for. */
  readonly key: string;
  readonly token: string;
  readonly granted: Granted;
}

/** What whoever asked last has found out of the key: that it is not for all, or that its origin fails; or that one asks now. */
export type Known = LeaseMarker["kind"] | "taken" | null;

export interface Right {
  /** The view's position when the right was granted, before the origin is asked; null while cold. */
  readonly asOf: Position | null;
  readonly keeping: Keeping;
  /** `fill`: out of the origin's budget, for the caches. `pass`: for its sender alone, as far as is known. */
  readonly asks: "fill" | "pass";
  /** Whether what is missing of a part that is held may be asked for instead of the whole. */
  readonly completes: boolean;
  /** A stored answer that may be sent as validator. */
  readonly validators: Candidate | null;
  /** A stored answer that may stand in if the origin fails. */
  readonly fallback: Candidate | null;
  /** What other isolates of the data centre are told of the fetch. */
  readonly announced: Announcement | null;
}

/**
 * Null while cold, or where it was classified by another configuration: no position could be stored with an answer that
 * would be found by what invalidates it, so nothing is read, leased or stored.
 */
export function positionFor(
  edge: Edge,
  { route, request }: Pick<FlightJob, "route" | "request">,
): Position | null {
  const stands = edge.router.isConfigured && edge.router.stands(route, request);
  return stands ? edge.view.asOf() : null;
}

/** What is fetched without a known position could be older than any invalidation: it is not kept at all. */
export const rightBy = (asOf: Position | null, keeping: Keeping = { kind: "near" }): Right => ({
  asOf,
  keeping: asOf === null ? { kind: "nowhere" } : keeping,
  asks: "fill",
  completes: true,
  validators: null,
  fallback: null,
  announced: null,
});

interface Granting extends Pick<Right, "asOf" | "keeping" | "announced"> {
  readonly candidate: Candidate | null;
  readonly known: Known;
}

/** With what was found on the way to it. */
export const rightWith = (
  edge: Edge,
  job: FlightJob,
  { asOf, keeping, announced, candidate, known }: Granting,
): Right => ({
  ...rightBy(asOf, keeping),
  announced,
  asks: asksAs(job, known),
  validators: candidate !== null && mayValidate(edge, job, candidate) ? candidate : null,
  fallback: fallbackOf(job, candidate),
});

/**
 * What nobody may keep, as far as is known, is nothing that fills caches: a client's request is as one that is passed. That
 * of somebody with credentials whose key another is asking for is kept by nobody, and waited for by nobody.
 */
function asksAs(job: FlightJob, known: Known): Right["asks"] {
  const isForOne = known === "uncacheable" || (known === "taken" && job.lease === "try");
  return isForOne && priorityOf(job) === "user" ? "pass" : "fill";
}

/** What is left of it when its lease has been given back. */
export const withoutLease = (right: Right): Right =>
  right.keeping.kind === "everywhere" ? { ...right, keeping: { kind: "near" } } : right;

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
