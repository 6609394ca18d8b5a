// Receipts of invalidations: what the append wrote, and what each edge has said since.

import type { LogPayload } from "../core/log-entry.ts";
import type { Position } from "../core/position.ts";
import type { Bytes, Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { parseJson } from "../wire/json.ts";
import { bucketOf } from "../wire/latency.ts";
import { decodeStoredEntry } from "../wire/log-payload.ts";
import { EDGES_LISTED, LOG_KEYS, RECEIPTS, RECEIPTS_FOLLOWED, RECEIPTS_OPEN, receiptKey } from "./keys.ts";
import { bucketsAt } from "./metric-buckets.ts";
import { evalCommand, scriptReply } from "./script.ts";
import FOLLOW_RECEIPTS from "./scripts/follow-receipts.lua";
import LOG_PRELUDE from "./scripts/log-prelude.lua";
import READ_RECEIPTS from "./scripts/read-receipts.lua";
import RECORD_ACKS from "./scripts/record-acks.lua";

/** How long after its acceptance an edge was known to have applied an invalidation, in milliseconds. */
export interface Ack {
  readonly position: string;
  readonly afterMs: number;
}

export interface StoredReceipt {
  readonly id: string;
  readonly position: Position;
  /** Redis TIME at which it was appended, milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  /** What the appender kept with it. */
  readonly detail: string;
  /** Null where the entry was not asked for, or `entry` says that it is not here. */
  readonly payload: LogPayload | null;
  /** `left-out`: the log has it, but the reply had no room for it. */
  readonly entry: "held" | "gone" | "left-out";
  readonly acks: ReadonlyMap<string, Ack>;
  /** Redis TIME from which it holds at every edge, in milliseconds; null where nobody had to work it out yet. */
  readonly fencedAt: number | null;
  /** Null while some edge is pending; what was found when none was any more stays as it is. */
  readonly closed: Closed | null;
}

export interface Closed {
  /** Edges that were fenced, not known to have applied it. */
  readonly fenced: readonly string[];
  /** Whether isolates that have no address were waited for. */
  readonly unlisted: boolean;
}

export type ReceiptOutcome =
  | { readonly kind: "receipt"; readonly receipt: StoredReceipt /** Redis TIME. */; readonly now: number }
  | { readonly kind: "absent" }
  | Unavailable;

/** Where a page of the list begins: below this time, or at it after so many. */
export interface ReceiptCursor {
  readonly at: number;
  readonly skip: number;
}

export type ReceiptPage =
  | { readonly kind: "page"; readonly ids: readonly string[]; readonly next: ReceiptCursor | null }
  | Unavailable;

export interface Receipts {
  /** With the entries that they are about, or without, where only their progress matters. */
  read(ids: readonly string[], entries: "with-entries" | "without"): Promise<readonly ReceiptOutcome[]>;
  /** Newest first. */
  list(from: ReceiptCursor | null, limit: number): Promise<ReceiptPage>;
  /** Of those that are not finished. */
  oldestOpen(): Promise<ReceiptOutcome>;
  /** Takes in what was appended since the last call, and names the oldest and the newest of what is open. */
  follow(
    limits: FollowLimits,
    now: number,
  ): Promise<{ readonly kind: "open"; readonly ids: readonly string[] } | Unavailable>;
  /** The first acknowledgement of an edge stays. */
  record(records: readonly AckRecord[], seen: Seen): Promise<Recorded>;
}

/** What of the directory the records were worked out by: Redis TIME, and the edition of the list. */
export interface Seen {
  readonly now: number;
  readonly edition: string;
}

/** `relisted`: the list of edges has been replaced since, so none was closed; all else is recorded. */
export type Recorded = { readonly kind: "recorded" | "relisted" } | Unavailable;

export interface FollowLimits {
  /** Receipts newly found in one call. */
  readonly found: number;
  /** Open ones named, from either end. */
  readonly named: number;
  /** Open ones remembered; the oldest are forgotten, and shown by what is known of the edges. */
  readonly open: number;
}

export interface AckRecord {
  readonly id: string;
  readonly acks: ReadonlyMap<string, Ack>;
  readonly fencedAt: number | null;
  /** Null while some edge is pending. `convergence`: how long it took, in whole milliseconds. */
  readonly closed: (Closed & { readonly convergence: number }) | null;
}

export interface ReceiptsConfig {
  readonly deadline: Millis;
  /** Octets of entries in one reply. */
  readonly entryBytes: Bytes;
}

export function createReceipts(redis: Redis, { deadline, entryBytes }: ReceiptsConfig): Receipts {
  return {
    read: (ids, entries) =>
      readReceipts(redis, deadline, { ids, bytes: entries === "without" ? 0 : entryBytes }),
    list: (from, limit) => listReceipts(redis, deadline, { from, limit }),
    async oldestOpen() {
      const open = scriptReply(await redis.run([["ZRANGE", RECEIPTS_OPEN, 0, 0]], deadline));
      if (open.kind === "unavailable") return open;
      const [found] = await readReceipts(redis, deadline, { ids: open.strings, bytes: 0 });
      return found ?? { kind: "absent" };
    },
    async follow({ found, named, open }, now) {
      const buckets = bucketsAt(now);
      const keys = [RECEIPTS, RECEIPTS_OPEN, RECEIPTS_FOLLOWED, ...buckets.keys];
      const args = [found, named, open, buckets.keys.length, ...buckets.kept];
      const reply = scriptReply(await redis.run([evalCommand(FOLLOW_RECEIPTS, keys, args)], deadline));
      return reply.kind === "unavailable" ? reply : { kind: "open", ids: reply.strings };
    },
    async record(records, seen) {
      if (records.length === 0) return { kind: "recorded" };
      const reply = scriptReply(await redis.run([recordCommand(records, seen)], deadline));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "relisted" ? "relisted" : "recorded" };
    },
  };
}

function recordCommand(records: readonly AckRecord[], { now, edition }: Seen): readonly RedisArgument[] {
  const buckets = bucketsAt(now);
  const keys = [RECEIPTS_OPEN, EDGES_LISTED, ...buckets.keys, ...records.map(({ id }) => receiptKey(id))];
  const said = records.flatMap(({ id, acks, fencedAt, closed }) => [
    ...[
      id,
      closed?.convergence ?? "",
      closed === null ? "" : bucketOf(closed.convergence),
      fencedAt ?? "",
      closed?.unlisted === true ? "1" : "",
      acks.size,
    ],
    ...[...acks].flatMap(([edge, ack]) => [edge, `${ack.position} ${Math.round(ack.afterMs)}`]),
    ...[closed?.fenced.length ?? 0, ...(closed?.fenced ?? [])],
  ]);
  return evalCommand(RECORD_ACKS, keys, [edition, buckets.keys.length, ...buckets.kept, ...said]);
}

async function readReceipts(
  redis: Redis,
  deadline: Millis,
  { ids, bytes }: { ids: readonly string[]; bytes: number },
): Promise<ReceiptOutcome[]> {
  if (ids.length === 0) return [];
  const command = evalCommand(LOG_PRELUDE + READ_RECEIPTS, [...LOG_KEYS, ...ids.map(receiptKey)], [bytes]);
  const reply = scriptReply(await redis.run([command], deadline));
  if (reply.kind === "unavailable") return ids.map(() => reply);
  const { strings } = reply;
  const now = Number(strings[0]);
  let at = 1;
  return ids.map((id) => {
    const end = at + 2 + Number(strings[at + 1] ?? 0);
    const fields = new Map<string, string>();
    for (let i = at + 2; i + 1 < end; i += 2) fields.set(strings[i] ?? "", strings[i + 1] ?? "");
    const outcome = readReceipt({ id, fields, entry: strings[at] ?? "", now });
    at = end;
    return outcome;
  });
}

interface RawReceipt {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly entry: string;
  readonly now: number;
}

function readReceipt({ id, fields, entry, now }: RawReceipt): ReceiptOutcome {
  const [epoch, seq, at] = ["epoch", "seq", "at"].map((name) => Number(fields.get(name)));
  if (epoch === undefined || seq === undefined || at === undefined || !Number.isFinite(epoch + seq + at))
    return { kind: "absent" };
  const audit = parseJson(fields.get("detail") ?? "") as Record<string, unknown> | null;
  const text = (name: string): string => (typeof audit?.[name] === "string" ? audit[name] : "");
  const receipt: StoredReceipt = {
    id,
    position: { epoch, seq },
    at,
    actor: text("actor"),
    action: text("action"),
    detail: text("detail"),
    payload: decodeStoredEntry(entry, { epoch, seq, now })?.payload ?? null,
    entry: entry === "-" ? "left-out" : entry === "" ? "gone" : "held",
    acks: readAcks(fields),
    fencedAt: fields.has("fenced") ? Number(fields.get("fenced")) : null,
    closed: fields.has("converged") ? { fenced: readFenced(fields), unlisted: fields.has("unlisted") } : null,
  };
  return { kind: "receipt", receipt, now };
}

function readAcks(fields: ReadonlyMap<string, string>): Map<string, Ack> {
  const acks = new Map<string, Ack>();
  for (const [name, text] of fields) {
    const [position = "", after] = text.split(" ");
    if (name.startsWith("e:")) acks.set(name.slice(2), { position, afterMs: Number(after) });
  }
  return acks;
}

const readFenced = (fields: ReadonlyMap<string, string>): string[] =>
  [...fields.keys()].flatMap((name) => (name.startsWith("f:") ? [name.slice(2)] : []));

async function listReceipts(
  redis: Redis,
  deadline: Millis,
  { from, limit }: { from: ReceiptCursor | null; limit: number },
): Promise<ReceiptPage> {
  const [most, skip] = [from?.at ?? "+inf", from?.skip ?? 0];
  const range = ["ZREVRANGEBYSCORE", RECEIPTS, most, "-inf", "WITHSCORES", "LIMIT", skip, limit + 1];
  const reply = scriptReply(await redis.run([range], deadline));
  if (reply.kind === "unavailable") return reply;
  const rows: { id: string; at: number }[] = [];
  for (let i = 0; i + 1 < reply.strings.length; i += 2)
    rows.push({ id: reply.strings[i] ?? "", at: Number(reply.strings[i + 1]) });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined || rows.length <= limit)
    return { kind: "page", ids: page.map(({ id }) => id), next: null };
  const same = page.filter(({ at }) => at === last.at).length;
  const before = from?.at === last.at ? from.skip : 0;
  return { kind: "page", ids: page.map(({ id }) => id), next: { at: last.at, skip: before + same } };
}
