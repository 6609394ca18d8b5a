// Messages between the control plane and edges, parsed once, here.

import type { LogEntry } from "../core/log-entry.ts";
import { fromWireEntry, parseJson, toWireEntry, type WireEntry } from "./log-payload.ts";

export const INTERNAL_PREFIX = "/.tidegate/";
export const PUSH_PATH = "/.tidegate/push";
export const STATUS_PATH = "/.tidegate/status";
export const WARM_PATH = "/.tidegate/warm";

export interface PushMessage {
  readonly v: 1;
  readonly entries: readonly WireEntry[];
}

export const encodePush = (entries: readonly LogEntry[]): string =>
  JSON.stringify({ v: 1, entries: entries.map(toWireEntry) } satisfies PushMessage);

/** Null where any part of the message can't be read: half a push would be a gap that nobody knows of. */
export function decodePush(text: string): LogEntry[] | null {
  const value = parseJson(text) as { v?: unknown; entries?: unknown } | null;
  if (value?.v !== 1 || !Array.isArray(value.entries)) return null;
  const entries = value.entries.map(fromWireEntry);
  return entries.every((entry) => entry !== null) ? entries : null;
}

/** Everybody's answer to a push or a status call: who, and up to where. */
export interface Acknowledgement {
  readonly edge: string;
  /** `"<epoch>-<seq>"`, null while cold. */
  readonly position: string | null;
}

/** Cumulative since the isolate began; `boot` tells one life of it from the next. */
export interface StatusReport extends Acknowledgement {
  readonly boot: string;
  readonly region: string;
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number;
  readonly memoryEntries: number;
  /** Flat names, e.g. `class|hot|hit`, `shard|control|hits`, `latency|hot|3`. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface WarmMessage {
  readonly v: 1;
  readonly urls: readonly string[];
  readonly concurrency: number;
}

export function decodeWarm(text: string): WarmMessage | null {
  const value = parseJson(text) as Partial<Record<keyof WarmMessage, unknown>> | null;
  if (value?.v !== 1 || !Array.isArray(value.urls) || !value.urls.every((url) => typeof url === "string"))
    return null;
  const { concurrency } = value;
  if (typeof concurrency !== "number" || !(concurrency >= 1 && concurrency <= 64)) return null;
  return { v: 1, urls: value.urls, concurrency };
}

/** One URL's fate at one edge. */
export interface WarmResult {
  readonly url: string;
  readonly status: number;
  readonly result: "stored" | "held" | "not-stored" | "failed";
}

export interface WarmReply extends Acknowledgement {
  readonly results: readonly WarmResult[];
}
