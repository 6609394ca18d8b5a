// The hit path side by side with others: in memory, from the data centre's cache, from the mid-tier, and past all of them.

import {
  type Comparison,
  compareCacheApi,
  compareL2,
  compareLarge,
  compareMemory,
  comparePass,
} from "./hit/compare.ts";
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

/** Many short rounds: what else runs on the machine meets all sides alike. */
const roundsOf = (quick: boolean): Rounds =>
  quick ? { rounds: 11, roundMs: 150 } : { rounds: 25, roundMs: 1000 };

export const benchPart = (name: keyof typeof HITS, quick: boolean): Promise<Comparison> =>
  HITS[name](roundsOf(quick));

export async function benchHit(quick: boolean): Promise<HitResult> {
  const comparisons: Comparison[] = [];
  for (const name of Object.keys(HITS) as (keyof typeof HITS)[])
    comparisons.push(await benchPart(name, quick));
  return { name: "hit", rounds: roundsOf(quick).rounds, comparisons };
}
