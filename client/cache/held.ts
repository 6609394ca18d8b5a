// A value as this process holds it, and the verdict on it: the same decision as an edge's.

import { type Admission, isGoodFor } from "../../shared/core/admission.ts";
import { type Freshness, freshnessAt } from "../../shared/core/freshness.ts";
import { type Coherence, coherenceOf, knownAge, type LogView } from "../../shared/core/log-view.ts";
import { nextStep, type Step } from "../../shared/core/next-step.ts";
import type { Position } from "../../shared/core/position.ts";
import { elapsed, type Instant, later, type Millis, millis, type Selector } from "../../shared/core/units.ts";
import type { ValueRules } from "./rules.ts";

/** How long a value is good for, from when its load began. */
export interface Life {
  readonly fresh: Millis;
  readonly staleWhileRevalidate: Millis;
  readonly staleIfError: Millis;
}

export interface HeldValue {
  /** Unique to the load that made it. */
  readonly id: string;
  readonly value: unknown;
  readonly octets: number;
  readonly selectors: readonly Selector[];
  readonly life: Life;
  /** Whether a call, or its loader, said how long it is fresh: then its class does not shorten that. */
  readonly ttlBy: "call" | "rules";
  /** The log's position before the load began; a 304 has no like here. */
  readonly asOf: Position;
  /** Up to where it has been checked against the log: never less than `asOf`. */
  readonly verifiedTo: Position;
  /** When its age was nought, by the reckoning that makes it oldest. */
  readonly bornAt: Instant;
  /** When this process began the load; null where another one did. */
  readonly loadedAt: Instant | null;
  readonly tookMs: Millis;
}

export interface Verdict {
  readonly held: HeldValue;
  readonly coherence: Coherence;
  readonly freshness: Freshness;
  readonly step: Step;
  readonly knownAge: Millis;
}

/** A class that was shortened shortens what is kept already. */
export function lifeUnder(held: HeldValue, rules: ValueRules): Life {
  const { life } = held;
  const stands = rules.ttl === null || (held.ttlBy === "call" && rules.ttlMode === "respect");
  return {
    fresh: stands ? life.fresh : millis(Math.min(life.fresh, rules.ttl)),
    staleWhileRevalidate: millis(Math.min(life.staleWhileRevalidate, rules.staleWhileRevalidate)),
    staleIfError: millis(Math.min(life.staleIfError, rules.staleIfError)),
  };
}

export const endOf = (held: HeldValue, rules: ValueRules): Instant =>
  later(held.bornAt, lifeUnder(held, rules).fresh);

/**
 * For a read that arrived then; `renewFrom` says from when on it is renewed ahead. `admittedBy`
 * is what it is owed, where it has gone beyond this process.
 */
export function judge(
  view: LogView,
  held: HeldValue,
  by: {
    readonly rules: ValueRules;
    readonly arrivedAt: Instant;
    readonly now: Instant;
    readonly renewFrom: Instant | null;
    readonly admittedBy: Admission | null;
  },
): Verdict {
  const { rules, arrivedAt, now, renewFrom, admittedBy } = by;
  const admitted = isGoodFor(admittedBy, held.verifiedTo, view) ? admittedBy : null;
  const coherence: Coherence =
    admitted === null ? coherenceOf(view, held.verifiedTo, held.selectors) : { kind: "current" };
  const freshness = freshnessAt({
    ...lifeUnder(held, rules),
    age: elapsed(held.bornAt, now),
    softFor: coherence.kind === "soft" ? elapsed(coherence.since, now) : null,
  });
  const known = admitted?.knownAge ?? knownAge(view, arrivedAt);
  const step = nextStep({
    found: {
      kind: "answer",
      coherence,
      freshness,
      hasValidator: false,
      madeWithinWindow: held.loadedAt !== null && elapsed(held.loadedAt, arrivedAt) <= rules.window,
      renewalDue: renewFrom !== null && now >= renewFrom,
    },
    knownAge: known,
    window: rules.window,
    fence: rules.fence,
  });
  return { held, coherence, freshness, step, knownAge: known };
}

/** Good enough as it is: `behind` where a new one is to be loaded behind it. */
export function usable({ step }: Verdict): "as-is" | "behind" | null {
  if (step.kind === "serve") return step.mark === "ahead" ? "behind" : "as-is";
  return step.kind === "serve-and-refresh" ? "behind" : null;
}

/** Whether it may stand in for a loader that fails or is slow: nothing does that nobody can vouch for any more. */
export const standsIn = (verdict: Verdict): boolean => {
  const { step } = verdict;
  return usable(verdict) !== null || (step.kind === "revalidate" && step.fallback === "stale-if-error");
};
