// The journals' witness in memory, for tests that run the control plane in their own process.

import type { JournalNotes, JournalWitness } from "../../control-plane/journal/witness.ts";

export function memoryJournalWitness(): JournalWitness {
  let noted: JournalNotes = {};
  return {
    read: async () => ({ kind: "noted", notes: noted }),
    async put(notes) {
      noted = notes;
    },
  };
}
