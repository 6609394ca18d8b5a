// What is kept of each journal outside its database: how far it had come when it was last looked at.

import type { JournalMark } from "../../shared/mid-tier/journal-ledger.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";

export interface JournalNoted extends JournalMark {
  /** Where the database was reached. */
  readonly url: string;
  /** How often it was found to lack something: each loss is one of its own, whatever it had come to. */
  readonly losses: number;
}

/** By the database's id; those of which nothing was noted yet are missing. */
export type JournalNotes = Readonly<Record<string, JournalNoted>>;

/** Never rejects. */
export interface JournalWitness {
  read(): Promise<{ readonly kind: "noted"; readonly notes: JournalNotes } | Unavailable>;
  put(notes: JournalNotes): Promise<void>;
}
