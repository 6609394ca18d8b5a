// What to do with a request: every combination of what is known, against rules stated one by one.

import { describe, expect, test } from "vitest";
import type { Freshness } from "../../shared/core/freshness.ts";
import type { Coherence } from "../../shared/core/log-view.ts";
import { type Found, nextStep, type Step, type StepInput } from "../../shared/core/next-step.ts";
import type { Fence } from "../../shared/core/rules.ts";
import { instant, millis } from "../../shared/core/units.ts";

const WINDOW = 5000;
const CAP = 60_000;

const coherences: Coherence[] = [
  { kind: "current" },
  { kind: "unchecked" },
  { kind: "soft", since: instant(0) },
  { kind: "hard" },
  { kind: "other-epoch" },
];
const staleFor = millis(1);
const freshnesses: Freshness[] = [
  { kind: "fresh", remaining: millis(1) },
  { kind: "stale-while-revalidate", staleFor, ifError: true },
  { kind: "stale-while-revalidate", staleFor, ifError: false },
  { kind: "stale-if-error", staleFor },
  { kind: "expired", staleFor },
];
const fences: Fence[] = [
  { kind: "revalidate" },
  { kind: "serve-stale", cap: millis(CAP) },
  { kind: "refuse" },
];
/** Up to Δ, up to Δ + cap, beyond both; a voided view is infinitely old. */
const ages = [0, WINDOW, WINDOW + 1, WINDOW + CAP, WINDOW + CAP + 1, Number.POSITIVE_INFINITY];
const booleans = [true, false];

const combinations: Found[] = [
  { kind: "nothing" },
  ...coherences.flatMap((coherence) =>
    freshnesses.flatMap((freshness) =>
      booleans.flatMap((hasValidator) =>
        booleans.flatMap((madeWithinWindow) =>
          booleans.map(
            (renewalDue): Found => ({
              ...{ kind: "answer", coherence, freshness },
              ...{ hasValidator, madeWithinWindow, renewalDue },
            }),
          ),
        ),
      ),
    ),
  ),
];

const found = combinations.filter(isPossible);

/** A soft invalidation has always ended freshness already (see `freshnessOf`). */
function isPossible(one: Found): boolean {
  return one.kind === "nothing" || one.coherence.kind !== "soft" || one.freshness.kind !== "fresh";
}

const inputs: StepInput[] = found.flatMap((each) =>
  fences.flatMap((fence) =>
    ages.map((age) => ({ found: each, fence, knownAge: millis(age), window: millis(WINDOW) })),
  ),
);

type Answer = Found & { kind: "answer" };

/** One combination, in the words of the rules. */
class Case {
  readonly input: StepInput;
  readonly answer: Answer | null;

  constructor(input: StepInput) {
    this.input = input;
    this.answer = input.found.kind === "answer" ? input.found : null;
  }

  get fenced(): boolean {
    return this.input.knownAge > WINDOW;
  }
  get refused(): boolean {
    return this.fenced && this.input.fence.kind === "refuse";
  }
  /** Nothing known has hard-invalidated it, and the log need not be asked. */
  get verified(): boolean {
    return this.answer !== null && ["current", "soft"].includes(this.answer.coherence.kind);
  }
  /** The view, or the answer itself, is young enough to be relied upon. */
  get withinWindow(): boolean {
    return !this.fenced || this.answer?.madeWithinWindow === true;
  }
  get freshness(): Freshness["kind"] | null {
    return this.answer?.freshness.kind ?? null;
  }
  get due(): boolean {
    return this.answer?.renewalDue === true;
  }
  get servedFenced(): boolean {
    const { fence, knownAge } = this.input;
    return (
      this.verified &&
      !this.refused &&
      !this.withinWindow &&
      fence.kind === "serve-stale" &&
      knownAge <= WINDOW + CAP &&
      this.freshness === "fresh"
    );
  }
  /** Whether this answer may be served at this point without asking anybody. */
  get served(): boolean {
    return (
      this.verified &&
      !this.refused &&
      this.withinWindow &&
      (this.freshness === "fresh" || this.freshness === "stale-while-revalidate")
    );
  }
  get standsInOnError(): boolean {
    return this.verified && !this.refused && this.withinWindow && this.freshness === "stale-if-error";
  }
  get unusable(): boolean {
    return this.verified && !this.refused && !this.served && !this.servedFenced && !this.standsInOnError;
  }
}

/** Each step, and exactly when it is taken. */
const RULES: readonly (readonly [Step, (one: Case) => boolean])[] = [
  [{ kind: "refuse" }, (one) => one.refused],
  [{ kind: "check" }, (one) => !one.refused && one.answer?.coherence.kind === "unchecked"],
  [{ kind: "serve", mark: "fresh" }, (one) => one.served && one.freshness === "fresh" && !one.due],
  [{ kind: "serve", mark: "ahead" }, (one) => one.served && one.freshness === "fresh" && one.due],
  [{ kind: "serve", mark: "fenced" }, (one) => one.servedFenced],
  [{ kind: "serve-and-refresh" }, (one) => one.served && one.freshness === "stale-while-revalidate"],
  [{ kind: "revalidate", fallback: "stale-if-error" }, (one) => one.standsInOnError],
  [{ kind: "revalidate", fallback: "none" }, (one) => one.unusable && one.answer?.hasValidator === true],
  [
    { kind: "fetch" },
    (one) =>
      !one.refused &&
      (one.answer === null ||
        ["hard", "other-epoch"].includes(one.answer.coherence.kind) ||
        (one.unusable && !one.answer.hasValidator)),
  ],
];

const stepsWhere = (applies: (one: Case) => boolean): Step[] => {
  const steps = inputs.filter((input) => applies(new Case(input))).map(nextStep);
  if (steps.length === 0) throw new Error("a rule that never applies proves nothing");
  return steps;
};
const kinds = (steps: readonly Step[]) => [...new Set(steps.map((step) => step.kind))].sort();

describe("the next step", () => {
  test(`is the one that the rules name, in each of ${inputs.length} combinations`, () => {
    expect(inputs).toHaveLength((1 + 5 * 5 * 8 - 8) * 3 * 6);
    for (const input of inputs) {
      const named = RULES.filter(([, applies]) => applies(new Case(input))).map(([step]) => step);
      expect(named, JSON.stringify(input)).toHaveLength(1);
      expect([nextStep(input)], JSON.stringify(input)).toEqual(named);
    }
  });

  test.each(RULES)("is %j in some of them", (step) => {
    expect(inputs.map(nextStep)).toContainEqual(step);
  });
});

describe("whatever else holds", () => {
  test("a hard-invalidated answer, or one of another epoch, is neither served nor used as a validator", () => {
    const steps = stepsWhere((one) => ["hard", "other-epoch"].includes(one.answer?.coherence.kind ?? ""));
    expect(kinds(steps)).toEqual(["fetch", "refuse"]);
  });

  test("an unchecked answer is not served, nor used as a validator, before the log was asked", () => {
    const steps = stepsWhere((one) => one.answer?.coherence.kind === "unchecked");
    expect(kinds(steps)).toEqual(["check", "refuse"]);
  });

  test("a class that refuses refuses exactly when its view is older than Δ, whatever it holds", () => {
    const refusing = (one: Case) => one.input.fence.kind === "refuse";
    expect(kinds(stepsWhere((one) => refusing(one) && one.fenced))).toEqual(["refuse"]);
    expect(kinds(stepsWhere((one) => refusing(one) && !one.fenced))).not.toContain("refuse");
    expect(kinds(stepsWhere((one) => !refusing(one)))).not.toContain("refuse");
  });

  test("nothing stands in for a failed origin while the view is older than Δ", () => {
    const steps = stepsWhere((one) => one.fenced && one.answer?.madeWithinWindow !== true);
    expect(steps).not.toContainEqual({ kind: "revalidate", fallback: "stale-if-error" });
    expect(kinds(steps)).not.toContain("serve-and-refresh");
    expect(steps).not.toContainEqual({ kind: "serve", mark: "fresh" });
  });

  test("nothing is served past Δ + cap", () => {
    const steps = stepsWhere(
      (one) => one.input.knownAge > WINDOW + CAP && one.answer?.madeWithinWindow !== true,
    );
    expect(kinds(steps)).not.toContain("serve");
  });

  test("an answer made within Δ of the arrival needs no younger view", () => {
    const made = (one: Case) => one.answer?.madeWithinWindow === true && one.input.fence.kind !== "refuse";
    for (const input of inputs.filter((each) => made(new Case(each))))
      expect(nextStep(input)).toEqual(nextStep({ ...input, knownAge: millis(0) }));
  });

  test("an expired answer is not served", () => {
    const steps = stepsWhere((one) => one.freshness === "expired");
    expect(kinds(steps)).toEqual(["check", "fetch", "refuse", "revalidate"]);
  });

  test("a window of zero is met by knowledge as young as the request", () => {
    const current = found.find(
      (one) =>
        one.kind === "answer" &&
        one.coherence.kind === "current" &&
        one.freshness.kind === "fresh" &&
        !one.renewalDue &&
        !one.madeWithinWindow,
    );
    const at = (knownAge: number) =>
      nextStep({
        found: current ?? { kind: "nothing" },
        fence: { kind: "refuse" },
        knownAge: millis(knownAge),
        window: millis(0),
      });
    expect([at(0), at(0.1)]).toEqual([{ kind: "serve", mark: "fresh" }, { kind: "refuse" }]);
  });
});
