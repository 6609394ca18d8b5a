// What edges ask and tell each other of the log, parsed once, here.

import type { Standing, Tale, Telling } from "../core/gossip.ts";
import type { LogEntry } from "../core/log-entry.ts";
import { millis } from "../core/units.ts";
import { parseJson } from "./json.ts";
import { fromWireEntry, toWireEntry } from "./log-payload.ts";

export const GOSSIP_PATH = "/.tidegate/gossip";

export interface Question {
  /** Who asks. */
  readonly edge: string;
  readonly standing: Standing;
  /** How young knowledge the asker needs, in milliseconds: a peer that can reach the log looks there first. */
  readonly within: number;
}

export const encodeQuestion = (question: Question): string => JSON.stringify({ v: 1, ...question });

/** Null where any part of it can't be read. */
export function decodeQuestion(text: string): Question | null {
  const value = record(parseJson(text));
  if (value?.v !== 1 || typeof value.edge !== "string" || !isSpan(value.within)) return null;
  if (value.standing === null) return { edge: value.edge, standing: null, within: value.within };
  const standing = readStanding(value.standing);
  return standing === null ? null : { edge: value.edge, standing, within: value.within };
}

/** `cold`: the asked knows nothing itself. */
export type Told = Tale | { readonly kind: "cold" };

/** As it is to be put into JSON. */
export function encodeTold(told: Told): object {
  if (told.kind !== "telling") return { v: 1, kind: told.kind };
  const { entries, configuration, age, ...rest } = told.telling;
  return {
    v: 1,
    kind: "telling",
    ...rest,
    // JSON knows no infinity: an age that can't be told is null.
    age: Number.isFinite(age) ? age : null,
    entries: entries.map(toWireEntry),
    configuration: configuration === null ? null : [...configuration],
  };
}

/** Null where any part of it can't be read: half of what was told would be a gap that nobody knows of. */
export function decodeTold(text: string): Told | null {
  const value = record(parseJson(text));
  if (value?.v !== 1) return null;
  switch (value.kind) {
    case "behind":
    case "fork":
    case "cold":
      return { kind: value.kind };
    case "telling": {
      const telling = readTelling(value);
      return telling === null ? null : { kind: "telling", telling };
    }
    default:
      return null;
  }
}

function readTelling(value: Record<string, unknown>): Telling | null {
  const { epoch, from, fromHash, cursor, hash, age } = value;
  if (!isCount(epoch) || !isCount(from) || !isCount(cursor) || from > cursor) return null;
  if (typeof fromHash !== "string" || typeof hash !== "string") return null;
  if (age !== null && !isSpan(age)) return null;
  const entries = readEntries(value.entries);
  const configuration = readConfiguration(value.configuration);
  if (entries === null || configuration === undefined) return null;
  const known = millis(age ?? Number.POSITIVE_INFINITY);
  return { epoch, from, fromHash, cursor, hash, age: known, entries, configuration };
}

function readEntries(value: unknown): LogEntry[] | null {
  if (!Array.isArray(value)) return null;
  const entries = value.map(fromWireEntry);
  return entries.every((entry) => entry !== null) ? entries : null;
}

function readConfiguration(value: unknown): ReadonlyMap<string, string> | null | undefined {
  if (value === null) return null;
  if (!Array.isArray(value)) return undefined;
  const fields = new Map<string, string>();
  for (const pair of value) {
    if (!Array.isArray(pair)) return undefined;
    const [field, text] = pair as unknown[];
    if (typeof field !== "string" || typeof text !== "string") return undefined;
    fields.set(field, text);
  }
  return fields;
}

function readStanding(value: unknown): Standing {
  const { epoch, seq, hash } = record(value) ?? {};
  return isCount(epoch) && isCount(seq) && typeof hash === "string" ? { epoch, seq, hash } : null;
}

const record = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isSpan = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
