// A request that was turned away before it reached the origin.

import type { Millis } from "../../shared/core/units.ts";

/** By us: the origin was not asked. */
export interface Shed {
  readonly kind: "shed";
  readonly reason: "rate" | "concurrency" | "queue" | "breaker";
  /** When to come again. */
  readonly retryAfter: Millis;
}
