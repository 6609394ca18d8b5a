// Picks by popularity: the rank r (from 0) in proportion to 1 / (r + 1)^s, the same ones for the same seed.

import { mixUnit } from "../../shared/core/mix.ts";

/** Which of how many ranks the draw of this number falls on. */
export type RankPicker = (number: number) => number;

/** A table of all ranks, searched by halves: a million take 8 MB, and 20 comparisons a draw. */
export function zipfRanks(shape: {
  readonly count: number;
  readonly s: number;
  readonly seed: number;
}): RankPicker {
  const { count, s, seed } = shape;
  if (count < 1) throw new RangeError("nothing to pick from");
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -s;
    upTo[rank] = sum;
  }
  return (number) => firstAbove(upTo, drawn(number, seed) * sum);
}

/** Of a few named things, the first most often; s = 1 where it is left out. */
export function zipfPicker<T>(items: readonly T[], seed: number, s = 1): (number: number) => T {
  const rankOf = zipfRanks({ count: items.length, s, seed });
  return (number) => items[rankOf(number)] as T;
}

/**
 * In [0, 1), with 53 bits: the 32 of one mix are too coarse for ranks among a million that are drawn once in many
 * millions of times.
 */
function drawn(number: number, seed: number): number {
  const text = String(number);
  return mixUnit(text, seed) + Math.floor(mixUnit(text, ~seed) * 2 ** 21) / 2 ** 53;
}

function firstAbove(ascending: Float64Array, wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
