// Receipts of invalidations: what the append wrote, and what each edge has said since.

import type { LogPayload } from "../core/log-entry.ts";
import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeStoredEntry, parseJson } from "../wire/log-payload.ts";
import { LOG_KEYS, RECEIPTS, RECEIPTS_FOLLOWED, RECEIPTS_OPEN, receiptKey } from "./keys.ts";
import { bucketsAt } from "./metrics.ts";
import { evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import FOLLOW_RECEIPTS from "./scripts/follow-receipts.lua";
import LOG_PRELUDE from "./scripts/log-prelude.lua";
import READ_RECEIPT from "./scripts/read-receipt.lua";
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
  /** Null once the log no longer holds the entry. */
  readonly payload: LogPayload | null;
  readonly acks: ReadonlyMap<string, Ack>;
  readonly closed: boolean;
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
  read(ids: readonly string[]): Promise<readonly ReceiptOutcome[]>;
  /** Newest first. */
  list(from: ReceiptCursor | null, limit: number): Promise<ReceiptPage>;
  /** Takes in what was appended since the last call, and names the oldest and the newest of what is open. */
  follow(
    most: number,
    now: number,
  ): Promise<{ readonly kind: "open"; readonly ids: readonly string[] } | Unavailable>;
  /** The first acknowledgement of an edge stays. */
  record(records: readonly AckRecord[], now: number): Promise<{ readonly kind: "recorded" } | Unavailable>;
}

export interface AckRecord {
  readonly id: string;
  readonly acks: ReadonlyMap<string, Ack>;
  /** The bucket of `CONVERGENCE_BOUNDS` to count it in, once no edge is pending any more. */
  readonly convergence: number | null;
}

export function createReceipts(redis: Redis, deadline: Millis): Receipts {
  return {
    async read(ids) {
      if (ids.length === 0) return [];
      const commands = ids.map((id) =>
        evalCommand(LOG_PRELUDE + READ_RECEIPT, [...LOG_KEYS, receiptKey(id)], []),
      );
      const outcome = await redis.run(commands, deadline);
      return ids.map((id, index) => readReceipt(id, scriptReply(outcome, index)));
    },
    list: (from, limit) => listReceipts(redis, deadline, { from, limit }),
    async follow(most, now) {
      const buckets = bucketsAt(now);
      const keys = [RECEIPTS, RECEIPTS_OPEN, RECEIPTS_FOLLOWED, ...buckets.keys];
      const command = evalCommand(FOLLOW_RECEIPTS, keys, [most, buckets.keys.length, ...buckets.kept]);
      const reply = scriptReply(await redis.run([command], deadline));
      return reply.kind === "unavailable" ? reply : { kind: "open", ids: reply.strings };
    },
    async record(records, now) {
      if (records.length === 0) return { kind: "recorded" };
      const outcome = await redis.run(
        records.map((record) => recordCommand(record, now)),
        deadline,
      );
      const failed = records
        .map((_, index) => scriptReply(outcome, index))
        .find((reply) => reply.kind === "unavailable");
      return failed?.kind === "unavailable" ? failed : { kind: "recorded" };
    },
  };
}

function recordCommand({ id, acks, convergence }: AckRecord, now: number): readonly RedisArgument[] {
  const buckets = bucketsAt(now);
  const said = [...acks].flatMap(([edge, ack]) => [edge, `${ack.position} ${Math.round(ack.afterMs)}`]);
  const args = [id, convergence ?? "", buckets.keys.length, ...buckets.kept, ...said];
  return evalCommand(RECORD_ACKS, [receiptKey(id), RECEIPTS_OPEN, ...buckets.keys], args);
}

function readReceipt(id: string, reply: ScriptReply): ReceiptOutcome {
  if (reply.kind === "unavailable") return reply;
  const [nowText, entryText = "", ...rest] = reply.strings;
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < rest.length; i += 2) fields.set(rest[i] ?? "", rest[i + 1] ?? "");
  const [epoch, seq, at] = ["epoch", "seq", "at"].map((name) => Number(fields.get(name)));
  if (epoch === undefined || seq === undefined || at === undefined || !Number.isFinite(epoch + seq + at))
    return { kind: "absent" };
  const now = Number(nowText);
  const audit = parseJson(fields.get("detail") ?? "") as Record<string, unknown> | null;
  const text = (name: string): string => (typeof audit?.[name] === "string" ? audit[name] : "");
  const receipt: StoredReceipt = {
    id,
    position: { epoch, seq },
    at,
    actor: text("actor"),
    action: text("action"),
    detail: text("detail"),
    payload: decodeStoredEntry(entryText, { epoch, seq, now })?.payload ?? null,
    acks: readAcks(fields),
    closed: fields.has("converged"),
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
