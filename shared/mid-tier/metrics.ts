// What edges have counted, folded into buckets of time and added up again over a window.

import { type Millis, minutes } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { CommandReply, Redis } from "../ports/redis.ts";
import { type FoldOutcome, foldReports, type NamedReport } from "./fold-reports.ts";
import { AUDITOR_LAST_VIOLATION, METRICS_EVER, METRICS_NOTED, RECEIPTS_OPEN } from "./keys.ts";
import { bucketsAt, bucketsOver, type MetricBucket } from "./metric-buckets.ts";
import { type From, readBuckets, readSums, sumBuckets } from "./read-buckets.ts";
import { evalCommand, scriptReply } from "./script.ts";
import NOTE_GAUGES from "./scripts/note-gauges.lua";

/** What was noted is told for as long as it may be called recent: several notes missed, not one. */
const NOTED_KEPT = minutes(1);

export type SumsOutcome =
  | {
      readonly kind: "sums";
      /** When the first of the buckets began, Redis TIME, milliseconds: the window, and up to a step before it. */
      readonly since: number;
      readonly sums: ReadonlyMap<string, number>;
      readonly unfinished: number;
      /** As the auditor has written it; null where there was none for long. */
      readonly lastViolation: string | null;
    }
  | Unavailable;

export interface Metrics {
  /** `now` is Redis TIME as the caller last learnt it: it chooses the buckets. */
  fold(reports: readonly NamedReport[], now: number): Promise<FoldOutcome>;
  /** Counts what the control plane has done itself. */
  count(name: string, by: number): Promise<{ readonly kind: "counted" } | Unavailable>;
  /** The same of several at once. */
  countAll(counts: ReadonlyMap<string, number>): Promise<{ readonly kind: "counted" } | Unavailable>;
  note(noted: NotedGauges, now: number): Promise<{ readonly kind: "noted" } | Unavailable>;
  sum(window: Millis, now: number): Promise<SumsOutcome>;
  /** What was counted since ever, which never falls, and what was noted a moment ago. */
  ever(): Promise<EverOutcome>;
  /** Each of these buckets for itself, handed over as it comes: what was, holds, also where another one then fails. */
  read(
    buckets: readonly MetricBucket[],
    take: (bucket: MetricBucket, counts: ReadonlyMap<string, number>) => void,
  ): Promise<{ readonly kind: "read" } | Unavailable>;
}

/** What was found to be so, by names without their `gauge|`. */
export interface NotedGauges {
  /** By nobody else: of a bucket's notes the greatest is kept, too. */
  readonly found: ReadonlyMap<string, number>;
  /** In the buckets, where edges' reports have put it: noted there once more it would be read again, and never go. */
  readonly told: ReadonlyMap<string, number>;
}

export type EverOutcome =
  | {
      readonly kind: "counts";
      readonly counts: ReadonlyMap<string, number>;
      readonly noted: ReadonlyMap<string, number>;
    }
  | Unavailable;

export function createMetrics(redis: Redis, deadline: Millis): Metrics {
  const from = { redis, deadline };
  return {
    fold: (reports, now) => foldReports(from, reports, now),
    count: (name, by) => countAll(redis, deadline, new Map([[name, by]])),
    countAll: (counts) => countAll(redis, deadline, counts),
    async note({ found, told }, now) {
      const { keys, kept } = bucketsAt(now);
      const noted = [...found, ...told].flatMap(([name, value]) => [name, Math.floor(value)]);
      // Of all time nobody wants to know how it was at most.
      const args = [NOTED_KEPT, ...kept.slice(0, -1), found.size, ...noted];
      const reply = scriptReply(
        await redis.run([evalCommand(NOTE_GAUGES, [METRICS_NOTED, ...keys.slice(0, -1)], args)], deadline),
      );
      return reply.kind === "unavailable" ? reply : { kind: "noted" };
    },
    async ever() {
      const commands = [METRICS_EVER, METRICS_NOTED].map((key) => ["HGETALL", key]);
      const outcome = await redis.run(commands, deadline);
      const [counts, noted] = [scriptReply(outcome), scriptReply(outcome, 1)];
      if (counts.kind === "unavailable") return counts;
      if (noted.kind === "unavailable") return noted;
      return { kind: "counts", counts: readSums(counts.strings), noted: readSums(noted.strings) };
    },
    read: (buckets, take) => readBuckets(from, buckets, take),
    sum: (window, now) => sum(from, bucketsOver(window, now).buckets),
  };
}

async function countAll(
  redis: Redis,
  deadline: Millis,
  counts: ReadonlyMap<string, number>,
): ReturnType<Metrics["countAll"]> {
  const time = scriptReply(await redis.run([["TIME"]], deadline));
  if (time.kind === "unavailable") return time;
  const { keys, kept } = bucketsAt(Number(time.strings[0]) * 1000);
  const commands = keys.flatMap((key, index) => [
    ...[...counts].map(([name, by]) => ["HINCRBY", key, name, by]),
    ["PEXPIRE", key, kept[index] ?? 0],
  ]);
  const outcome = await redis.run(commands, deadline);
  return outcome.kind === "unavailable" ? outcome : { kind: "counted" };
}

async function sum(from: From, buckets: readonly MetricBucket[]): Promise<SumsOutcome> {
  const keys = buckets.map(({ key }) => key);
  const added = await sumBuckets(from, keys, [
    ["ZCARD", RECEIPTS_OPEN],
    ["GET", AUDITOR_LAST_VIOLATION],
  ]);
  if (added.kind === "unavailable") return added;
  const { sums, beside } = added;
  const [, open, violation] = beside.kind === "replies" ? beside.replies : [];
  return {
    ...{ kind: "sums", since: buckets[0]?.start ?? 0, sums, unfinished: integer(open) ?? 0 },
    lastViolation:
      violation?.kind === "reply" && typeof violation.reply === "string" ? violation.reply : null,
  };
}

const integer = (reply: CommandReply | undefined): number | null =>
  reply?.kind === "reply" && typeof reply.reply === "number" ? reply.reply : null;
