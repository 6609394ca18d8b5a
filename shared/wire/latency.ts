// Latency histograms: the bounds that edges count by and the control plane reads by.

/** Upper bounds in milliseconds of the latency buckets; the last one is open. */
export const LATENCY_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const;

/** Upper bounds in milliseconds for how long an invalidation takes to reach every edge: up to the longest bound of a class. */
export const CONVERGENCE_BOUNDS = [
  5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 600_000, 4_200_000,
] as const;

/** The bucket that a span falls into; the one beyond the last bound is open. */
export function bucketOf(bounds: readonly number[], ms: number): number {
  const index = bounds.findIndex((bound) => ms <= bound);
  return index < 0 ? bounds.length : index;
}

/**
 * The upper bound of the bucket that holds the quantile, in milliseconds: never less than the true value, except
 * in the open bucket, where it is the last bound. Null where nothing was counted.
 */
export function quantile(bounds: readonly number[], counts: readonly number[], q: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= q * total) return bounds[index] ?? bounds.at(-1) ?? null;
  }
  return bounds.at(-1) ?? null;
}
