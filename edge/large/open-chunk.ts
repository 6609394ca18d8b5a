// One chunk of a large body: from the data centre, from whoever is bringing it, else from the origin and nothing but it.

import { belongs, chunkIndex, chunkRange } from "../../shared/core/chunks.ts";
import { elapsed, millis } from "../../shared/core/units.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import { waitAtMost } from "../../shared/ports/wait.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { sourceOf } from "../share-body.ts";
import type { ChunkFailure, ChunkFlight, ChunkOutcome, Reading } from "./chunk.ts";
import { type Brought, fetchChunk } from "./fetch-chunk.ts";

export type Opened = { readonly kind: "open"; readonly source: ByteSource } | ChunkFailure;

/** The chunk that an octet is in, from that octet on. */
export async function openChunk(edge: Edge, reading: Reading, at: number): Promise<Opened> {
  const range = chunkRange(reading.whole, chunkIndex(reading.whole, at));
  const skip = at - range.from;
  const key = await edge.dataCentre.chunkKey(reading.whole, range);
  for (let attempt = 0; attempt < LIMITS.chunkTries; attempt++) {
    const stored = await edge.dataCentre.findChunk(reading.whole, range);
    if (stored !== null) return { kind: "open", source: from(sourceOf(stored.body), skip) };
    const flight = edge.chunkFlights.get(key);
    if (flight === undefined || patienceWith(edge, flight) <= 0) break;
    const outcome = await joined(edge, flight);
    if (outcome?.kind === "failed") return outcome;
    // Whoever waited for a chunk checks it as if it had been stored.
    if (outcome?.kind === "chunk" && belongs(reading.whole, outcome.held, range)) return open(outcome, skip);
  }
  return open(await fetchChunk(edge, reading, { range, key }), skip);
}

function open(brought: Brought, skip: number): Opened {
  switch (brought.kind) {
    case "failed":
      return brought;
    case "arriving":
      return { kind: "open", source: from(brought.source, skip) };
    case "chunk":
      return { kind: "open", source: sourceOf({ kind: "bytes", bytes: brought.bytes.subarray(skip) }) };
  }
}

const patienceWith = (edge: Edge, { patience, startedAt }: ChunkFlight): number =>
  patience - elapsed(startedAt, edge.clock.now());

/** Null where it takes too long: its request's client may be slow, or gone. */
async function joined(edge: Edge, flight: ChunkFlight): Promise<ChunkOutcome | null> {
  const { over, wake } = waitAtMost(millis(patienceWith(edge, flight)), edge.timers);
  let brought: ChunkOutcome | null = null;
  void flight.outcome.then((outcome) => {
    brought = outcome;
    wake();
  });
  await over;
  return brought;
}

/** The same source without its first octets. */
function from(source: ByteSource, skip: number): ByteSource {
  if (skip === 0) return source;
  let left = skip;
  return {
    length: source.length === null ? null : source.length - skip,
    async read() {
      for (let piece = await source.read(); piece !== null; piece = await source.read()) {
        if (piece.length > left) {
          const rest = left === 0 ? piece : piece.subarray(left);
          left = 0;
          return rest;
        }
        left -= piece.length;
      }
      return null;
    },
    cancel: (reason) => source.cancel(reason),
  };
}
