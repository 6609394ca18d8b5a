// What to do with a request, given what the tiers hold: the one place where serving is decided.

import type { Freshness } from "./freshness.ts";
import type { Coherence } from "./log-view.ts";
import type { Fence } from "./rules.ts";
import type { Millis } from "./units.ts";

/** What was found for a request, in the best tier that had anything. */
export type Found =
  | { readonly kind: "nothing" }
  | {
      readonly kind: "answer";
      readonly coherence: Coherence;
      readonly freshness: Freshness;
      readonly hasValidator: boolean;
      /** The origin request that made it was sent within the window before this one arrived. */
      readonly madeWithinWindow: boolean;
      /** Fresh still, and soon not any more: it is renewed ahead. */
      readonly renewalDue: boolean;
    };

export interface StepInput {
  readonly found: Found;
  /** How old the view's knowledge of the head was when the request arrived. */
  readonly knownAge: Millis;
  readonly window: Millis;
  readonly fence: Fence;
}

export type Step =
  /** `ahead`: as fresh as any, and renewed behind whoever gets it. */
  | { readonly kind: "serve"; readonly mark: "fresh" | "ahead" | "fenced" }
  | { readonly kind: "serve-and-refresh" }
  /** Ask the log whether anything below the view's floor hit the answer. */
  | { readonly kind: "check" }
  /** Ask the origin, with our validators where there are any; `fallback` says whether the stored answer may stand in for a failed origin. */
  | { readonly kind: "revalidate"; readonly fallback: "stale-if-error" | "none" }
  /** Ask the origin for the whole answer. */
  | { readonly kind: "fetch" }
  | { readonly kind: "refuse" };

export function nextStep(input: StepInput): Step {
  const { found } = input;
  const fenced = input.knownAge > input.window;
  if (fenced && input.fence.kind === "refuse") return { kind: "refuse" };
  if (found.kind === "nothing") return { kind: "fetch" };
  switch (found.coherence.kind) {
    // A hard-invalidated answer is not even a validator: a 304 would make its content usable again.
    case "hard":
    case "other-epoch":
      return { kind: "fetch" };
    case "unchecked":
      return { kind: "check" };
    case "soft":
    case "current":
      return fenced && !found.madeWithinWindow ? fencedStep(input, found) : servingStep(found);
  }
}

function servingStep(found: Found & { kind: "answer" }): Step {
  const { freshness } = found;
  switch (freshness.kind) {
    case "fresh":
      return { kind: "serve", mark: found.renewalDue ? "ahead" : "fresh" };
    case "stale-while-revalidate":
      return { kind: "serve-and-refresh" };
    case "stale-if-error":
      return { kind: "revalidate", fallback: "stale-if-error" };
    case "expired":
      return found.hasValidator ? { kind: "revalidate", fallback: "none" } : { kind: "fetch" };
  }
}

/** Nothing unverified may stand in for the origin here, not even when it fails: that would break the bound. */
function fencedStep(input: StepInput, found: Found & { kind: "answer" }): Step {
  const { fence } = input;
  if (
    fence.kind === "serve-stale" &&
    input.knownAge <= input.window + fence.cap &&
    found.freshness.kind === "fresh"
  )
    return { kind: "serve", mark: "fenced" };
  return found.hasValidator ? { kind: "revalidate", fallback: "none" } : { kind: "fetch" };
}
