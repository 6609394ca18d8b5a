// L1 in the data centre: answers as blobs in the Cache API, judged by us and by nothing else.

import type { ByteRange } from "../../shared/core/byte-range.ts";
import { belongs, type InChunks, isInChunks, isPieceOf } from "../../shared/core/chunks.ts";
import { strongEtag } from "../../shared/core/conditional.ts";
import { mix } from "../../shared/core/mix.ts";
import { comparePositions, greatestPosition, type Position } from "../../shared/core/position.ts";
import { type HeldAnswer, keepFor, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type CacheKey, earlier, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import { formatMark, type VaryMark } from "../../shared/core/vary.ts";
import type { BlobStore, BodyForm } from "../../shared/ports/blob-store.ts";
import { type Body, NO_BODY } from "../../shared/ports/body.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { RememberedDigest } from "../../shared/ports/identity.ts";
import { LIMITS } from "../config.ts";
import { discard } from "../content.ts";
import {
  type Announced,
  type AnswerRecord,
  announcedIn,
  announcedRecord,
  answerRecord,
  keptIn,
  markRecord,
  readVerified,
  recordIn,
  verifiedRecord,
} from "./blob-record.ts";

/** Without a body where that is in chunks. */
export interface DataCentreHit {
  readonly held: HeldAnswer;
  readonly body: Body;
}

export type DataCentreOutcome =
  | ({ readonly kind: "hit" } & DataCentreHit)
  /** Its answers stand under keys of their own, by what requests say. */
  | { readonly kind: "varies"; readonly mark: VaryMark }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly reason: string };

type NameDigest = Pick<RememberedDigest, "sha256Hex">;

export class DataCentreTier {
  private readonly blobs: BlobStore;
  private readonly digest: NameDigest;
  private readonly clock: Clock;
  /** Blobs can't be changed in place: what checks found of them is kept here, by entry id, and in blobs of its own. */
  private readonly verified = new Map<string, Position>();
  /** Which marks this isolate has left, by the digest of their resource's key: hashes, as keys and marks may be long. */
  private readonly marks = new Map<string, { readonly said: number; readonly until: Instant }>();

  constructor(ports: { blobs: BlobStore; digest: NameDigest; clock: Clock }) {
    this.blobs = ports.blobs;
    this.digest = ports.digest;
    this.clock = ports.clock;
  }

  async find(key: CacheKey, as: BodyForm = "whole"): Promise<DataCentreOutcome> {
    const askedAt = this.clock.now();
    const name = this.digest.sha256Hex(key);
    const outcome = await this.blobs.match(typeof name === "string" ? name : await name, as);
    if (outcome.kind !== "hit") return outcome;
    const { blob, residence } = outcome;
    const record = keptIn(blob.record);
    // A digest that collides, a damaged record, a body of another length: nothing of ours, so nothing.
    if (record === null || "varies" in record || !isOf(record, key, blob.length)) {
      discard(blob.body);
      const isMark = record !== null && "varies" in record && record.key === key;
      return isMark ? { kind: "varies", mark: record.varies } : { kind: "absent" };
    }
    const held = this.heldBy(record, { askedAt, residence });
    return { kind: "hit", held, body: isInChunks(held) ? NO_BODY : blob.body };
  }

  private heldBy(
    { answer, age, chunks, verifiedTo = answer.asOf }: AnswerRecord,
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

  /** For twice as long as the variant that it leads to, so that each variant need not leave it anew. */
  async storeMark(key: CacheKey, mark: VaryMark, keepFor: Millis): Promise<void> {
    const name = await this.digest.sha256Hex(key);
    const said = mix(formatMark(mark));
    const there = this.marks.get(name);
    const now = this.clock.now();
    if (there?.said === said && there.until >= later(now, keepFor)) return;
    const lasts = millis(2 * keepFor);
    const blob = { record: markRecord(key, mark), body: NO_BODY, length: 0 };
    const { kind } = await this.blobs.put(name, blob, lasts);
    if (kind !== "stored") return;
    if (this.marks.size >= LIMITS.verifiedRemembered) this.marks.clear();
    this.marks.set(name, { said, until: later(now, lasts) });
  }

  /** That a large answer is about to be put here, and by whom: whoever comes meanwhile may wait for it. */
  async announce(key: CacheKey, announced: Announced): Promise<void> {
    const blob = { record: announcedRecord(announced), body: NO_BODY, length: 0 };
    await this.blobs.put(await this.announcedKey(key), blob, LIMITS.shortPatience);
  }

  /** What was said last; null where nothing was, or too long ago for it to be waited for. */
  async announced(key: CacheKey): Promise<Announced | null> {
    const found = await this.blobs.match(await this.announcedKey(key));
    if (found.kind !== "hit") return null;
    discard(found.blob.body);
    return found.residence < LIMITS.shortPatience ? announcedIn(found.blob.record) : null;
  }

  /** What was announced has come, or will not. */
  async withdraw(key: CacheKey): Promise<void> {
    await this.blobs.delete(await this.announcedKey(key));
  }

  private announcedKey(key: CacheKey): string | Promise<string> {
    return this.digest.sha256Hex(`announced\n${key}`);
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

  private recordOf(held: HeldAnswer): string {
    return answerRecord(held, this.clock.now());
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
  chunkKey({ answer, chunks }: InChunks, { from }: ByteRange): string | Promise<string> {
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
    const record = verifiedRecord({ id: answer.id, position: verifiedTo });
    const body = { kind: "bytes", bytes: new Uint8Array(0) } as const;
    await this.blobs.put(await this.verifiedKey(answer), { record, body, length: 0 }, keepFor(answer));
  }

  private verifiedKey({ key }: StoredAnswer): string | Promise<string> {
    return this.digest.sha256Hex(`verified\n${key}`);
  }
}

const isOf = ({ answer, chunks }: AnswerRecord, key: CacheKey, length: number): boolean =>
  answer.key === key && (chunks === undefined ? answer.length : 0) === length;
