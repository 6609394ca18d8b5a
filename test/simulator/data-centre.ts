// One data centre's Cache API: blobs that outlive the isolates, taken and found with some delay.

import { millis } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Chance } from "./chance.ts";
import type { Isolate } from "./isolate.ts";
import type { VirtualTime } from "./virtual-time.ts";

interface Kept {
  readonly record: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  readonly storedAt: number;
  readonly keepFor: number;
}

export class SimulatedCacheApi {
  private readonly kept = new Map<string, Kept>();
  private readonly time: VirtualTime;
  private readonly chance: Chance;

  constructor(time: VirtualTime, chance: Chance) {
    this.time = time;
    this.chance = chance.fork("cache api");
  }

  seenBy(isolate: Isolate): BlobStore {
    return {
      match: async (key) => {
        await this.delay(isolate);
        // Evicted, or on another machine of the data centre.
        const found = this.chance.hit(0.05) ? undefined : this.kept.get(key);
        const residence = millis(this.time.now - (found?.storedAt ?? 0));
        if (found === undefined || residence >= found.keepFor) return { kind: "absent" };
        const { record, bytes, length } = found;
        return { kind: "hit", blob: { record, body: { kind: "bytes", bytes }, length }, residence };
      },
      matchRange: async () => ({ kind: "absent" }),
      restate: async () => ({ kind: "absent" }),
      put: async (key, blob, keepFor) => {
        const storedAt = this.time.now;
        const { record, body, length } = blob;
        if (body.kind !== "bytes") return { kind: "unavailable" };
        await this.delay(isolate);
        this.kept.set(key, { record, bytes: body.bytes, length, storedAt, keepFor });
        await this.delay(isolate);
        return { kind: "stored" };
      },
      delete: async (key) => {
        await this.delay(isolate);
        this.kept.delete(key);
      },
    };
  }

  private delay(isolate: Isolate): Promise<void> {
    return new Promise((resolve) => {
      isolate.after(this.chance.between(0, this.chance.hit(0.1) ? 60 : 2), resolve);
    });
  }
}
