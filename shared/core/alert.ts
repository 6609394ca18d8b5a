// How one alert comes and goes: pending before it fires, clear for a while before it is over, unmoved while nothing is known.

import type { Millis } from "./units.ts";

/** What separates well from ill, and for how long it has to be so. */
export interface AlertTerms {
  readonly comparison: "above" | "below";
  /** Fires from here on: `above` at it or beyond, `below` under it. */
  readonly threshold: number;
  /** Is well again from here on: between the two an alert stays what it is. */
  readonly clear: number;
  readonly for: Millis;
  /** So much of the time since the look before, at most, does one look tell of: nobody saw the rest. */
  readonly seenFor: Millis;
  readonly clearFor: Millis;
  /** Fewer than this tell nothing. */
  readonly leastSample: number;
  /** An alert of which nothing is known for so long is over. */
  readonly heldFor: Millis;
}

/** `value` null: nothing could be measured. */
export interface Measured {
  readonly value: number | null;
  readonly sample: number;
}

/** `gone`: there is no longer anything that could be measured. */
export type Verdict = "breach" | "between" | "clear" | "unknown" | "gone";

export type AlertPhase =
  | {
      readonly kind: "pending";
      readonly since: number;
      readonly judgedAt: number;
      /** Nothing is known of it since then. */
      readonly held: boolean;
    }
  | {
      readonly kind: "firing";
      readonly since: number;
      readonly judgedAt: number;
      /** Since when it has been well; null while it is not. */
      readonly clearSince: number | null;
    }
  | {
      readonly kind: "resolved";
      readonly since: number;
      readonly firedAt: number;
      readonly why: "clear" | "gone" | "unmeasured";
    };

export function verdictOf(measured: Measured | null, terms: AlertTerms): Verdict {
  if (measured === null) return "gone";
  const { value, sample } = measured;
  if (value === null || sample < terms.leastSample) return "unknown";
  const [breach, clear] =
    terms.comparison === "above"
      ? [value >= terms.threshold, value <= terms.clear]
      : [value < terms.threshold, value >= terms.clear];
  return breach ? "breach" : clear ? "clear" : "between";
}

/** Null is inactive. Times are of one clock, in milliseconds. */
export function nextPhase(
  phase: AlertPhase | null,
  verdict: Verdict,
  { now, terms }: { readonly now: number; readonly terms: AlertTerms },
): AlertPhase | null {
  switch (phase?.kind) {
    case "pending":
      return afterPending(phase, verdict, { now, terms });
    case "firing":
      return afterFiring(phase, verdict, { now, terms });
    default:
      return verdict === "breach" ? begun(now, terms) : (phase ?? null);
  }
}

type At = { readonly now: number; readonly terms: AlertTerms };

const begun = (now: number, terms: AlertTerms): AlertPhase =>
  terms.for === 0 ? firing(now) : { kind: "pending", since: now, judgedAt: now, held: false };

const firing = (now: number): AlertPhase => ({
  kind: "firing",
  since: now,
  judgedAt: now,
  clearSince: null,
});

function afterPending(
  phase: AlertPhase & { readonly kind: "pending" },
  verdict: Verdict,
  { now, terms }: At,
): AlertPhase | null {
  if (verdict === "unknown") return now - phase.judgedAt >= terms.heldFor ? null : { ...phase, held: true };
  if (verdict !== "breach") return null;
  // What nobody saw is no time in which it was so.
  const unseen = Math.max(0, now - phase.judgedAt - (phase.held ? 0 : terms.seenFor));
  const since = phase.since + unseen;
  return now - since >= terms.for ? firing(now) : { kind: "pending", since, judgedAt: now, held: false };
}

function afterFiring(
  phase: AlertPhase & { readonly kind: "firing" },
  verdict: Verdict,
  { now, terms }: At,
): AlertPhase {
  const resolved = (why: "clear" | "gone" | "unmeasured"): AlertPhase => ({
    kind: "resolved",
    since: now,
    firedAt: phase.since,
    why,
  });
  if (verdict === "unknown")
    return now - phase.judgedAt >= terms.heldFor ? resolved("unmeasured") : { ...phase, clearSince: null };
  if (verdict !== "clear" && verdict !== "gone") return { ...phase, judgedAt: now, clearSince: null };
  const clearSince = phase.clearSince ?? now;
  return now - clearSince >= terms.clearFor ? resolved(verdict) : { ...phase, judgedAt: now, clearSince };
}
