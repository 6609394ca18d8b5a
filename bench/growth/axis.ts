// One axis of growth: what becomes more, and what is done at each size.

import { median } from "../http-load.ts";
import type { Point } from "./verdict.ts";

export interface Axis {
  readonly name: string;
  readonly what: string;
  /** `ratio`: over something else that is done beside it. */
  readonly unit: "ns" | "ratio";
  /** With every hit, or once after something has changed. */
  readonly when: "hit" | "change";
  readonly where: "core";
  readonly sizes: readonly number[];
  /** Done so often at a time; thousands where left out. */
  readonly batch?: number;
  readonly prepare: (size: number) => Measured;
}

export interface Measured {
  readonly step: () => unknown;
  readonly over?: () => unknown;
}

const BATCH = 5000;

/** Medians of rounds in which all sizes take turns; the first one, in which the runtime compiles, counts for nothing. */
export function measureAxis({ sizes, prepare, batch = BATCH }: Axis, rounds: number): Point[] {
  const sides = sizes.map((size) => ({ size, measured: prepare(size), costs: [] as number[] }));
  for (let round = 0; round <= rounds; round++)
    for (const { measured, costs } of sides) {
      const { step, over } = measured;
      const cost = nanosecondsEach(step, batch) / (over === undefined ? 1 : nanosecondsEach(over, batch));
      if (round > 0) costs.push(cost);
    }
  return sides.map(({ size, costs }) => ({ size, cost: median(costs) }));
}

function nanosecondsEach(step: () => unknown, times: number): number {
  const before = process.cpuUsage();
  const began = performance.now();
  for (let time = 0; time < times; time++) step();
  const { user, system } = process.cpuUsage(before);
  const elapsed = performance.now() - began;
  // What others on the machine take is in the clock's time and not in the CPU's, whose grain is coarser.
  return (Math.min(elapsed, Math.max(1, user + system) / 1000) * 1e6) / times;
}
