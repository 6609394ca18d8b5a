// A journal on one database, and what tests have it do: take a write, hand out what is due, hear what became of it.

import { JOURNAL_LIMITS } from "../../edge/writes/journal-limits.ts";
import { millis } from "../../shared/core/units.ts";
import { createJournal, JOURNAL_PARTITIONS } from "../../shared/mid-tier/journal.ts";
import type {
  Claimed,
  Claiming,
  Delivery,
  Journal,
  JournalTeller,
  JournalWrite,
} from "../../shared/ports/journal.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemDigest, systemRandom } from "../../shared/runtime/system.ts";

export const JOURNAL_KEY = "a".repeat(64);
const PARTITIONS = Array.from({ length: JOURNAL_PARTITIONS }, (_, partition) => partition);

export class OneJournal {
  readonly journal: Journal;
  private teller: JournalTeller = { name: systemRandom.token(), toldAt: null };

  constructor(redis: Redis, limits: Partial<Parameters<typeof createJournal>[0]> = {}) {
    const databases = new Map([["one", redis]]);
    this.journal = createJournal({ databases, digest: systemDigest, ...JOURNAL_LIMITS, ...limits });
  }

  /** A PUT of a key, the same one unless told otherwise. */
  write(id: string, more: Partial<JournalWrite> = {}) {
    return this.journal.accept({
      ...{ key: JOURNAL_KEY, id, kind: "put", site: "default", method: "PUT" },
      ...{ href: "http://origin.test/session/1", originHeaders: [], etag: `"${id}"`, valueHeaders: [] },
      ...{ body: new Uint8Array(8), ttl: millis(60_000), merges: false, ifMatch: null, ifNoneMatch: null },
      ...{ repeatable: null, replicas: 0 },
      ...more,
    });
  }

  async claim(asked: Partial<Claiming> = {}): Promise<readonly Claimed[]> {
    const all = {
      results: [],
      partitions: PARTITIONS,
      most: 10,
      except: [],
      asOf: null,
      teller: this.teller,
      replicas: 0,
    };
    const outcome = await this.journal.claim("one", { ...all, ...asked });
    if (outcome.kind !== "claimed") throw new Error(outcome.reason);
    if (outcome.toldAt !== null) this.teller = { ...this.teller, toldAt: outcome.toldAt };
    return outcome.operations;
  }

  /** The one operation that is due. */
  async claimed(asked: Pick<Partial<Claiming>, "asOf"> = {}): Promise<Claimed> {
    const [operation] = await this.claim(asked);
    if (operation === undefined) throw new Error("nothing is due");
    return operation;
  }

  /** What became of it; nothing more is handed out. */
  async said(claimed: Claimed, delivery: Delivery): Promise<void> {
    await this.claim({ results: [{ claimed, delivery }], partitions: [], most: 0 });
  }
}
