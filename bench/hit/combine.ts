// One comparison out of several, each of processes of its own: two of the same program differ by up to a tenth.

import { median } from "../http-load.ts";
import { type Comparison, verdictOn } from "./claims.ts";
import type { Ratios, Side } from "./rounds.ts";

/** Medians of what each has found. A ratio is taken within one, and never across two: they ran at different times. */
export function combine(comparisons: readonly [Comparison, ...Comparison[]]): Comparison {
  const [first] = comparisons;
  const others = Object.fromEntries(
    Object.keys(first.others).map((of) => {
      const found = comparisons.flatMap((comparison) => comparison.others[of] ?? []);
      return [of, { ...middleSide(found), ...middleRatios(found) }] as const;
    }),
  );
  return {
    ...first,
    rounds: comparisons.reduce((sum, { rounds }) => sum + rounds, 0),
    edge: middleSide(comparisons.map(({ edge }) => edge)),
    others,
    verdict: verdictOn(first.claims, others),
  };
}

const middleSide = (sides: readonly Side[]): Side => ({
  perSecond: median(sides.map(({ perSecond }) => perSecond)),
  p50Ms: median(sides.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(sides.map(({ p99Ms }) => p99Ms)),
  cpuMicros: middleOf(sides.map(({ cpuMicros }) => cpuMicros)),
});

const middleRatios = (ratios: readonly Ratios[]): Ratios => ({
  rateRatio: median(ratios.map(({ rateRatio }) => rateRatio)),
  cpuRatio: middleOf(ratios.map(({ cpuRatio }) => cpuRatio)),
});

/** Null where it could not be told once. */
function middleOf(values: readonly (number | null)[]): number | null {
  const told = values.filter((value) => value !== null);
  return told.length < values.length ? null : median(told);
}
