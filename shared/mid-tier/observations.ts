// What all edges have seen of their traffic, by site and path pattern, merged with exponential decay.

import type { Figures } from "../core/traffic-figures.ts";
import { days, hours, type Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeFigures, type ObservedBatch } from "../wire/observed.ts";
import { OBSERVED, OBSERVED_RANK, observedBatchKey } from "./keys.ts";
import { evalCommand, mergeAll, millisecondsOf, scriptReply } from "./script.ts";
import MERGE_OBSERVED from "./scripts/merge-observed.lua";

/** An edge that is silent for longer sends nothing again. */
const BATCHES_KEPT = hours(25);
/** Sums outlive a quiet week. */
const SUMS_KEPT = days(8);

export interface Observation {
  readonly site: string;
  readonly pattern: string;
  /** Each counts half as much after each half-life. */
  readonly figures: Readonly<Figures>;
  /** What of a figure is what comes in a second: less while it has been counted for less than it remembers. */
  readonly perSecond: number;
  /** For how long it has been counted, in milliseconds. */
  readonly age: number;
}

export type ObservationsOutcome =
  | { readonly kind: "observations"; readonly observations: readonly Observation[] }
  | Unavailable;

export interface EdgeObservations {
  readonly edge: string;
  readonly boot: string;
  readonly batch: ObservedBatch;
}

export interface Observations {
  /** Each batch counts once, however often it is merged. */
  merge(batches: readonly EdgeObservations[]): Promise<{ readonly kind: "merged" } | Unavailable>;
  read(): Promise<ObservationsOutcome>;
}

export interface ObservationsLimits {
  readonly deadline: Millis;
  readonly halfLife: Millis;
  /** Patterns of all sites together. */
  readonly most: number;
}

export function createObservations(redis: Redis, limits: ObservationsLimits): Observations {
  return {
    merge: (batches) =>
      mergeAll(
        redis,
        batches.map((batch) => mergeCommand(batch, limits)),
        limits.deadline,
      ),
    async read() {
      const outcome = await redis.run([["TIME"], ["HGETALL", OBSERVED]], limits.deadline);
      const [time, sums] = [0, 1].map((index) => scriptReply(outcome, index));
      if (time?.kind !== "strings" || sums?.kind !== "strings")
        return { kind: "unavailable", reason: "the observations did not answer" };
      const now = millisecondsOf(time.strings);
      return { kind: "observations", observations: observationsIn(sums.strings, now, limits.halfLife) };
    },
  };
}

function mergeCommand(
  { edge, boot, batch }: EdgeObservations,
  { halfLife, most }: ObservationsLimits,
): readonly RedisArgument[] {
  const keys = [observedBatchKey(edge, boot), OBSERVED, OBSERVED_RANK];
  const args: RedisArgument[] = [batch.number, BATCHES_KEPT, halfLife, most, SUMS_KEPT];
  for (const { site, pattern, figures } of batch.rows) args.push(`${site} ${pattern}`, figures.join(","));
  return evalCommand(MERGE_OBSERVED, keys, args);
}

/** What can't be read, by whichever release it was written, is passed over. */
function observationsIn(strings: readonly string[], now: number, halfLife: Millis): Observation[] {
  const found: Observation[] = [];
  for (let i = 0; i + 1 < strings.length; i += 2) {
    const [site = "", pattern = ""] = (strings[i] ?? "").split(" ");
    const [since = "", begun = "", text = ""] = (strings[i + 1] ?? "").split(" ");
    const figures = decodeFigures(text);
    if (figures === null || pattern === "") continue;
    const factor = 2 ** (-Math.max(0, now - Number(since)) / halfLife);
    const age = Math.max(1000, now - Number(begun));
    const full = (halfLife / 1000 / Math.LN2) * (1 - 2 ** (-age / halfLife));
    found.push({
      ...{ site, pattern, age, perSecond: 1 / full },
      figures: figures.map((figure) => figure * factor),
    });
  }
  return found;
}
