// Fetches one chunk of a large body: the origin is asked for exactly these octets of exactly this representation.

import { type ByteRange, lengthOf, parseContentRange } from "../../shared/core/byte-range.ts";
import { type InChunks, isPieceOf, withChunk } from "../../shared/core/chunks.ts";
import { strongEtag } from "../../shared/core/conditional.ts";
import { headerValue } from "../../shared/core/headers.ts";
import { NO_DIRECTIVES } from "../../shared/core/request-directives.ts";
import type { HeldAnswer, StoredAnswer } from "../../shared/core/stored-answer.ts";
import { elapsed } from "../../shared/core/units.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { type FlightJob, priorityOf } from "../flight-job.ts";
import { type Exchange, hold, judgeStorability, type Verdict } from "../make-answer.ts";
import { askForAll } from "../origin/ask.ts";
import { sharedRequestHeaders } from "../origin-request.ts";
import { positionFor, rightBy } from "../right.ts";
import { type Room, roomFor } from "../room.ts";
import { collectWhileStreaming, sourceOf } from "../share-body.ts";
import { type Chunk, type ChunkFailure, type ChunkOutcome, type Reading, startChunkFlight } from "./chunk.ts";

export type Brought =
  | Exclude<ChunkOutcome, { readonly kind: "lost" }>
  /** For the one who asked for it, as it comes in. */
  | { readonly kind: "arriving"; readonly source: ByteSource };

type Place = { readonly range: ByteRange; readonly key: string };

/** Goes on behind the client: whoever waits for the chunk must not hang by him. */
export function fetchChunk(edge: Edge, reading: Reading, { range, key }: Place): Promise<Brought> {
  const first = Promise.withResolvers<Brought>();
  // Somebody's credentials may not start a fetch that others share.
  const alone = reading.request.header("authorization") !== null;
  const flights = alone ? new Map() : edge.chunkFlights;
  const patience = LIMITS.followerGuard;
  const flight = startChunkFlight(flights, { key, startedAt: edge.clock.now(), patience });
  const fail = (failure: ChunkFailure): void => {
    first.resolve(failure);
    flight.settle(failure);
  };
  const room = roomFor(edge, reading.route);
  const task = bring(edge, reading, range, {
    room,
    arriving: (source) => first.resolve({ kind: "arriving", source }),
    settle: flight.settle,
    whole: (chunk) => {
      first.resolve(chunk);
      flight.settle(chunk);
    },
    fail,
  }).finally(() => {
    fail(UNAVAILABLE);
    flight.land();
    room.giveBack();
  });
  reading.request.background.keep(task);
  return first.promise;
}

const UNAVAILABLE: ChunkFailure = { kind: "failed", reason: "unavailable" };
const LOST: ChunkOutcome = { kind: "lost" };
const CHANGED: ChunkFailure = { kind: "failed", reason: "changed" };

interface Told {
  /** For what is collected to be stored. */
  readonly room: Room;
  arriving(source: ByteSource): void;
  settle(outcome: ChunkOutcome): void;
  whole(chunk: ChunkOutcome & { readonly kind: "chunk" }): void;
  fail(failure: ChunkFailure): void;
}

async function bring(edge: Edge, reading: Reading, range: ByteRange, told: Told): Promise<void> {
  const shared = await takeFromBucket(edge, reading, range);
  if (shared !== null) {
    told.whole({ kind: "chunk", ...shared });
    await keepChunk(edge, reading, { range, chunk: shared });
    return;
  }
  const { whole } = reading;
  const asked = await askForChunk(edge, reading, range);
  if (asked.kind === "failed") return told.fail(asked);
  const { held, source, isKept } = asked;
  // Beyond it whoever asked gets it alone.
  if (!told.room.holds(lengthOf(range))) {
    told.settle(LOST);
    return told.arriving(source);
  }
  const { client, collected, finished } = collectWhileStreaming(source, lengthOf(range));
  told.arriving(client);
  const result = await collected;
  if (result.kind !== "whole" || result.bytes.length !== lengthOf(range)) {
    // One connection that breaks off is not to end the bodies of all who wait.
    told.settle(LOST);
    return finished;
  }
  reading.route.counters.bytesFromOrigin += result.bytes.length;
  const chunk = { held, bytes: result.bytes };
  told.settle({ kind: "chunk", ...chunk });
  if (!isKept || !(await keepChunk(edge, reading, { range, chunk }))) return finished;
  // For all data centres too: the whole as it is by now, and then the chunk.
  if (reading.whole !== whole) await edge.bucket?.storeInChunks(reading.whole);
  await edge.bucket?.storeChunk(reading.whole, range, chunk);
  return finished;
}

interface Arriving {
  readonly kind: "arriving";
  readonly held: HeldAnswer;
  readonly source: ByteSource;
  /** Whether it was asked for with a position, without which nothing is stored. */
  readonly isKept: boolean;
}

async function askForChunk(edge: Edge, reading: Reading, range: ByteRange): Promise<Arriving | ChunkFailure> {
  const { whole, route, request } = reading;
  const exchange = exchangeFor(edge, reading, range);
  const ifMatch = strongEtag(whole.answer.headers) ?? "";
  const headers = sharedRequestHeaders(exchange.job, { kind: "chunk", range: rangeOf(range), ifMatch });
  const sentAt = edge.clock.now();
  const priority = priorityOf(exchange.job);
  const answered = await askForAll(edge, route, { headers, kind: "fill", priority, reason: "miss" });
  if (answered.kind !== "answer") return UNAVAILABLE;
  const [receivedAt, receivedAtWall] = [edge.clock.now(), edge.clock.wall()];
  const arrived = { ...exchange, sentAt, receivedAt, receivedAtWall };
  const source = sourceOf(answered.body);
  if (isFailure(answered.status)) {
    source.cancel("not wanted");
    return UNAVAILABLE;
  }
  const made = answered.status === 206 ? judgeStorability(edge, arrived, answered) : REFUSED;
  const answer = made.kind === "store" ? asPiece(made, whole, range) : null;
  if (answer !== null && (source.length === null || source.length === lengthOf(range))) {
    const isKept = exchange.right.asOf !== null;
    return { kind: "arriving", held: hold(arrived, answer), source, isKept };
  }
  source.cancel("of another representation");
  // What is held of the old one could not be completed any more; but what somebody may not see says nothing of it.
  if (request.header("authorization") === null) await dropEverywhere(edge, whole.answer);
  return CHANGED;
}

async function dropEverywhere(edge: Edge, answer: StoredAnswer): Promise<void> {
  await edge.dataCentre.dropAnswer(answer);
  await edge.bucket?.dropAnswer(answer);
}

/** What another data centre has brought since the whole was begun: by the clocks of other hosts it may be older. */
async function takeFromBucket(edge: Edge, reading: Reading, range: ByteRange): Promise<Chunk | null> {
  if (edge.bucket === null || reading.isWithoutBucket) return null;
  const { whole } = reading;
  const isSince = (held: HeldAnswer): boolean => withChunk(whole, held, "") !== null;
  const since = edge.clock.now();
  const found = await edge.bucket.findPiece(whole, range, isSince);
  if (elapsed(since, edge.clock.now()) >= LIMITS.bucketReadDeadline) reading.isWithoutBucket = true;
  if (found?.body.kind !== "bytes") return null;
  return { held: found.held, bytes: found.body.bytes };
}

const REFUSED = { kind: "refuse" } as const;
const rangeOf = ({ from, to }: ByteRange): string => `bytes=${from}-${to}`;
/** Of the origin's state, and not of what it has. */
const isFailure = (status: number): boolean => status >= 500 || status === 429;

/** The octets asked for as an answer of their own, if they are those octets of the same representation. */
function asPiece(
  made: Verdict & { readonly kind: "store" },
  whole: InChunks,
  range: ByteRange,
): StoredAnswer | null {
  const stated = parseContentRange(headerValue(made.answer.headers, "content-range"));
  if (stated?.from !== range.from || stated.to !== range.to || stated.complete !== whole.answer.length)
    return null;
  const part = { kind: "range", ...range, complete: stated.complete } as const;
  const answer: StoredAnswer = { ...made.answer, part, length: lengthOf(range) };
  return isPieceOf(whole.answer, answer, range) ? answer : null;
}

/** The whole first, wherever a chunk widens what may hit it: a chunk is found only by a whole that covers it. */
async function keepChunk(
  edge: Edge,
  reading: Reading,
  { range, chunk }: { readonly range: ByteRange; readonly chunk: Chunk },
): Promise<boolean> {
  const whole = withChunk(reading.whole, chunk.held, edge.random.token());
  if (whole === null) return false;
  if (whole !== reading.whole && !(await edge.dataCentre.storeInChunks(whole))) return false;
  reading.whole = whole;
  await edge.dataCentre.storeChunk(whole, range, chunk);
  return true;
}

function exchangeFor(edge: Edge, { route, request }: Reading, range: ByteRange): Exchange {
  const job: FlightJob = {
    ...{
      route,
      request,
      arrivedAt: request.arrivedAt,
      candidate: null,
      takesStale: true,
      admittedBy: null,
      not: null,
    },
    ...{ wants: NO_DIRECTIVES, lease: "none", range: rangeOf(range) },
  };
  const right = rightBy(positionFor(edge, job));
  const now = edge.clock.now();
  return { job, right, sentAt: now, receivedAt: now, receivedAtWall: edge.clock.wall() };
}
