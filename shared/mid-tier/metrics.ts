// What edges have counted, folded into buckets of time and added up again over a window.

import { days, hours, type Millis, millis, minutes, seconds } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { CommandReply, Redis, RedisArgument } from "../ports/redis.ts";
import type { StatusReport } from "../wire/internal.ts";
import {
  AUDITOR_LAST_VIOLATION,
  coarseMetricBucketKey,
  EDGES,
  metricBucketKey,
  metricTotalsKey,
  RECEIPTS_OPEN,
} from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import FOLD_METRICS from "./scripts/fold-metrics.lua";
import SUM_METRICS from "./scripts/sum-metrics.lua";

/** Finest first. Each is kept for as long as windows are read from it, so that no window adds up more than about 150. */
const RESOLUTIONS: readonly { readonly step: Millis; readonly serves: Millis; readonly kept: Millis }[] = [
  { step: seconds(10), serves: minutes(20), kept: minutes(25) },
  { step: minutes(1), serves: hours(2), kept: hours(3) },
  { step: minutes(10), serves: days(1), kept: hours(25) },
];
/** A report after this much silence counts as one of a new life. */
const TOTALS_KEPT = hours(25);

/** The buckets that hold a moment (Redis TIME, milliseconds), and how long each is kept. */
export interface BucketsOfNow {
  readonly keys: readonly string[];
  readonly kept: readonly Millis[];
}

export const bucketsAt = (now: number): BucketsOfNow => ({
  keys: RESOLUTIONS.map(({ step }, index) => bucketKey(index, Math.floor(now / step) * step)),
  kept: RESOLUTIONS.map(({ kept }) => kept),
});

function bucketKey(index: number, start: number): string {
  const step = RESOLUTIONS[index]?.step ?? 0;
  return index === 0 ? metricBucketKey(start) : coarseMetricBucketKey(step, start);
}

/** Every bucket that overlaps the window: the first may reach back before it by up to one step. */
function bucketsOver(window: Millis, now: number): string[] {
  const found = RESOLUTIONS.findIndex(({ serves }) => window <= serves);
  const index = found < 0 ? RESOLUTIONS.length - 1 : found;
  const step = RESOLUTIONS[index]?.step ?? window;
  const keys: string[] = [];
  for (let start = Math.floor((now - window) / step) * step; start <= now; start += step)
    keys.push(bucketKey(index, start));
  return keys;
}

export type SumsOutcome =
  | {
      readonly kind: "sums";
      readonly sums: ReadonlyMap<string, number>;
      readonly unfinished: number;
      /** As the auditor has written it; null where there was none for long. */
      readonly lastViolation: string | null;
    }
  | Unavailable;

export interface Metrics {
  /** `now` is Redis TIME as the caller last learnt it: it chooses the buckets. */
  fold(reports: readonly NamedReport[], now: number): Promise<{ readonly kind: "folded" } | Unavailable>;
  /** Counts what the control plane has done itself. */
  count(name: string, by: number): Promise<{ readonly kind: "counted" } | Unavailable>;
  sum(window: Millis, now: number): Promise<SumsOutcome>;
}

/** Under the name by which the edge is listed. */
export interface NamedReport {
  readonly edge: string;
  readonly report: StatusReport;
}

export function createMetrics(redis: Redis, deadline: Millis): Metrics {
  return {
    async fold(reports, now) {
      if (reports.length === 0) return { kind: "folded" };
      const outcome = await redis.run(
        reports.map((named) => foldCommand(named, bucketsAt(now))),
        deadline,
      );
      const failed = reports.map((_, index) => scriptReply(outcome, index)).find(isUnavailable);
      return failed ?? { kind: "folded" };
    },
    async count(name, by) {
      const time = scriptReply(await redis.run([["TIME"]], deadline));
      if (time.kind === "unavailable") return time;
      const { keys, kept } = bucketsAt(Number(time.strings[0]) * 1000);
      const commands = keys.flatMap((key, index) => [
        ["HINCRBY", key, name, by],
        ["PEXPIRE", key, kept[index] ?? 0],
      ]);
      const outcome = await redis.run(commands, deadline);
      return outcome.kind === "unavailable" ? outcome : { kind: "counted" };
    },
    async sum(window, now) {
      const sum = evalCommand(SUM_METRICS, bucketsOver(window, now), []);
      const commands = [sum, ["ZCARD", RECEIPTS_OPEN], ["GET", AUDITOR_LAST_VIOLATION]];
      const outcome = await redis.run(commands, deadline);
      const sums = scriptReply(outcome);
      if (outcome.kind === "unavailable") return outcome;
      if (sums.kind === "unavailable") return sums;
      const [, open, violation] = outcome.replies;
      return {
        kind: "sums",
        sums: readSums(sums.strings),
        unfinished: integer(open) ?? 0,
        lastViolation:
          violation?.kind === "reply" && typeof violation.reply === "string" ? violation.reply : null,
      };
    },
  };
}

const isUnavailable = (reply: { kind: string }): reply is Unavailable => reply.kind === "unavailable";

function foldCommand({ edge, report }: NamedReport, buckets: BucketsOfNow): readonly RedisArgument[] {
  const { boot, region, position, knownAgeMs, memoryBytes, memoryEntries } = report;
  const seen = JSON.stringify({ boot, region, position, knownAgeMs, memoryBytes, memoryEntries });
  const args: RedisArgument[] = [edge, seen, TOTALS_KEPT, buckets.keys.length, ...buckets.kept];
  for (const [name, value] of Object.entries(report.counters)) args.push(name, Math.floor(value));
  return evalCommand(FOLD_METRICS, [EDGES, metricTotalsKey(edge, boot), ...buckets.keys], args);
}

function readSums(strings: readonly string[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (let i = 0; i + 1 < strings.length; i += 2) sums.set(strings[i] ?? "", Number(strings[i + 1]));
  return sums;
}

const integer = (reply: CommandReply | undefined): number | null =>
  reply?.kind === "reply" && typeof reply.reply === "number" ? reply.reply : null;

/** Windows that `sum` can serve. */
export const WINDOW_LIMITS = { least: seconds(10), most: millis(RESOLUTIONS.at(-1)?.serves ?? 0) } as const;
