// What stands beside a blob: the record of an answer, how a resource's answers vary, or what a check has found.

import { isInChunks } from "../../shared/core/chunks.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { Remembered } from "../../shared/core/remembered.ts";
import type { HeldAnswer, StoredAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey, Instant } from "../../shared/core/units.ts";
import { canBeHeeded, formatMark, parseMark, type VaryMark } from "../../shared/core/vary.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { answerIn } from "../../shared/wire/stored-answer.ts";

export interface AnswerRecord {
  readonly answer: StoredAnswer;
  /** Its age when it was put, in milliseconds. */
  readonly age: number;
  /** Up to where it was known to be untouched when it was put; its as-of, where nothing is said. */
  readonly verifiedTo?: Position;
  /** Where its body is in chunks: how large they are, and how old the oldest part was when this was put. */
  readonly chunks?: { readonly size: number; readonly since: Position; readonly age: number };
}

/** In the place of an answer, where answers vary: for isolates that have not heard of that. */
interface MarkRecord {
  readonly key: string;
  readonly varies: VaryMark;
}

type Kept = AnswerRecord | MarkRecord;

export function answerRecord(held: HeldAnswer, now: Instant): string {
  const { answer, verifiedTo, bornAt } = held;
  const further = comparePositions(verifiedTo, answer.asOf) > 0;
  const record: AnswerRecord = { answer, age: now - bornAt, ...(further && { verifiedTo }) };
  if (!isInChunks(held)) return JSON.stringify(record);
  const { size, since, bornAt: oldest } = held.chunks;
  return JSON.stringify({ ...record, chunks: { size, since, age: now - oldest } });
}

/** What whoever fetches something large tells the other isolates of his data centre. */
export interface Announced {
  readonly by: string;
  /** What he brings is from then, or later. */
  readonly asOf: Position;
  /** Whether its origin has begun to answer. */
  readonly answered: boolean;
}

const ANNOUNCED = "announced ";

export const announcedRecord = (announced: Announced): string => ANNOUNCED + JSON.stringify(announced);

/** Null where it is no announcement. */
export function announcedIn(text: string): Announced | null {
  if (!text.startsWith(ANNOUNCED)) return null;
  const value = parseJson(text.slice(ANNOUNCED.length)) as Unread<Announced> | null;
  const asOf = readPosition(value?.asOf);
  const { by, answered } = value ?? {};
  if (typeof by !== "string" || asOf === null) return null;
  return { by, asOf, answered: answered === true };
}

export const markRecord = (key: CacheKey, mark: VaryMark): string =>
  JSON.stringify({ key, varies: formatMark(mark) });

/** As decoded answers: the same text is the same record, and the same answer. */
const read = new Remembered<Kept | null>({ characters: 1_048_576, longest: 16_384 });

export const keptIn = (text: string): Kept | null => read.of(text, readKept);

export function recordIn(text: string): AnswerRecord | null {
  const kept = keptIn(text);
  return kept === null || "varies" in kept ? null : kept;
}

type Unread<T> = { readonly [field in keyof T]?: unknown };

function readKept(text: string): Kept | null {
  const value = parseJson(text) as Unread<AnswerRecord & MarkRecord> | null;
  const { key, varies } = value ?? {};
  if (typeof varies !== "string") return readRecord(value ?? {});
  const mark = parseMark(varies);
  // By no name at all it would lead back to where it stands.
  const leads = mark.names.length > 0 && canBeHeeded(mark.names);
  return typeof key === "string" && leads ? { key, varies: mark } : null;
}

function readRecord(value: Unread<AnswerRecord>): AnswerRecord | null {
  const { age } = value;
  const answer = answerIn(value.answer);
  if (answer === null || typeof age !== "number" || !(age >= 0)) return null;
  const verifiedTo = value.verifiedTo === undefined ? answer.asOf : readPosition(value.verifiedTo);
  if (verifiedTo === null) return null;
  if (value.chunks === undefined) return { answer, age, verifiedTo };
  const chunks = readChunks(value.chunks);
  return chunks === null ? null : { answer, age, verifiedTo, chunks };
}

function readChunks(value: unknown): NonNullable<AnswerRecord["chunks"]> | null {
  const { size, since, age } = (value ?? {}) as Record<string, unknown>;
  const from = readPosition(since);
  if (!Number.isSafeInteger(size) || (size as number) <= 0 || typeof age !== "number" || !(age >= 0))
    return null;
  return from === null ? null : { size: size as number, since: from, age };
}

function readPosition(value: unknown): Position | null {
  const { epoch, seq } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  return { epoch: epoch as number, seq: seq as number };
}

/** What a check has found, of that very answer. */
interface Verified {
  readonly id: string;
  readonly position: Position;
}

export const verifiedRecord = ({ id, position }: Verified): string => JSON.stringify({ id, ...position });

export function readVerified(text: string): Verified | null {
  const { id, ...rest } = (parseJson(text) ?? {}) as Record<string, unknown>;
  const position = readPosition(rest);
  return typeof id !== "string" || position === null ? null : { id, position };
}
