// A look at some of the answers that L2 holds, taken by chance, and at how many there are in all.

import { type Look, selectorsNow } from "../core/estimate.ts";
import type { Position } from "../core/position.ts";
import type { Routing } from "../core/routing.ts";
import { elapsed, type Millis, millis, type Selector } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/identity.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { CommandReply, Redis, RedisReply } from "../ports/redis.ts";
import { decodeAnswer } from "../wire/stored-answer.ts";
import { answerKey } from "./keys.ts";
import { checkCommand, readCheck } from "./log.ts";

export type LookOutcome = { readonly kind: "look"; readonly look: Look } | Unavailable;

export interface AnswerSamples {
  /** Which of them an invalidation would hit that are not out of date already. */
  look(selectors: readonly Selector[], routing: Routing): Promise<LookOutcome>;
}

export interface SampleLimits {
  /** Answers read at most. */
  readonly answers: number;
  /** Keys that one SCAN looks at, and how many of them there are. */
  readonly scan: number;
  readonly pages: number;
  /** In all. */
  readonly deadline: Millis;
}

interface Ports {
  /** The database named `control`: it knows what has been invalidated. */
  readonly redis: Redis;
  /** The databases that hold answers. */
  readonly shards: () => readonly Redis[];
  readonly clock: Clock;
  readonly random: Random;
}

export function createAnswerSamples(ports: Ports, limits: SampleLimits): AnswerSamples {
  return {
    async look(selectors, routing) {
      const begun = ports.clock.now();
      const left = (): Millis =>
        millis(Math.max(1, Math.floor(limits.deadline - elapsed(begun, ports.clock.now()))));
      const shards = ports.shards();
      const each = { ...limits, answers: Math.ceil(limits.answers / Math.max(1, shards.length)) };
      const sampled = await Promise.all(
        shards.map((redis) => sampleOf({ ...ports, redis }, { limits: each, left })),
      );
      // What can't be asked can't be served either; but where nobody answers nothing is known.
      const samples = sampled.flatMap((sample) => (sample.kind === "sample" ? [sample] : []));
      const [first] = sampled;
      if (samples.length === 0 && first?.kind === "unavailable") return first;
      const wanted = new Set(selectors);
      const found = samples.flatMap((sample) => sample.found);
      const matching = found.flatMap((one) => {
        const by = selectorsNow(one.selectors, routing);
        return by.some((selector) => wanted.has(selector)) ? [{ ...one, selectors: by }] : [];
      });
      const usable = await stillUsable(ports.redis, matching, left());
      if (usable.kind === "unavailable") return usable;
      // Shards hold answers by a hash of their keys, so a sample of each is as good as one of all.
      const look = {
        entries: usable.found.length,
        bytes: usable.found.reduce((sum, { length }) => sum + length, 0),
        sampled: found.length,
        of: samples.reduce((sum, { of }) => sum + of, 0),
      };
      return { kind: "look", look };
    },
  };
}

interface Sample {
  readonly kind: "sample";
  readonly found: readonly Found[];
  /** How many answers the database holds, as far as can be told. */
  readonly of: number;
}

async function sampleOf(
  { redis, random }: Pick<Ports, "redis" | "random">,
  { limits, left }: { readonly limits: SampleLimits; readonly left: () => Millis },
): Promise<Sample | Unavailable> {
  const scanned = await scanKeys(redis, limits, left);
  if (scanned.kind === "unavailable") return scanned;
  const keys = pickSome(scanned.answers, limits.answers, random);
  const read = await readAnswers(redis, keys, left());
  if (read.kind === "unavailable") return read;
  const of = totalOf(scanned, { asked: keys.length, found: read.found.length });
  return { kind: "sample", found: read.found, of };
}

interface Scanned {
  readonly kind: "scanned";
  /** Keys of answers, and of what says how they vary. */
  readonly answers: readonly string[];
  /** Keys of any kind that were seen, and that there are. */
  readonly seen: number;
  readonly keys: number;
  readonly complete: boolean;
}

const ANSWERS = answerKey("");

/** Redis goes through its keys in the order of a hash, which no answer chooses: the first ones are as good as any. */
async function scanKeys(
  redis: Redis,
  { scan, pages, deadline }: SampleLimits,
  left: () => Millis,
): Promise<Scanned | Unavailable> {
  const answers = new Set<string>();
  let [cursor, seen, keys, unread] = ["0", 0, 0, pages];
  do {
    const outcome = await redis.run([["SCAN", cursor, "COUNT", scan], ["DBSIZE"]], left());
    if (outcome.kind === "unavailable") return outcome;
    const page = readPage(outcome.replies);
    if (page === null) return { kind: "unavailable", reason: "malformed reply" };
    for (const key of page.found) if (key.startsWith(ANSWERS)) answers.add(key);
    seen += page.found.length;
    ({ cursor, keys } = page);
    unread -= 1;
    // Half of the time is for reading what was found.
  } while (cursor !== "0" && unread > 0 && left() * 2 > deadline);
  return { kind: "scanned", answers: [...answers], seen, keys, complete: cursor === "0" };
}

function readPage(
  replies: readonly CommandReply[],
): { readonly cursor: string; readonly found: readonly string[]; readonly keys: number } | null {
  const [scan, size] = replies.map((reply) => (reply.kind === "reply" ? reply.reply : null));
  const [cursor, found] = Array.isArray(scan) ? (scan as readonly RedisReply[]) : [];
  if (typeof cursor !== "string" || !Array.isArray(found) || typeof size !== "number") return null;
  return { cursor, found: found.filter((key) => typeof key === "string"), keys: size };
}

/** Each as likely as any other. */
function pickSome(keys: readonly string[], most: number, random: Random): readonly string[] {
  const pool = [...keys];
  const picked: string[] = [];
  while (picked.length < most && pool.length > 0) {
    const at = Math.floor(random.unit() * pool.length);
    picked.push(pool[at] ?? "");
    pool[at] = pool.at(-1) ?? "";
    pool.pop();
  }
  return picked;
}

interface Found {
  readonly selectors: readonly Selector[];
  readonly verifiedTo: Position;
  readonly length: number;
}

type FoundOutcome = { readonly kind: "found"; readonly found: readonly Found[] } | Unavailable;

/** Values that can't be read are no answers: nobody would serve them. */
async function readAnswers(redis: Redis, keys: readonly string[], deadline: Millis): Promise<FoundOutcome> {
  if (keys.length === 0) return { kind: "found", found: [] };
  const outcome = await redis.run(
    keys.map((key) => ["HMGET", key, "m", "ve", "vs"]),
    deadline,
  );
  if (outcome.kind === "unavailable") return outcome;
  return { kind: "found", found: outcome.replies.flatMap((reply) => readFound(reply) ?? []) };
}

function readFound(reply: CommandReply): Found | null {
  const [record, epoch, seq] =
    reply.kind === "reply" && Array.isArray(reply.reply) ? (reply.reply as readonly RedisReply[]) : [];
  const answer = typeof record === "string" ? decodeAnswer(record) : null;
  const verifiedTo = { epoch: Number(epoch), seq: Number(seq) };
  if (answer === null || !Number.isSafeInteger(verifiedTo.epoch) || !Number.isSafeInteger(verifiedTo.seq))
    return null;
  return { selectors: answer.selectors, verifiedTo, length: answer.length };
}

/** What the log's index can't vouch for any more is out of date already. */
async function stillUsable(
  redis: Redis,
  matching: readonly Found[],
  deadline: Millis,
): Promise<FoundOutcome> {
  if (matching.length === 0) return { kind: "found", found: [] };
  const outcome = await redis.run(
    matching.map(({ selectors, verifiedTo }) => checkCommand(selectors, verifiedTo)),
    deadline,
  );
  const checks = matching.map((_, index) => readCheck(outcome, index));
  const failed = checks.find((check) => check.kind === "unavailable");
  if (failed?.kind === "unavailable") return failed;
  const isUsable = checks.map(({ kind }) => kind === "ok" || kind === "soft");
  return { kind: "found", found: matching.filter((_, index) => isUsable[index]) };
}

/** All keys, less the share of them that turned out to be none of an answer. */
function totalOf(
  { seen, keys, answers, complete }: Scanned,
  { asked, found }: { readonly asked: number; readonly found: number },
): number {
  if (complete && asked === answers.length) return found;
  if (seen === 0 || asked === 0) return found;
  const all = complete ? answers.length : (answers.length / seen) * keys;
  return Math.max(found, Math.round((found / asked) * all));
}
