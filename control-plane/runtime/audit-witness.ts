// The witness of the audit log in a Durable Object's own storage, and the way to it from other isolates.

import type { AuditNoted, AuditWitness } from "../audit-log/witness.ts";

const KEY = "audit-witness";

export const storedAuditWitness = (storage: DurableObjectStorage): AuditWitness =>
  guarded({
    noted: async () => (await storage.get<AuditNoted>(KEY)) ?? { head: null, breaches: [] },
    note: (noted) => storage.put(KEY, noted),
  });

/** What its owner offers to other isolates. */
interface Owner {
  auditNoted(): Promise<AuditNoted>;
}

/** Elsewhere it is only read: whoever beats notes. */
export const remoteAuditWitness = (owner: () => Owner): AuditWitness =>
  guarded({ noted: () => owner().auditNoted(), note: async () => {} });

function guarded(store: {
  noted(): Promise<AuditNoted>;
  note(noted: AuditNoted): Promise<void>;
}): AuditWitness {
  return {
    async read() {
      try {
        const { head, breaches } = await store.noted();
        return { kind: "noted", head, breaches };
      } catch (error) {
        return { kind: "unavailable", reason: reasonOf(error) };
      }
    },
    async put(noted) {
      try {
        await store.note(noted);
      } catch (error) {
        console.error("the witness of the audit log can't be reached:", reasonOf(error));
      }
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown");
