// The journal over all its databases.

import type { JournalFigures } from "../../shared/mid-tier/journal-ledger.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { JournalLoss } from "../journal/losses.ts";

/** Writes since the databases began; null where some database doesn't tell. */
export type JournalSums = Record<"accepted" | "delivered" | "pending" | "deadLettered", number | null>;

export interface JournalState extends JournalSums {
  /** Oldest first. */
  readonly losses: JournalLoss[];
}

export function sumJournal(figures: ReadonlyMap<string, JournalFigures | Unavailable>): JournalSums {
  const sum = (of: keyof JournalSums): number | null => {
    let total = 0;
    for (const each of figures.values()) {
      // What one of them holds is not known: the others' sum would pass for all.
      if ("kind" in each) return null;
      total += each[of];
    }
    return total;
  };
  return {
    accepted: sum("accepted"),
    delivered: sum("delivered"),
    pending: sum("pending"),
    deadLettered: sum("deadLettered"),
  };
}
