// L1 in the data centre: answers as blobs in the Cache API, judged by us and by nothing else.

import type { ByteRange } from "../../shared/core/byte-range.ts";
import { belongs, type InChunks, isInChunks, isPieceOf } from "../../shared/core/chunks.ts";
import { strongEtag } from "../../shared/core/conditional.ts";
import { comparePositions, greatestPosition, type Position } from "../../shared/core/position.ts";
import { Remembered } from "../../shared/core/remembered.ts";
import { type HeldAnswer, keepFor, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type CacheKey, earlier, type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { BlobStore, BodyForm } from "../../shared/ports/blob-store.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { answerIn } from "../../shared/wire/stored-answer.ts";
import { LIMITS } from "../config.ts";
import { discard } from "../content.ts";

/** Without a body where that is in chunks. */
export interface DataCentreHit {
  readonly held: HeldAnswer;
  readonly body: Body;
}

export type DataCentreOutcome =
  | ({ readonly kind: "hit" } & DataCentreHit)
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly reason: string };

/** A look-up that is under way. */
export interface Look {
  readonly startedAt: Instant;
  readonly outcome: Promise<DataCentreOutcome>;
}

interface BlobRecord {
  readonly answer: StoredAnswer;
  /** Its age when it was put, in milliseconds. */
  readonly age: number;
  /** Up to where it was known to be untouched when it was put; its as-of, where nothing is said. */
  readonly verifiedTo?: Position;
  /** Where its body is in chunks: how large they are, and how old the oldest part was when this was put. */
  readonly chunks?: { readonly size: number; readonly since: Position; readonly age: number };
}

export class DataCentreTier {
  private readonly blobs: BlobStore;
  private readonly digest: Digest;
  private readonly clock: Clock;
  /** Blobs can't be changed in place: what checks found of them is kept here, by entry id, and in blobs of its own. */
  private readonly verified = new Map<string, Position>();

  constructor(ports: { blobs: BlobStore; digest: Digest; clock: Clock }) {
    this.blobs = ports.blobs;
    this.digest = ports.digest;
    this.clock = ports.clock;
  }

  async find(key: CacheKey, as: BodyForm = "whole"): Promise<DataCentreOutcome> {
    const askedAt = this.clock.now();
    const outcome = await this.blobs.match(await this.digest.sha256Hex(key), as);
    if (outcome.kind !== "hit") return outcome;
    const { blob, residence } = outcome;
    const record = recordIn(blob.record);
    const length = record?.chunks === undefined ? record?.answer.length : 0;
    // A digest that collides, a damaged record, a body of another length: nothing of ours, so nothing.
    if (record === null || record.answer.key !== key || length !== blob.length) {
      discard(blob.body);
      return { kind: "absent" };
    }
    const held = this.heldBy(record, { askedAt, residence });
    return { kind: "hit", held, body: isInChunks(held) ? NO_BODY : blob.body };
  }

  private heldBy(
    { answer, age, chunks, verifiedTo = answer.asOf }: BlobRecord,
    { askedAt, residence }: { askedAt: Instant; residence: Millis },
  ): HeldAnswer {
    const bornAt = (then: number): Instant => earlier(askedAt, millis(then + residence));
    const held: HeldAnswer = {
      ...{ answer, bornAt: bornAt(age), sentAt: null },
      verifiedTo: greatestPosition(verifiedTo, this.verified.get(answer.id) ?? verifiedTo),
    };
    return chunks === undefined ? held : { ...held, chunks: { ...chunks, bornAt: bornAt(chunks.age) } };
  }

  /** The body of an answer that was found or put here, for one reader; null where it is here no longer. */
  async open(answer: StoredAnswer): Promise<Body | null> {
    const found = await this.find(answer.key as CacheKey);
    if (found.kind !== "hit") return null;
    if (found.held.answer.id === answer.id) return found.body;
    discard(found.body);
    return null;
  }

  /** Octets of an answer that was found here; null where it is here no longer. */
  async readRange(answer: StoredAnswer, range: ByteRange): Promise<Body | null> {
    const outcome = await this.blobs.matchRange(await this.digest.sha256Hex(answer.key), range);
    if (outcome.kind !== "hit") return null;
    const { record, body } = outcome.blob;
    if (recordIn(record)?.answer.id === answer.id) return body;
    discard(body);
    return null;
  }

  /** False where it is not stored. */
  async store(key: CacheKey, held: HeldAnswer, body: Body): Promise<boolean> {
    const { answer } = held;
    const blob = { record: this.recordOf(held), body, length: answer.length };
    const { kind } = await this.blobs.put(await this.digest.sha256Hex(key), blob, keepFor(answer));
    return kind === "stored";
  }

  /** An answer whose body is kept in chunks; not over one that was asked for later. False where it is not stored. */
  async storeInChunks(held: InChunks): Promise<boolean> {
    const { key, asOf } = held.answer;
    const there = await this.find(key as CacheKey);
    if (there.kind === "hit") discard(there.body);
    if (there.kind === "hit" && comparePositions(there.held.answer.asOf, asOf) > 0) return false;
    const blob = { record: this.recordOf(held), body: NO_BODY, length: 0, asOf };
    const { kind } = await this.blobs.put(await this.digest.sha256Hex(key), blob, keepFor(held.answer));
    return kind === "stored";
  }

  /** What a 304 made of an answer that is here; false where it is here no longer. */
  async restate(was: StoredAnswer, held: HeldAnswer): Promise<boolean> {
    const { kind } = await this.blobs.restate(await this.digest.sha256Hex(was.key), {
      isMeant: (record) => recordIn(record)?.answer.id === was.id,
      record: this.recordOf(held),
      keepFor: keepFor(held.answer),
    });
    return kind === "stored";
  }

  private recordOf({ answer, verifiedTo, bornAt, chunks }: HeldAnswer): string {
    const now = this.clock.now();
    const further = comparePositions(verifiedTo, answer.asOf) > 0;
    const record: BlobRecord = { answer, age: now - bornAt, ...(further && { verifiedTo }) };
    if (chunks === undefined) return JSON.stringify(record);
    const { size, since } = chunks;
    return JSON.stringify({ ...record, chunks: { size, since, age: now - chunks.bornAt } });
  }

  /** One chunk, if one is here that belongs to this whole. */
  findChunk(whole: InChunks, range: ByteRange): Promise<DataCentreHit | null> {
    return this.findPiece(whole, range, (held) => belongs(whole, held, range));
  }

  /** The same octets of the same representation, if they are here and good enough. */
  async findPiece(
    whole: InChunks,
    range: ByteRange,
    isGood: (held: HeldAnswer) => boolean,
  ): Promise<DataCentreHit | null> {
    const askedAt = this.clock.now();
    const outcome = await this.blobs.match(await this.chunkKey(whole, range));
    if (outcome.kind !== "hit") return null;
    const { blob, residence } = outcome;
    const record = recordIn(blob.record);
    const held = record === null ? null : this.heldBy(record, { askedAt, residence });
    const isPiece = held?.answer.length === blob.length && isPieceOf(whole.answer, held.answer, range);
    if (held !== null && isPiece && isGood(held)) return { held, body: blob.body };
    discard(blob.body);
    return null;
  }

  async storeChunk(
    whole: InChunks,
    range: ByteRange,
    { held, bytes }: { readonly held: HeldAnswer; readonly bytes: Uint8Array<ArrayBuffer> },
  ): Promise<void> {
    const blob = {
      record: this.recordOf(held),
      body: { kind: "bytes", bytes } as const,
      length: bytes.length,
      asOf: held.answer.asOf,
    };
    const outlives = millis(keepFor(whole.answer) + LIMITS.bodyOutlives);
    await this.blobs.put(await this.chunkKey(whole, range), blob, outlives);
  }

  /** Another validator, another size of chunks: another chunk. */
  chunkKey({ answer, chunks }: InChunks, { from }: ByteRange): Promise<string> {
    return this.digest.sha256Hex(
      `chunk\n${answer.key}\n${strongEtag(answer.headers)}\n${chunks.size}\n${from}`,
    );
  }

  /** Removes this very answer, if it is still the one. */
  async dropAnswer({ key, id }: StoredAnswer): Promise<void> {
    const there = await this.find(key as CacheKey);
    if (there.kind !== "hit") return;
    discard(there.body);
    if (there.held.answer.id === id) await this.blobs.delete(await this.digest.sha256Hex(key));
  }

  /** What any isolate of this data centre has found of the answer since it was stored. */
  async recall(held: HeldAnswer): Promise<HeldAnswer> {
    const { answer, verifiedTo } = held;
    const outcome = await this.blobs.match(await this.verifiedKey(answer));
    const found = outcome.kind === "hit" ? readVerified(outcome.blob.record) : null;
    if (found === null || found.id !== answer.id) return held;
    return { ...held, verifiedTo: greatestPosition(verifiedTo, found.position) };
  }

  /** Outlives this isolate: answers that are kept for a year must not all be checked anew with each isolate. */
  async recordVerified({ answer, verifiedTo }: HeldAnswer): Promise<void> {
    if (this.verified.size >= LIMITS.verifiedRemembered) this.verified.clear();
    this.verified.set(answer.id, verifiedTo);
    const record = JSON.stringify({ id: answer.id, ...verifiedTo });
    const body = { kind: "bytes", bytes: new Uint8Array(0) } as const;
    await this.blobs.put(await this.verifiedKey(answer), { record, body, length: 0 }, keepFor(answer));
  }

  private verifiedKey({ key }: StoredAnswer): Promise<string> {
    return this.digest.sha256Hex(`verified\n${key}`);
  }
}

function readVerified(text: string): { readonly id: string; readonly position: Position } | null {
  const { id, ...rest } = (parseJson(text) ?? {}) as Record<string, unknown>;
  const position = readPosition(rest);
  return typeof id !== "string" || position === null ? null : { id, position };
}

/** As decoded answers: the same text is the same record, and the same answer. */
const read = new Remembered<BlobRecord | null>({ characters: 1_048_576, longest: 16_384 });

const recordIn = (text: string): BlobRecord | null => read.of(text, readRecord);

function readRecord(text: string): BlobRecord | null {
  const value = parseJson(text) as { [key in keyof BlobRecord]?: unknown } | null;
  const answer = answerIn(value?.answer);
  if (answer === null || typeof value?.age !== "number" || !(value.age >= 0)) return null;
  const verifiedTo = value.verifiedTo === undefined ? answer.asOf : readPosition(value.verifiedTo);
  if (verifiedTo === null) return null;
  const whole = { answer, age: value.age, verifiedTo };
  if (value.chunks === undefined) return whole;
  const chunks = readChunks(value.chunks);
  return chunks === null ? null : { ...whole, chunks };
}

function readPosition(value: unknown): Position | null {
  const { epoch, seq } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  return { epoch: epoch as number, seq: seq as number };
}

function readChunks(value: unknown): NonNullable<BlobRecord["chunks"]> | null {
  const { size, since, age } = (value ?? {}) as Record<string, unknown>;
  const from = readPosition(since);
  if (!Number.isSafeInteger(size) || (size as number) <= 0 || typeof age !== "number" || !(age >= 0))
    return null;
  return from === null ? null : { size: size as number, since: from, age };
}
