// Log entries as text: what an append writes, and what pulls, pushes and snapshots bring back.

import type { LogEntry, LogPayload } from "../core/log-entry.ts";
import { selectorKind } from "../core/selector.ts";
import type { Selector } from "../core/units.ts";
import { parseJson } from "./json.ts";

export function encodePayload(payload: LogPayload): string {
  if (payload.kind === "invalidate")
    return JSON.stringify({ k: payload.mode === "hard" ? "h" : "s", s: payload.selectors });
  const { field, value, selectors } = payload;
  return JSON.stringify({ k: "c", f: field, v: value, ...(selectors.length > 0 && { s: selectors }) });
}

/** Null where the text is no payload of this version. */
export function decodePayload(text: string): LogPayload | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  const { k, s, f, v } = value as Record<string, unknown>;
  // A change that takes no names away has none to say.
  const selectors = k === "c" && s === undefined ? [] : decodeSelectors(s);
  if (selectors === null) return null;
  if (k === "c") {
    return typeof f === "string" && (v === null || typeof v === "string")
      ? { kind: "config", field: f, value: v, selectors }
      : null;
  }
  return k === "h" || k === "s" ? { kind: "invalidate", mode: k === "h" ? "hard" : "soft", selectors } : null;
}

function decodeSelectors(value: unknown): readonly Selector[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((item) => typeof item === "string" && selectorKind(item) !== null)
    ? (value as Selector[])
    : null;
}

/** `previous hash time payload`, as the log's hash of entries holds it. */
export function decodeStoredEntry(
  text: string,
  at: { epoch: number; seq: number; now: number },
): LogEntry | null {
  const match = /^(\S+) (\S+) (\d+) (.*)$/s.exec(text);
  const payload = decodePayload(match?.[4] ?? "");
  if (match === null || payload === null) return null;
  const [, previous = "", hash = "", time] = match;
  return { epoch: at.epoch, seq: at.seq, previous, hash, age: Math.max(0, at.now - Number(time)), payload };
}

/** The shape of an entry in a push or in gossip. */
export interface WireEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  readonly age: number;
  readonly payload: string;
}

export const toWireEntry = (entry: LogEntry): WireEntry => ({
  ...entry,
  payload: encodePayload(entry.payload),
});

export function fromWireEntry(value: unknown): LogEntry | null {
  if (typeof value !== "object" || value === null) return null;
  const { epoch, seq, previous, hash, age, payload } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return null;
  if (typeof previous !== "string" || typeof hash !== "string" || typeof payload !== "string") return null;
  if (typeof age !== "number" || !Number.isFinite(age) || age < 0) return null;
  const decoded = decodePayload(payload);
  return decoded === null
    ? null
    : { epoch: epoch as number, seq: seq as number, previous, hash, age, payload: decoded };
}
