// Room for an answer that is collected to be stored: as much as all of an isolate's flights leave of it.

import { LIMITS } from "./config.ts";
import type { Edge } from "./edge.ts";
import type { Route } from "./router.ts";

export interface Room {
  /** Whether there is some for so many octets in all; they are taken then. */
  holds(total: number): boolean;
  /** All of it; more than once is no matter. */
  giveBack(): void;
}

export function roomFor({ collected, clock }: Edge, { site }: Pick<Route, "site">): Room {
  const holding = collected.begin(site.name, clock.now());
  return {
    holds(total) {
      const more = total - LIMITS.collectedFreely - holding.octets;
      return more <= 0 || collected.take(holding, more, clock.now());
    },
    giveBack: () => collected.giveBack(holding),
  };
}
