// A stored answer as the record that L2 and the Cache API keep beside its body.

import { Remembered } from "../core/remembered.ts";
import { STORED_ANSWER_VERSION, type StoredAnswer } from "../core/stored-answer.ts";
import { parseJson } from "./json.ts";

export const encodeAnswer = (answer: StoredAnswer): string => JSON.stringify(answer);

const NUMBERS = [
  "status",
  "length",
  "fresh",
  "staleWhileRevalidate",
  "staleIfError",
  "ageWhenSent",
  "receivedAtWall",
];
const TEXTS = ["id", "key", "class", "lease"];

/** What is read again and again is the same answer each time, and so is what others have made of it. */
const decoded = new Remembered<StoredAnswer | null>({ characters: 1_048_576, longest: 16_384 });

/** Null for anything that is not a record of this version: damaged, foreign or from a later release. */
export const decodeAnswer = (text: string): StoredAnswer | null =>
  decoded.of(text, (json) => answerIn(parseJson(json)));

/** The same of what stands in a larger record. */
export function answerIn(value: unknown): StoredAnswer | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  if (record.version !== STORED_ANSWER_VERSION) return null;
  if (!NUMBERS.every((name) => Number.isFinite(record[name]) && (record[name] as number) >= 0)) return null;
  if (!TEXTS.every((name) => typeof record[name] === "string")) return null;
  if (!isPairs(record.headers) || !isPairs(record.vary) || typeof record.dirty !== "boolean") return null;
  if (!Array.isArray(record.selectors) || !record.selectors.every((item) => typeof item === "string"))
    return null;
  const asOf = record.asOf as Record<string, unknown> | null;
  if (!Number.isSafeInteger(asOf?.epoch) || !Number.isSafeInteger(asOf?.seq)) return null;
  return typeof (record.part as { kind?: unknown } | null)?.kind === "string"
    ? (value as StoredAnswer)
    : null;
}

const isPairs = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string");
