// Begins to keep a large body in chunks: its record first, then what comes of it, chunk by chunk, as it streams to a client.

import { type ByteRange, lengthOf } from "../../shared/core/byte-range.ts";
import { chunkRange, hasWholeChunk, type InChunks, inChunks, isChunkable } from "../../shared/core/chunks.ts";
import type { Rules } from "../../shared/core/rules.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { ByteSource } from "../../shared/ports/body.ts";
import { waitAtMost } from "../../shared/ports/wait.ts";
import { type FlightControls, FRESH, type LeaderReply } from "../coalesce.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { type Exchange, hold, type Made } from "../make-answer.ts";
import { type Room, roomFor } from "../room.ts";
import { type Pace, twoLanes } from "../share-body.ts";
import type { DataCentreTier } from "../tiers/data-centre.ts";
import { leaveMark } from "../tiers/store-everywhere.ts";
import { type ChunkFlightControls, startChunkFlight } from "./chunk.ts";

/** A stretch of a body on its way from the origin, and what is known of the whole. */
export interface Stretch {
  readonly made: Made;
  readonly source: ByteSource;
  /** Which octets they are, of how many. */
  readonly range: ByteRange;
  readonly complete: number;
  /** Whether the origin has just sent a part, and so can send others, or has sent the whole to whoever asked for one. */
  readonly parts: "sent" | "withheld" | "unknown";
  readonly head: Omit<LeaderReply & { kind: "stream" }, "kind" | "body">;
  readonly controls: FlightControls;
}

/** Whether anything of the class is kept in the data centre, and of this size. */
export const isKeepable = ({ cacheApi }: Rules, complete: number): boolean =>
  cacheApi !== "none" && complete <= LIMITS.largestStored;

export const isKept = ({ job, right }: Exchange, complete: number): boolean =>
  isKeepable(job.route.rules, complete) && right.asOf !== null;

/** False where it is not kept in chunks, and nothing has been done. */
export async function keepInChunks(edge: Edge, exchange: Exchange, stretch: Stretch): Promise<boolean> {
  const { made, complete, parts, controls, source } = stretch;
  // It may say that it sends them all the same.
  if (parts === "withheld") return false;
  const { headers } = made.answer;
  if (
    !isKept(exchange, complete) ||
    !isChunkable({ headers, complete, inParts: parts === "sent" }, edge.chunking)
  )
    return false;
  const first = hold(exchange, { ...made.answer, length: complete });
  const whole = inChunks(first, edge.chunking.size);
  if (!(await edge.dataCentre.storeInChunks(whole))) return false;
  if (made.key !== made.primary) edge.memory.markVaries(made.primary, made.mark);
  edge.memory.dropOlder(made.key, exchange.job.route.rules, first.answer.asOf);
  const { receivedAt } = exchange;
  const streams = isWorthStreaming(exchange, stretch, edge.chunking.size);
  const [toClient, toStore] = streams ? twoLanes(source, paceOf(edge)) : [null, null];
  if (toClient !== null) {
    const body = { kind: "source", source: toClient } as const;
    controls.deliver({ kind: "stream", ...stretch.head, stored: "near", body });
  }
  // Before anybody is told of it: whoever comes for the chunk on its way waits for that.
  const filling =
    toStore === null ? null : await beginFilling(edge, exchange, { whole, at: stretch.range.from });
  controls.settle({ kind: "large", held: whole, from: "origin", forLeader: FRESH, by: null, receivedAt });
  await leaveMark(edge.dataCentre, made, whole);
  const bucket = await besideBody(edge, exchange, edge.bucket, async (bucket) => {
    if (await bucket.storeInChunks(whole)) await leaveMark(bucket, made, whole);
  });
  if (toStore === null || filling === null) source.cancel("taken in chunks");
  else {
    await storeChunks(edge, toStore, { exchange, whole, first, bucket, range: stretch.range, filling });
  }
  return true;
}

const paceOf = ({ timers }: Edge): Pace => ({ patience: LIMITS.cacheApiDeadline, timers });

/**
 * What goes to the bucket behind a body on its way to a client: null where that would wait for it for too long, and the
 * bucket gets no more of this body. What it was told by then goes on.
 */
async function besideBody(
  edge: Edge,
  { job }: Exchange,
  bucket: DataCentreTier | null,
  put: (bucket: DataCentreTier) => Promise<void>,
): Promise<DataCentreTier | null> {
  if (bucket === null) return null;
  const { over, wake } = waitAtMost(LIMITS.bucketPace, edge.timers);
  let isDone = false;
  const putting = put(bucket).then(() => {
    isDone = true;
    wake();
  });
  job.request.background.keep(putting);
  await over;
  return isDone ? bucket : null;
}

/** Not where it was asked for less than comes, nor where no chunk would be whole: then its chunks are asked for alone. */
function isWorthStreaming({ job }: Exchange, { range, complete, parts }: Stretch, size: number): boolean {
  const { request } = job;
  const isAll = lengthOf(range) === complete;
  const less = request.method === "HEAD" || (request.header("range") !== null && isAll && parts !== "sent");
  return !less && hasWholeChunk(range, complete, size);
}

/** What is being filled. */
interface Filling {
  readonly range: ByteRange;
  /** Null where it is not kept. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  filled: number;
  readonly flight: ChunkFlightControls;
  readonly room: Room;
}

interface Storing {
  readonly exchange: Exchange;
  readonly whole: InChunks;
  readonly first: HeldAnswer;
  readonly range: ByteRange;
  filling: Filling;
  bucket: DataCentreTier | null;
}

/** One chunk in hand at a time; where the stream breaks off, those that were whole stay. */
async function storeChunks(edge: Edge, lane: ByteSource, storing: Storing): Promise<void> {
  let at = storing.range.from;
  try {
    for (let piece = await lane.read(); piece !== null; piece = await lane.read())
      at = await fill(edge, storing, { piece, at });
  } catch (error) {
    // The client has been told of the broken body.
    if (!(error instanceof Error)) throw error;
  } finally {
    land(storing.filling);
  }
}

function land({ flight, room }: Filling): void {
  flight.land();
  room.giveBack();
}

/** Where the next piece begins. */
async function fill(
  edge: Edge,
  storing: Storing,
  { piece, at }: { readonly piece: Uint8Array; readonly at: number },
): Promise<number> {
  let [next, rest] = [at, piece];
  // What comes beyond the announced length is no part of it.
  while (rest.length > 0 && next <= storing.range.to) {
    const { filling, range } = storing;
    const taken = rest.subarray(0, filling.range.to + 1 - next);
    filling.bytes?.set(taken, next - filling.range.from);
    filling.filled += taken.length;
    next += taken.length;
    rest = rest.subarray(taken.length);
    if (next <= filling.range.to) continue;
    // Who has been waiting for this chunk goes on to the next one, and finds that on its way.
    if (next <= range.to)
      storing.filling = await beginFilling(edge, storing.exchange, { ...storing, at: next });
    await storeFilled(edge, storing, filling);
  }
  return next;
}

async function beginFilling(
  edge: Edge,
  { job }: Exchange,
  { whole, at }: { readonly whole: InChunks; readonly at: number },
): Promise<Filling> {
  const range = chunkRange(whole, Math.floor(at / whole.chunks.size));
  const key = await edge.dataCentre.chunkKey(whole, range);
  const room = roomFor(edge, job.route);
  const octets = lengthOf(range);
  // Of a chunk whose beginning has not come, or for which there is no room, nothing is kept, and nobody waits for it.
  const isKept = at === range.from && room.holds(octets);
  const flights = !isKept || edge.chunkFlights.has(key) ? new Map() : edge.chunkFlights;
  const patience = LIMITS.chunkPatience;
  const flight = startChunkFlight(flights, { key, startedAt: edge.clock.now(), patience });
  return { range, bytes: isKept ? new Uint8Array(octets) : null, filled: 0, flight, room };
}

async function storeFilled(edge: Edge, storing: Storing, filling: Filling): Promise<void> {
  const { exchange, whole, first, bucket } = storing;
  const { range, bytes, filled, flight } = filling;
  if (bytes !== null && filled === bytes.length) {
    const part = { kind: "range", ...range, complete: whole.answer.length } as const;
    const chunk = { held: { ...first, answer: { ...first.answer, part, length: bytes.length } }, bytes };
    exchange.job.route.counters.bytesFromOrigin += bytes.length;
    flight.settle({ kind: "chunk", ...chunk });
    [storing.bucket] = await Promise.all([
      besideBody(edge, exchange, bucket, (bucket) => bucket.storeChunk(whole, range, chunk)),
      edge.dataCentre.storeChunk(whole, range, chunk),
    ]);
  }
  land(filling);
}
