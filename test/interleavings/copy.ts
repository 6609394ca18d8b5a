// A stored answer in a reader's hands, and what is true of it whatever the scripts make of it.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";

/** What is true of an origin's answer: it travels in the body, where no script looks. */
export interface Fetched {
  /** Of the origin, when it answered. */
  readonly version: number;
  /** How many invalidations had been appended when its request was sent. */
  readonly purgesBefore: number;
  /** The newest position that there was when its request was sent. */
  readonly newest: Position;
  readonly grantedAt: number;
}

/** A stored answer in a reader's hands. */
export interface Copy {
  readonly id: string;
  readonly verifiedTo: Position;
  readonly selectors: readonly Selector[];
  readonly fetched: Fetched;
}
