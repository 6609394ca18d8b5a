// What calls of a cache answer.

import type { ValueSource } from "./counters.ts";

/** A value, and what vouches for it. */
export interface Certificate<T = unknown> {
  readonly value: T;
  readonly source: ValueSource;
  /** Whether it was past its time, and given all the same as its class allows. */
  readonly stale: boolean;
  /** Milliseconds since its load began, at the most. */
  readonly age: number;
  /** The position of the log, `<epoch>-<seq>`, that is known to lie before its load; null where none was known. */
  readonly asOf: string | null;
  /** How old the knowledge of the log's head was when the read began, in milliseconds; null where there was none. */
  readonly knownAge: number | null;
}

/** Nobody has it; `unavailable` where nobody can say. */
export type Nothing = { readonly kind: "nothing"; readonly because: "absent" | "unavailable" };

export interface Invalidated {
  /** `<epoch>-<seq>`: edges take it as `Tidegate-Min-Position`. */
  readonly position: string;
}
