// L1 in the data centre: answers as blobs in the Cache API, judged by us and by nothing else.

import type { ByteRange } from "../../shared/core/byte-range.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { type HeldAnswer, keepFor, type StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type CacheKey, earlier, type Instant, millis } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { Body } from "../../shared/ports/body.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Digest } from "../../shared/ports/identity.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { decodeAnswer } from "../../shared/wire/stored-answer.ts";
import { LIMITS } from "../config.ts";

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

  async find(key: CacheKey): Promise<DataCentreOutcome> {
    const askedAt = this.clock.now();
    const outcome = await this.blobs.match(await this.digest.sha256Hex(key));
    if (outcome.kind !== "hit") return outcome;
    const record = readRecord(outcome.blob.record);
    // A digest that collides, a damaged record, a body of another length: nothing of ours, so nothing.
    if (record === null || record.answer.key !== key || record.answer.length !== outcome.blob.length) {
      return { kind: "absent" };
    }
    const { answer } = record;
    return {
      kind: "hit",
      body: outcome.blob.body,
      held: {
        answer,
        verifiedTo: this.verified.get(answer.id) ?? answer.asOf,
        bornAt: earlier(askedAt, millis(record.age + outcome.residence)),
        sentAt: null,
      },
    };
  }

  /** Octets of an answer that was found here; null where it is here no longer. */
  async readRange(answer: StoredAnswer, range: ByteRange): Promise<Body | null> {
    const outcome = await this.blobs.matchRange(await this.digest.sha256Hex(answer.key), range);
    if (outcome.kind !== "hit") return null;
    const { record, body } = outcome.blob;
    if (readRecord(record)?.answer.id === answer.id) return body;
    if (body.kind === "source") body.source.cancel("another answer");
    return null;
  }

  async store(key: CacheKey, held: HeldAnswer, body: Body): Promise<void> {
    const { answer } = held;
    const record: BlobRecord = { answer, age: this.clock.now() - held.bornAt };
    const blob = { record: JSON.stringify(record), body, length: answer.length };
    await this.blobs.put(await this.digest.sha256Hex(key), blob, keepFor(answer));
  }

  /** What any isolate of this data centre has found of the answer since it was stored. */
  async recall(held: HeldAnswer): Promise<HeldAnswer> {
    const { answer, verifiedTo } = held;
    const outcome = await this.blobs.match(await this.verifiedKey(answer));
    const found = outcome.kind === "hit" ? readVerified(outcome.blob.record) : null;
    if (found === null || found.id !== answer.id) return held;
    return comparePositions(found.position, verifiedTo) > 0 ? { ...held, verifiedTo: found.position } : held;
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

  async drop(key: CacheKey): Promise<void> {
    await this.blobs.delete(await this.digest.sha256Hex(key));
  }
}

function readVerified(text: string): { readonly id: string; readonly position: Position } | null {
  const { id, epoch, seq } = (parseJson(text) ?? {}) as Record<string, unknown>;
  if (typeof id !== "string" || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  return { id, position: { epoch: epoch as number, seq: seq as number } };
}

function readRecord(text: string): BlobRecord | null {
  const value = parseJson(text) as { answer?: unknown; age?: unknown } | null;
  const answer = decodeAnswer(JSON.stringify(value?.answer ?? null));
  return answer !== null && typeof value?.age === "number" && value.age >= 0
    ? { answer, age: value.age }
    : null;
}
