// The witness of the log in a Durable Object's own storage, and the way to it from other isolates.

import type { LogHead } from "../../shared/ports/mid-tier.ts";
import { laterNoted, type Witness, type WitnessStore } from "../log/witness.ts";

const KEY = "witness";

export function storedWitness(storage: DurableObjectStorage): WitnessStore {
  const read = async (): Promise<LogHead | null> => (await storage.get<LogHead>(KEY)) ?? null;
  return {
    read: () => orUnavailable(async () => ({ kind: "noted", head: await read() })),
    async note(head) {
      await orUnavailable(async () => {
        const noted = await read();
        const later = laterNoted(noted, plain(head));
        if (later !== noted) await storage.put(KEY, later);
        return { kind: "noted", head: later };
      });
    },
    async put(head) {
      await orUnavailable(async () => {
        await storage.put(KEY, plain(head));
        return { kind: "noted", head };
      });
    },
  };
}

/** Entries are heads with more to them. */
const plain = ({ epoch, seq, hash }: LogHead): LogHead => ({ epoch, seq, hash });

type Read = Awaited<ReturnType<WitnessStore["read"]>>;

async function orUnavailable(act: () => Promise<Read>): Promise<Read> {
  try {
    return await act();
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    console.error("the witness can't be reached:", reason);
    return { kind: "unavailable", reason };
  }
}

/** What its owner offers to those who append elsewhere. */
interface Owner {
  noteHead(head: LogHead): Promise<void>;
}

export const remoteWitness = (owner: () => Owner): Witness => ({
  async note(head) {
    await orUnavailable(async () => {
      await owner().noteHead(plain(head));
      return { kind: "noted", head };
    });
  },
});
