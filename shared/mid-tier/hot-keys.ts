// The ledger of hot keys: what edges have counted, merged with exponential decay, everywhere and by region.

import { days, hours, type Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeHotKey, encodeHotKey, type HotBatch, type HotKey } from "../wire/hot.ts";
import { hotBatchKey, hotCountsKey, hotKey } from "./keys.ts";
import { evalCommand, mergeAll, millisecondsOf, scriptReply } from "./script.ts";
import MERGE_HOT from "./scripts/merge-hot.lua";

/** An edge that is silent for longer sends nothing again. */
const BATCHES_KEPT = hours(25);
/** A ledger outlives a night without traffic. */
const LEDGER_KEPT = days(2);
/** The list of everywhere; no region is named so. */
const EVERYWHERE = "";

export interface RankedKey {
  readonly key: HotKey;
  /** One text a key, the same as long as it is on the list. */
  readonly id: string;
  /** Among all requests that were for something that can be stored. */
  readonly share: number;
  readonly requestsPerSecond: number;
  /** Requests, each of which counts half as much after each half-life. */
  readonly score: number;
}

export interface RegionBatch {
  readonly edge: string;
  readonly boot: string;
  readonly region: string;
  readonly batch: HotBatch;
}

export type RankingOutcome = { readonly kind: "ranking"; readonly keys: readonly RankedKey[] } | Unavailable;

export interface HotKeys {
  /** Each batch counts once, however often it is merged. */
  merge(batches: readonly RegionBatch[]): Promise<{ readonly kind: "merged" } | Unavailable>;
  /** The hottest first; of a region where one is named, else of all. */
  read(most: number, region?: string): Promise<RankingOutcome>;
}

export interface HotKeysLimits {
  readonly deadline: Millis;
  /** After which a request counts half. */
  readonly halfLife: Millis;
  /** Keys of each list. */
  readonly most: number;
}

export function createHotKeys(redis: Redis, limits: HotKeysLimits): HotKeys {
  return {
    merge: (batches) =>
      mergeAll(
        redis,
        batches.map((batch) => mergeCommand(batch, limits)),
        limits.deadline,
      ),
    async read(most, region = EVERYWHERE) {
      const list = ["ZREVRANGE", hotKey(region), 0, most - 1, "WITHSCORES"];
      const outcome = await redis.run([["TIME"], ["HGETALL", hotCountsKey(region)], list], limits.deadline);
      const [time, counts, scores] = [0, 1, 2].map((index) => scriptReply(outcome, index));
      if (time?.kind !== "strings" || counts?.kind !== "strings" || scores?.kind !== "strings")
        return { kind: "unavailable", reason: "the ledger of hot keys did not answer" };
      const now = millisecondsOf(time.strings);
      return { kind: "ranking", keys: ranked(scores.strings, decayOf(counts.strings, now, limits.halfLife)) };
    },
  };
}

function mergeCommand(
  { edge, boot, region, batch }: RegionBatch,
  { halfLife, most }: HotKeysLimits,
): readonly RedisArgument[] {
  const regions = region === EVERYWHERE ? [EVERYWHERE] : [EVERYWHERE, region];
  const keys = [hotBatchKey(edge, boot), ...regions.flatMap((of) => [hotKey(of), hotCountsKey(of)])];
  const args: RedisArgument[] = [batch.number, BATCHES_KEPT, halfLife, most, LEDGER_KEPT, batch.total];
  for (const { requests, renewal: _, ...key } of batch.keys) args.push(encodeHotKey(key), requests);
  return evalCommand(MERGE_HOT, keys, args);
}

interface Decay {
  readonly total: number;
  /** What a score is worth by now. */
  readonly factor: number;
  /** What a score of now is of a rate: less while the list is younger than what it remembers. */
  readonly perSecond: number;
}

/** A steady rate r amounts to r · half-life / ln 2, and to 1 − 2^(−age / half-life) of that at first. */
function decayOf(fields: readonly string[], now: number, halfLife: Millis): Decay {
  const known = new Map<string, number>();
  for (let i = 0; i + 1 < fields.length; i += 2) known.set(fields[i] ?? "", Number(fields[i + 1]));
  const [since = now, begun = now, total = 0] = ["since", "begun", "total"].map((name) => known.get(name));
  const age = Math.max(1000, now - begun);
  const full = (halfLife / 1000 / Math.LN2) * (1 - 2 ** (-age / halfLife));
  return { total, factor: 2 ** (-Math.max(0, now - since) / halfLife), perSecond: 1 / full };
}

/** A member that can't be read, by whichever release it was written, is passed over. */
function ranked(strings: readonly string[], { total, factor, perSecond }: Decay): RankedKey[] {
  const keys: RankedKey[] = [];
  for (let i = 0; i + 1 < strings.length; i += 2) {
    const id = strings[i] ?? "";
    const [key, counted] = [decodeHotKey(id), Number(strings[i + 1])];
    if (key === null || !Number.isFinite(counted)) continue;
    const score = counted * factor;
    const share = total > 0 ? Math.min(1, counted / total) : 0;
    keys.push({ key, id, share, score, requestsPerSecond: score * perSecond });
  }
  return keys;
}
