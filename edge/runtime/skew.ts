// A wall clock that an experiment may set wrong, where the environment lets it.

import type { Clock } from "../../shared/ports/clock.ts";
import { systemClock } from "../../shared/runtime/system.ts";

/** Milliseconds that are added to what the host's wall clock shows. */
export interface Skew {
  ms: number;
}

/** Null where the clock is left alone, as it is wherever nobody experiments. */
export const skewOf = (chaos: string | undefined): Skew | null => (chaos === "on" ? { ms: 0 } : null);

export const skewedClock = (skew: Skew | null): Clock =>
  skew === null ? systemClock() : systemClock(() => Date.now() + skew.ms);
