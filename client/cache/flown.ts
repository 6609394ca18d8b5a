// A flight, and what it brings to those who wait for it.

import type { Position } from "../../shared/core/position.ts";
import type { Instant, Selector } from "../../shared/core/units.ts";
import type { HeldValue } from "./held.ts";
import type { Shed } from "./source.ts";

export type FlightOutcome =
  | { readonly kind: "value"; readonly held: HeldValue; readonly from: "shared" | "loader" }
  /** Loaded without a position: for those alone who had asked before the load began. */
  | {
      readonly kind: "unplaced";
      readonly value: unknown;
      readonly selectors: readonly Selector[];
      readonly loadedAt: Instant;
    }
  | { readonly kind: "nothing"; readonly because: "absent" | "unavailable" }
  | { readonly kind: "failed"; readonly cause: unknown }
  | Shed;

export interface Flight {
  readonly startedAt: Instant;
  /** Noted before anything was asked; null while nothing is known of the log. */
  readonly asOf: Position | null;
  /** As `Untold` counts, when it began. */
  readonly drops: number;
  readonly outcome: Promise<FlightOutcome>;
}
