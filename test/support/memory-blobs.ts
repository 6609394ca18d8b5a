// A data centre's store in this process: what is large comes as a stream that one reader can read once, as in the real one.

import { lengthOf } from "../../shared/core/byte-range.ts";
import { millis } from "../../shared/core/units.ts";
import type { Blob, BlobOutcome, BlobStore } from "../../shared/ports/blob-store.ts";
import type { Body } from "../../shared/ports/body.ts";

/** As the real store: what is larger does not come in one piece. */
const IN_HAND = 1_048_576;

interface Kept {
  readonly record: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  readonly storedAt: number;
}

export interface MemoryBlobs extends BlobStore {
  readonly kept: Map<string, Kept>;
}

export function memoryBlobs(now: () => number = () => 0): MemoryBlobs {
  const kept = new Map<string, Kept>();
  const bodyOf = (bytes: Uint8Array<ArrayBuffer>): Body => {
    if (bytes.length <= IN_HAND) return { kind: "bytes", bytes };
    return { kind: "source", source: onceOnly(bytes) };
  };
  const hit = (found: Kept, bytes: Uint8Array<ArrayBuffer>): BlobOutcome => ({
    kind: "hit",
    blob: { record: found.record, body: bodyOf(bytes), length: found.length },
    residence: millis(now() - found.storedAt),
  });
  const put = async (key: string, { record, body, length }: Blob): Promise<{ kind: "stored" }> => {
    const storedAt = now();
    kept.set(key, { record, bytes: await readAll(body), length, storedAt });
    return { kind: "stored" };
  };
  return {
    ...{ kept, put },
    match: async (key) => {
      const found = kept.get(key);
      return found === undefined ? { kind: "absent" } : hit(found, found.bytes);
    },
    matchRange: async (key, range) => {
      const found = kept.get(key);
      if (found === undefined || found.bytes.length < lengthOf(range)) return { kind: "absent" };
      return hit(found, found.bytes.slice(range.from, range.to + 1));
    },
    restate: async (key, { isMeant, record }) => {
      const found = kept.get(key);
      if (found === undefined || !isMeant(found.record)) return { kind: "absent" };
      kept.set(key, { ...found, record, storedAt: now() });
      return { kind: "stored" };
    },
    delete: async (key) => void kept.delete(key),
  };
}

/** Edges by the data centres that they are in, each of which has one. */
export function blobsIn(dataCentres: readonly string[]): (now: () => number, edge: number) => MemoryBlobs {
  const all = new Map<string, MemoryBlobs>();
  return (now, edge) => {
    const dataCentre = dataCentres[edge] ?? "";
    const blobs = all.get(dataCentre) ?? memoryBlobs(now);
    all.set(dataCentre, blobs);
    return blobs;
  };
}

/** In pieces, and to whoever reads first: a second reader would get what the first has left. */
function onceOnly(bytes: Uint8Array<ArrayBuffer>) {
  let at = 0;
  return {
    length: bytes.length,
    async read() {
      const piece = at < bytes.length ? bytes.slice(at, at + 65_536) : null;
      at += 65_536;
      return piece;
    },
    cancel() {
      at = bytes.length;
    },
  };
}

/** All of a body; throws where it breaks off. */
export async function readAll(body: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (body.kind === "none") return new Uint8Array(0);
  if (body.kind === "bytes") return body.bytes;
  const pieces: Uint8Array[] = [];
  for (let piece = await body.source.read(); piece !== null; piece = await body.source.read())
    pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}
