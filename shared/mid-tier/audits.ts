// What the auditor needs of Redis: the newest entries of the log, and a count of what it found that outlives it.

import type { LogEntry } from "../core/log-entry.ts";
import type { LogPage, PageEntry } from "../core/recent-log.ts";
import { hours, type Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeStoredEntry } from "../wire/log-payload.ts";
import { AUDITOR_LAST_VIOLATION, auditorBatchKey, LOG_KEYS } from "./keys.ts";
import { bucketsAt } from "./metric-buckets.ts";
import { evalCommand, scriptReply } from "./script.ts";
import FOLD_AUDIT from "./scripts/fold-audit.lua";
import LOG_PRELUDE from "./scripts/log-prelude.lua";
import RECENT from "./scripts/recent.lua";

/** An edge that is silent for longer sends nothing again. */
const BATCHES_KEPT = hours(25);
/** As long as figures can be read. */
const VIOLATION_KEPT = hours(25);

export interface Known {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
}

export type PageOutcome =
  /** `head`: up to where the log reached when the page was made, at this Redis TIME. */
  | { readonly kind: "page"; readonly page: LogPage; readonly head: number; readonly now: number }
  /** There is no log yet. */
  | { readonly kind: "none" }
  | Unavailable;

/** What one batch of samples has shown. */
export interface BatchCounts {
  readonly edge: string;
  readonly boot: string;
  readonly number: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Text; null where it showed no violation. */
  readonly lastViolation: string | null;
}

export type CountOutcome =
  /** `counted` lists those that had not been counted before. */
  { readonly kind: "counted"; readonly fresh: readonly BatchCounts[] } | Unavailable;

export interface Audits {
  /** What comes after what is known; from somewhere later where the log doesn't go on from there. */
  recent(known: Known | null, limit: number): Promise<PageOutcome>;
  /** `now` is Redis TIME as the caller last learnt it: it chooses the buckets. */
  count(batches: readonly BatchCounts[], now: number): Promise<CountOutcome>;
}

export function createAudits(redis: Redis, deadline: Millis): Audits {
  return {
    async recent(known, limit) {
      const args = [known?.epoch ?? 0, known?.seq ?? 0, known?.hash ?? "", limit];
      const command = evalCommand(LOG_PRELUDE + RECENT, [...LOG_KEYS], args);
      const reply = scriptReply(await redis.run([command], deadline));
      return reply.kind === "unavailable" ? reply : readPage(reply.strings);
    },
    async count(batches, now) {
      if (batches.length === 0) return { kind: "counted", fresh: [] };
      const outcome = await redis.run(
        batches.map((batch) => countCommand(batch, now)),
        deadline,
      );
      const replies = batches.map((_, index) => scriptReply(outcome, index));
      const failed = replies.find((reply) => reply.kind === "unavailable");
      if (failed?.kind === "unavailable") return failed;
      const isFresh = replies.map((reply) => reply.kind === "strings" && reply.strings[0] === "counted");
      return { kind: "counted", fresh: batches.filter((_, index) => isFresh[index]) };
    },
  };
}

function readPage(strings: readonly string[]): PageOutcome {
  const [kind, epochText, afterText, hash = "", headText, nowText, confirmed, ...texts] = strings;
  if (kind === "none") return { kind: "none" };
  const [epoch, head, now] = [Number(epochText), Number(headText), Number(nowText)];
  if ((kind !== "page" && kind !== "anew") || !Number.isSafeInteger(now))
    return { kind: "unavailable", reason: "malformed reply" };
  let [anew, after] = [kind === "anew", Number(afterText)];
  let last = { seq: after, hash };
  // Edges answer for what they could be told. Where that came later than the append, it was no later than this.
  const toldAt = ({ age }: LogEntry): number => Math.max(now - age, Number(confirmed));
  let entries: PageEntry[] = [];
  for (const text of texts) {
    const entry = decodeStoredEntry(text, { epoch, seq: last.seq + 1, now });
    last = { seq: last.seq + 1, hash: entry?.hash ?? storedHash(text) };
    if (entry !== null) entries.push({ seq: last.seq, at: toldAt(entry), payload: entry.payload });
    // Nothing can be said of what an entry that can't be read may have named: knowledge begins behind it.
    else [anew, after, entries] = [true, last.seq, []];
  }
  return { kind: "page", page: { epoch, anew, after, entries, last }, head, now };
}

/** `previous hash …` */
const storedHash = (text: string): string => text.split(" ", 2)[1] ?? "";

function countCommand(batch: BatchCounts, now: number): readonly RedisArgument[] {
  const { edge, boot, number, counts, lastViolation } = batch;
  const buckets = bucketsAt(now);
  const args: RedisArgument[] = [number, BATCHES_KEPT, lastViolation ?? "", VIOLATION_KEPT];
  args.push(buckets.keys.length, ...buckets.kept);
  for (const [name, count] of counts) args.push(name, count);
  return evalCommand(
    FOLD_AUDIT,
    [auditorBatchKey(edge, boot), AUDITOR_LAST_VIOLATION, ...buckets.keys],
    args,
  );
}
