// The witness of the journals in a Durable Object's own storage.

import type { JournalNotes, JournalWitness } from "../journal/witness.ts";

const KEY = "journal-witness";

export const storedJournalWitness = (storage: DurableObjectStorage): JournalWitness => ({
  async read() {
    try {
      return { kind: "noted", notes: (await storage.get<JournalNotes>(KEY)) ?? {} };
    } catch (error) {
      return { kind: "unavailable", reason: reasonOf(error) };
    }
  },
  async put(notes) {
    try {
      await storage.put(KEY, notes);
    } catch (error) {
      console.error("the witness of the journals can't be reached:", reasonOf(error));
    }
  },
});

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");
