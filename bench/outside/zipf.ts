// Picks among a few, the first most often: the rank r (from 0) in proportion to 1 / (r + 1), the same for the same seed.

import { mixUnit } from "../../shared/core/mix.ts";

export function zipfPicker<T>(items: readonly T[], seed: number): (number: number) => T {
  const sums: number[] = [];
  for (const rank of items.keys()) sums.push((sums.at(-1) ?? 0) + 1 / (rank + 1));
  const total = sums.at(-1) ?? 0;
  return (number) => {
    const drawn = mixUnit(String(number), seed) * total;
    const item = items[sums.findIndex((sum) => drawn < sum)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  };
}
