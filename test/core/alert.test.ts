// How an alert comes and goes: not for a blip, not back and forth between two values, and not by silence.

import { array, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AlertPhase,
  type AlertTerms,
  nextPhase,
  type Verdict,
  verdictOf,
} from "../../shared/core/alert.ts";
import { minutes, seconds } from "../../shared/core/units.ts";
import { holds } from "./samples.ts";

const TERMS: AlertTerms = {
  ...{ comparison: "above", threshold: 0.9, clear: 0.8, leastSample: 10 },
  ...{ for: seconds(30), clearFor: seconds(60), heldFor: minutes(15), seenFor: seconds(15) },
};
const EVERY = 10_000;

/** One verdict every ten seconds, from nought on. */
function phaseAfter(verdicts: readonly Verdict[], terms: AlertTerms = TERMS): AlertPhase | null {
  let phase: AlertPhase | null = null;
  for (const [index, verdict] of verdicts.entries())
    phase = nextPhase(phase, verdict, { now: index * EVERY, terms });
  return phase;
}
const times = (count: number, verdict: Verdict): Verdict[] => Array(count).fill(verdict);
const FIRING = times(4, "breach");

describe("a verdict", () => {
  const of = (value: number | null, sample = 100, terms = TERMS): Verdict =>
    verdictOf({ value, sample }, terms);
  test("has two thresholds with a place between them", () => {
    expect([0.95, 0.9, 0.89, 0.81, 0.8, 0].map((value) => of(value))).toEqual([
      "breach",
      "breach",
      "between",
      "between",
      "clear",
      "clear",
    ]);
    const below: AlertTerms = { ...TERMS, comparison: "below", threshold: 0.8, clear: 0.9 };
    expect([0.79, 0.8, 0.89, 0.9].map((value) => of(value, 100, below))).toEqual([
      "breach",
      "between",
      "between",
      "clear",
    ]);
  });
  test("is none where there is too little to go by, or nothing was measured", () => {
    expect([of(1, 9), of(null), verdictOf(null, TERMS)]).toEqual(["unknown", "unknown", "gone"]);
  });
});

describe("an alert", () => {
  test("is not so for as long as nobody looked", () => {
    const before = phaseAfter(["breach"]);
    const long = { now: 3_600_000, terms: TERMS };
    const behind = nextPhase(before, "breach", long);
    expect(behind).toMatchObject({ kind: "pending", since: 3_585_000 });
    expect(nextPhase(behind, "breach", { ...long, now: 3_610_000 })).toMatchObject({ kind: "pending" });
    expect(nextPhase(behind, "breach", { ...long, now: 3_615_000 })).toMatchObject({ kind: "firing" });
  });

  test("fires when it has been so for as long as it takes, and not before", () => {
    expect(phaseAfter(times(3, "breach"))).toMatchObject({ kind: "pending", since: 0 });
    expect(phaseAfter(FIRING)).toMatchObject({ kind: "firing", since: 30_000 });
    expect(phaseAfter(["breach"], { ...TERMS, for: seconds(0) })).toMatchObject({ kind: "firing", since: 0 });
  });

  test("does not fire for what comes and goes within that", () => {
    expect(phaseAfter(["breach", "breach", "breach", "clear", "breach", "breach"])).toMatchObject({
      kind: "pending",
    });
    expect(phaseAfter(["breach", "breach", "breach", "between"])).toBeNull();
  });

  test("is over when it has been well for as long as that takes, and stays so", () => {
    expect(phaseAfter([...FIRING, ...times(6, "clear")])).toMatchObject({
      kind: "firing",
      clearSince: 40_000,
    });
    const over = phaseAfter([...FIRING, ...times(7, "clear")]);
    expect(over).toMatchObject({ kind: "resolved", since: 100_000, firedAt: 30_000, why: "clear" });
    expect(phaseAfter([...FIRING, ...times(7, "clear"), "between", "unknown", "clear"])).toEqual(over);
    expect(phaseAfter([...FIRING, ...times(7, "clear"), "breach"])).toMatchObject({
      kind: "pending",
      since: 110_000,
    });
  });

  test("is not over for a value between the two, however long", () => {
    expect(phaseAfter([...FIRING, ...times(500, "between")])).toMatchObject({ kind: "firing" });
    expect(phaseAfter([...FIRING, ...times(6, "clear"), "between", ...times(6, "clear")])).toMatchObject({
      kind: "firing",
    });
  });

  test("of which nothing is known neither ends nor begins", () => {
    expect(phaseAfter([...FIRING, ...times(50, "unknown")])).toMatchObject({ kind: "firing", since: 30_000 });
    expect(phaseAfter([...FIRING, ...times(6, "clear"), "unknown", ...times(6, "clear")])).toMatchObject({
      kind: "firing",
    });
    expect(phaseAfter(["breach", "breach", ...times(5, "unknown")])).toMatchObject({ kind: "pending" });
    // Of the sixty seconds that were not seen none counts.
    expect(phaseAfter(["breach", "breach", ...times(5, "unknown"), "breach"])).toMatchObject({
      kind: "pending",
    });
    expect(
      phaseAfter(["breach", "breach", ...times(5, "unknown"), "breach", "breach", "breach"]),
    ).toMatchObject({
      kind: "firing",
    });
  });

  test("of which nothing is known for very long is over, and says why", () => {
    expect(phaseAfter([...FIRING, ...times(90, "unknown")])).toMatchObject({
      kind: "resolved",
      why: "unmeasured",
    });
    expect(phaseAfter(["breach", ...times(90, "unknown")])).toBeNull();
  });

  test("of what is no more ends as if it were well", () => {
    expect(phaseAfter([...FIRING, ...times(7, "gone")])).toMatchObject({ kind: "resolved", why: "gone" });
    expect(phaseAfter(["breach", "gone"])).toBeNull();
  });

  test("never fires without a breach that was seen for its whole time, never ends without as much that was seen well", () => {
    const verdicts = array(constantFrom<Verdict>("breach", "between", "clear", "unknown"), { maxLength: 80 });
    const claim = property(verdicts, (list) => {
      let phase: AlertPhase | null = null;
      for (const [index, verdict] of list.entries()) {
        const before: AlertPhase | null = phase;
        phase = nextPhase(phase, verdict, { now: index * EVERY, terms: TERMS });
        const last = list.slice(0, index + 1).filter((one) => one !== "unknown");
        if (phase?.kind === "firing" && before?.kind !== "firing")
          expect(last.slice(-3)).toEqual(times(3, "breach"));
        if (phase?.kind === "resolved" && before?.kind === "firing")
          expect(list.slice(index - 6, index + 1)).toEqual(times(7, "clear"));
      }
    });
    holds(claim);
  });
});
