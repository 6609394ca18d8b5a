// A data centre's store of blobs in this process: what outlives an isolate.

import { millis } from "../../shared/core/units.ts";
import type { Blob, BlobStore } from "../../shared/ports/blob-store.ts";

export function memoryBlobs(): BlobStore {
  const kept = new Map<string, Blob>();
  return {
    async match(key) {
      const blob = kept.get(key);
      return blob === undefined ? { kind: "absent" } : { kind: "hit", blob, residence: millis(0) };
    },
    matchRange: async () => ({ kind: "absent" }),
    async put(key, blob) {
      if (blob.body.kind === "source") return { kind: "unavailable" };
      kept.set(key, blob);
      return { kind: "stored" };
    },
    async delete(key) {
      kept.delete(key);
    },
  };
}
