// How measured values are spread: median, tail and the worst.

import { quantile } from "./http-load.ts";

export interface Spread {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export function spread(values: readonly number[]): Spread {
  const ascending = [...values].sort((a, b) => a - b);
  const at = (q: number): number | null => (ascending.length === 0 ? null : quantile(ascending, q));
  return { count: ascending.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
