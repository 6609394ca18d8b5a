// Reads buckets of time, each for itself or added up: in calls that hold neither Redis nor their deadline up, however many sites there are.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisOutcome } from "../ports/redis.ts";
import { isGauge } from "../wire/counter-report.ts";
import type { MetricBucket } from "./metric-buckets.ts";
import { evalCommand, scriptReply } from "./script.ts";
import SUM_METRICS from "./scripts/sum-metrics.lua";

/** Figures added up by one script: it takes Redis ten milliseconds. */
const FIGURES_A_SCRIPT = 5000;
/** Figures read in one call: a megabyte and a half. */
const FIGURES_A_CALL = 30_000;

export interface From {
  readonly redis: Redis;
  readonly deadline: Millis;
}

type Counts = ReadonlyMap<string, number>;

/** Hands each over as it comes: what was handed over before another one failed holds. */
export async function readBuckets(
  from: From,
  buckets: readonly MetricBucket[],
  take: (bucket: MetricBucket, counts: Counts) => void,
): Promise<{ readonly kind: "read" } | Unavailable> {
  const sized = await sizesOf(from, buckets);
  if (sized.kind === "unavailable") return sized;
  for (const some of callsOf(buckets, sized.sizes)) {
    const commands = some.map(({ key }) => ["HGETALL", key]);
    const outcome = await from.redis.run(commands, from.deadline);
    for (const [index, bucket] of some.entries()) {
      const reply = scriptReply(outcome, index);
      if (reply.kind === "unavailable") return reply;
      take(bucket, readSums(reply.strings));
    }
  }
  return { kind: "read" };
}

async function sizesOf(
  { redis, deadline }: From,
  buckets: readonly MetricBucket[],
): Promise<{ readonly kind: "sizes"; readonly sizes: readonly number[] } | Unavailable> {
  // One is a call of its own, whatever it holds.
  if (buckets.length < 2) return { kind: "sizes", sizes: [] };
  const outcome = await redis.run(
    buckets.map(({ key }) => ["HLEN", key]),
    deadline,
  );
  if (outcome.kind === "unavailable") return outcome;
  const sizes = outcome.replies.map((each) => (each.kind === "reply" ? Number(each.reply) : Number.NaN));
  return sizes.some(Number.isNaN)
    ? { kind: "unavailable", reason: "malformed reply" }
    : { kind: "sizes", sizes };
}

function callsOf(buckets: readonly MetricBucket[], sizes: readonly number[]): MetricBucket[][] {
  const calls: MetricBucket[][] = [];
  let room = 0;
  for (const [index, bucket] of buckets.entries()) {
    const size = sizes[index] ?? 0;
    if (calls.length === 0 || size > room) {
      calls.push([]);
      room = FIGURES_A_CALL;
    }
    calls.at(-1)?.push(bucket);
    room -= size;
  }
  return calls;
}

/** `beside` goes with the first call; its outcome is that call's. */
export async function sumBuckets(
  { redis, deadline }: From,
  keys: readonly string[],
  beside: readonly (readonly string[])[],
): Promise<{ readonly kind: "sums"; readonly sums: Counts; readonly beside: RedisOutcome } | Unavailable> {
  const sums = new Map<string, number>();
  let first: RedisOutcome | null = null;
  for (let from = 0; from < keys.length; ) {
    const script = evalCommand(SUM_METRICS, keys.slice(from), [FIGURES_A_SCRIPT]);
    const outcome = await redis.run(first === null ? [script, ...beside] : [script], deadline);
    first ??= outcome;
    const reply = scriptReply(outcome);
    if (reply.kind === "unavailable") return reply;
    const [added, ...pairs] = reply.strings;
    addSums(sums, pairs);
    from += Number(added);
    if (Number(added) > 0) continue;
    // Too large for a script, which would read it many times as slowly as Redis itself does.
    const whole = scriptReply(await redis.run([["HGETALL", keys[from] ?? ""]], deadline));
    if (whole.kind === "unavailable") return whole;
    addSums(sums, whole.strings);
    from += 1;
  }
  return { kind: "sums", sums, beside: first ?? { kind: "replies", replies: [] } };
}

function addSums(sums: Map<string, number>, pairs: readonly string[]): void {
  for (const [name, count] of readSums(pairs)) {
    const there = sums.get(name) ?? 0;
    sums.set(name, isGauge(name) ? Math.max(there, count) : there + count);
  }
}

/** Names and figures by turns. */
export function readSums(strings: readonly string[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (let i = 0; i + 1 < strings.length; i += 2) sums.set(strings[i] ?? "", Number(strings[i + 1]));
  return sums;
}
