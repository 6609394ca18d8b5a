// What is known of a chunk on its way, and of a request that reads a body in chunks.

import type { InChunks } from "../../shared/core/chunks.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { Instant, Millis } from "../../shared/core/units.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";

/** One request's reading of a body: the whole may come to cover more while chunks of it arrive. */
export interface Reading {
  readonly route: Route;
  readonly request: EdgeRequest;
  whole: InChunks;
  /** The bucket has let it wait in vain once, and is asked no more for it. */
  isWithoutBucket?: boolean;
}

/** One chunk as it was brought. */
export interface Chunk {
  readonly held: HeldAnswer;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ChunkOutcome =
  | ({ readonly kind: "chunk" } & Chunk)
  | ChunkFailure
  /** Whoever brought it has stopped, and not for anything that the origin said. */
  | { readonly kind: "lost" };

/** `changed`: the origin has another representation, or gives no such part of it. */
export interface ChunkFailure {
  readonly kind: "failed";
  readonly reason: "changed" | "unavailable";
}

/** A chunk on its way: plain data at its end, so that other requests may wait for it. */
export interface ChunkFlight {
  readonly startedAt: Instant;
  /** How long from its beginning on others wait for it. */
  readonly patience: Millis;
  readonly outcome: Promise<ChunkOutcome>;
}

/** Told of by `settle`, over when `land` is called: by then it is stored, if it is at all. */
export interface ChunkFlightControls {
  settle(outcome: ChunkOutcome): void;
  land(): void;
}

export function startChunkFlight(
  flights: Map<string, ChunkFlight>,
  { key, startedAt, patience }: { key: string; startedAt: Instant; patience: Millis },
): ChunkFlightControls {
  const { promise, resolve } = Promise.withResolvers<ChunkOutcome>();
  const flight: ChunkFlight = { startedAt, patience, outcome: promise };
  flights.set(key, flight);
  return {
    settle: resolve,
    land() {
      resolve({ kind: "lost" });
      if (flights.get(key) === flight) flights.delete(key);
    },
  };
}
