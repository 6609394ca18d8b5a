// Notes for the other isolates of the data centre, among the blobs of its Cache API.

import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Notes } from "../../shared/ports/notes.ts";

const RECORD = "note";

export function dataCentreNotes(blobs: Pick<BlobStore, "match" | "put">): Notes {
  return {
    async find(name) {
      const found = await blobs.match(name);
      if (found.kind !== "hit" || found.blob.record !== RECORD || found.blob.body.kind !== "bytes")
        return null;
      return { text: new TextDecoder().decode(found.blob.body.bytes), residence: found.residence };
    },
    async leave(name, text, keepFor) {
      const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
      const blob = { record: RECORD, body: { kind: "bytes", bytes } as const, length: bytes.length };
      return (await blobs.put(name, blob, keepFor)).kind === "stored";
    },
  };
}
