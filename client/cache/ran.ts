// What came of asking a source.

import type { Millis } from "../../shared/core/units.ts";

export interface Ran<T> {
  readonly kind: "ran";
  readonly value: T;
  readonly tookMs: Millis;
}

export interface RunFailed {
  readonly kind: "failed";
  readonly cause: unknown;
  /** Its time was up, and it is still at work until then; null where it has ended. */
  readonly goesOn: Promise<void> | null;
}
