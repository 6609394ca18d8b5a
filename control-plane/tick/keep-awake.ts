// Pokes the beat when somebody asks for anything: at most once in a while, or at once where there is work.

import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";

/** What the beat's owner offers. Both may fail: the next request tries again. */
export interface Beating {
  /** Begins the beat where it has stopped. */
  ensure(): Promise<void>;
  /** Beats at once. */
  hurry(): Promise<void>;
}

export function keepAwake(clock: Clock, beating: Beating): (urgency: "soon" | "now") => Promise<void> {
  let pokedAt: Instant | null = null;
  return async (urgency) => {
    const now = clock.now();
    if (urgency === "soon" && pokedAt !== null && elapsed(pokedAt, now) < LIMITS.pokeEvery) return;
    pokedAt = now;
    try {
      await (urgency === "now" ? beating.hurry() : beating.ensure());
    } catch (error) {
      pokedAt = null;
      console.error("the beat could not be reached", error instanceof Error ? error.message : "");
    }
  };
}
