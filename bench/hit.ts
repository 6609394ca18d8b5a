// The hit path side by side with others: in memory, from the data centre's cache, from the mid-tier, and past all of them.

import type { Comparison } from "./hit/claims.ts";
import { combine } from "./hit/combine.ts";
import { compareCacheApi, compareL2, compareLarge, compareMemory, comparePass } from "./hit/compare.ts";
import type { Rounds } from "./hit/rounds.ts";

const HITS = {
  "hit-memory": compareMemory,
  "hit-large": compareLarge,
  "hit-cache-api": compareCacheApi,
  "hit-l2": compareL2,
  pass: comparePass,
} as const;

export interface HitResult {
  readonly name: "hit";
  readonly rounds: number;
  readonly comparisons: readonly Comparison[];
}

/**
 * Many short rounds: what else runs on the machine meets all sides alike. The ways beyond memory are compiled for some
 * ten seconds of load, by threads whose time would be counted as the requests'.
 */
const roundsOf = (quick: boolean): Rounds =>
  quick ? { rounds: 11, roundMs: 150, warmMs: 1200 } : { rounds: 11, roundMs: 700, warmMs: 10_000 };
/** Each time all sides are started anew. */
const TIMES = 3;

export async function benchPart(name: keyof typeof HITS, quick: boolean): Promise<Comparison> {
  const rounds = roundsOf(quick);
  const first = await HITS[name](rounds);
  if (quick) return first;
  const more: Comparison[] = [];
  while (more.length < TIMES - 1) more.push(await HITS[name](rounds));
  return combine([first, ...more]);
}

export async function benchHit(quick: boolean): Promise<HitResult> {
  const comparisons: Comparison[] = [];
  for (const name of Object.keys(HITS) as (keyof typeof HITS)[])
    comparisons.push(await benchPart(name, quick));
  return { name: "hit", rounds: comparisons[0]?.rounds ?? 0, comparisons };
}
