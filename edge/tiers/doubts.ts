// What an isolate has learnt of a key that makes others go for themselves, or be tried once more.

import { type Instant, instant } from "../../shared/core/units.ts";

export interface Doubts {
  readonly kind: "doubtful";
  /** What was asked for from then on, and was not storable either, shows that others are not. */
  readonly from: Instant;
  /** A body that was coming had stopped by then, and none has come whole since. */
  readonly stopped: Instant;
  readonly givenUp: GivenUp | null;
}

/** Why a key is left alone for a while. */
export interface GivenUp {
  /** `elsewhere`: somebody else is bringing it. */
  readonly kind: "uncacheable" | "failing" | "elsewhere";
  readonly until: Instant;
  /** Everybody is told by now that there is nothing. */
  readonly gone: boolean;
}

export const NEVER = instant(Number.POSITIVE_INFINITY);
export const NO_DOUBTS: Doubts = { kind: "doubtful", from: NEVER, stopped: NEVER, givenUp: null };
