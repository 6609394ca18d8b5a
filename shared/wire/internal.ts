// Messages between the control plane and edges, parsed once, here.

import type { Look } from "../core/estimate.ts";
import type { LogEntry } from "../core/log-entry.ts";
import { selectorKind } from "../core/selector.ts";
import type { Selector } from "../core/units.ts";
import type { AuditBatch, Counted, Watched } from "./audit.ts";
import type { CounterReport } from "./counter-report.ts";
import { type HotBatch, type HotNews, readHotNews } from "./hot.ts";
import { parseJson } from "./json.ts";
import { fromWireEntry, toWireEntry, type WireEntry } from "./log-payload.ts";
import type { ObservedBatch } from "./observed.ts";
import { readToldWatches, type TailBatch, type ToldWatch } from "./request-tail.ts";

export const INTERNAL_PREFIX = "/.tidegate/";
export const PUSH_PATH = "/.tidegate/push";
export const STATUS_PATH = "/.tidegate/status";
export const ESTIMATE_PATH = "/.tidegate/estimate";
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

/** Counters are cumulative since the isolate began; `boot` tells one life of it from the next. */
export interface StatusReport extends Acknowledgement {
  readonly boot: string;
  readonly region: string;
  /** Which build it runs; null where nobody has told it. */
  readonly version?: string | null;
  /** How long this life of it has lasted. */
  readonly aliveMs: number;
  readonly knownAgeMs: number | null;
  readonly memoryBytes: number;
  readonly memoryEntries: number;
  /** Flat names, e.g. `requests|default|hot|hit|l2`, `shard|control|hits`: docs/metrics.md names them. */
  readonly counters: Readonly<Record<string, number>>;
  /** Where it tells only those that have changed, in answer to the beat's call; null where it tells all. */
  readonly told?: CounterReport | null;
  /** Samples of what it served, for the auditor; only in answer to the beat's call. */
  readonly audit: AuditBatch | null;
  /** What was asked for most; likewise. */
  readonly hot: HotBatch | null;
  /** What traffic looked like, by path pattern; likewise. */
  readonly observed?: ObservedBatch | null;
  /** Requests that somebody watches; likewise. */
  readonly tail?: TailBatch | null;
  /** Registers by which different keys are counted, by site; likewise. */
  readonly distinct?: Readonly<Record<string, string>> | null;
  /** How long the answer took to make. */
  readonly tookMs: number;
}

/** An edge that others may ask. `url` is http(s)://host[:port], without a closing slash. */
export interface Peer {
  readonly id: string;
  readonly url: string;
}

/** The beat's call: who the others are, what the auditor wants to see more of, and what of this edge's it has counted. */
export interface StatusCall {
  readonly peers: readonly Peer[];
  readonly watch: readonly Watched[];
  readonly counted: Counted | null;
  /** The last of its reports that is folded. */
  readonly folded?: Counted | null;
  /** How long the edge may take to catch up before it answers, in milliseconds; null leaves that to it. */
  readonly patience: number | null;
  /** What it seems to lack of the log. */
  readonly entries: readonly LogEntry[];
  readonly hot: HotNews;
  /** Which of what it has observed is merged. */
  readonly observed?: Counted | null;
  /** Who watches requests. */
  readonly tail?: readonly ToldWatch[];
}

export const encodeStatusCall = (call: StatusCall): string =>
  JSON.stringify({ v: 1, ...call, entries: call.entries.map(toWireEntry) });

const EDGE_URL = /^https?:\/\/[^/?#@\s]+\/?$/;

export const isEdgeUrl = (text: string): boolean => EDGE_URL.test(text);

/** Paths are put behind it. */
export const withoutClosingSlash = (url: string): string => url.replace(/\/$/, "");

/** Null where any part of it can't be read. */
export function decodeStatusCall(text: string): StatusCall | null {
  const value = parseJson(text) as Partial<Record<keyof StatusCall | "v", unknown>> | null;
  if (value?.v !== 1 || !Array.isArray(value.peers) || !Array.isArray(value.watch)) return null;
  const peers = value.peers.map(readPeer);
  const watch = value.watch.map(readWatched);
  const counted = readCounted(value.counted);
  if (!peers.every((peer) => peer !== null) || !watch.every((each) => each !== null)) return null;
  const { patience = null, entries: listed = [] } = value;
  if (patience !== null && (typeof patience !== "number" || !(patience >= 0))) return null;
  const entries = Array.isArray(listed) ? listed.map(fromWireEntry) : [null];
  if (counted === undefined || !entries.every((entry) => entry !== null)) return null;
  const observed = readCounted(value.observed) ?? null;
  const folded = readCounted(value.folded) ?? null;
  const tail = readToldWatches(value.tail);
  const hot = readHotNews(value.hot);
  return { peers, watch, counted, folded, patience, entries, hot, observed, tail };
}

function readPeer(value: unknown): Peer | null {
  const { id, url } = (value ?? {}) as Record<string, unknown>;
  return typeof id === "string" && typeof url === "string" && isEdgeUrl(url)
    ? { id, url: withoutClosingSlash(url) }
    : null;
}

function readWatched(value: unknown): Watched | null {
  const { selector, position } = (value ?? {}) as Record<string, unknown>;
  return typeof selector === "string" && typeof position === "string" ? { selector, position } : null;
}

/** Undefined where it can't be read; null is said by whoever has counted nothing. */
function readCounted(value: unknown): Counted | null | undefined {
  if (value === null || value === undefined) return null;
  const { boot, number } = value as Record<string, unknown>;
  return typeof boot === "string" && typeof number === "number" ? { boot, number } : undefined;
}

/** What an edge's memory holds of what selectors name. */
export interface EstimateReply extends Look {
  readonly edge: string;
}

export const encodeEstimateCall = (selectors: readonly Selector[]): string =>
  JSON.stringify({ v: 1, selectors });

/** Null where any part of it can't be read. */
export function decodeEstimateCall(text: string): Selector[] | null {
  const value = parseJson(text) as { v?: unknown; selectors?: unknown } | null;
  if (value?.v !== 1 || !Array.isArray(value.selectors)) return null;
  const isSelector = (item: unknown): item is Selector =>
    typeof item === "string" && selectorKind(item) !== null;
  return value.selectors.every(isSelector) ? value.selectors : null;
}

export interface WarmMessage {
  readonly v: 1;
  readonly urls: readonly string[];
  readonly concurrency: number;
  /** What is to hold the answers: the edge's own memory and with it the mid-tier, or only the mid-tier's shards. */
  readonly into: "edges" | "shards";
}

export function decodeWarm(text: string): WarmMessage | null {
  const value = parseJson(text) as Partial<Record<keyof WarmMessage, unknown>> | null;
  if (value?.v !== 1 || !Array.isArray(value.urls) || !value.urls.every((url) => typeof url === "string"))
    return null;
  const { concurrency, into = "edges" } = value;
  if (into !== "edges" && into !== "shards") return null;
  if (typeof concurrency !== "number" || !(concurrency >= 1 && concurrency <= 64)) return null;
  return { v: 1, urls: value.urls, concurrency, into };
}

/** One URL's fate at one edge. `later`: the origin takes no more now, or there was no time to begin it. */
export interface WarmResult {
  readonly url: string;
  readonly status: number;
  readonly result: "stored" | "held" | "not-stored" | "failed" | "later";
}

export interface WarmReply extends Acknowledgement {
  readonly results: readonly WarmResult[];
}
