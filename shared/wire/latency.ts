// Histograms of spans of time: one scheme of buckets for all of them, so that any two can be added up.

/** Each doubling of the span is cut into this many buckets of one width. */
const PER_OCTAVE = 8;
/** Up to here each bucket is a millisecond wide: a clock tells no less. */
const EXACT = 2 * PER_OCTAVE;
const EXACT_OCTAVES = 4;
/** 2^23 ms is 2 h 20 min: above the longest bound of a class, and any deadline. */
const OCTAVES = 23;

/** Buckets with a bound; the one behind them is open. */
const BOUNDED = EXACT + (OCTAVES - EXACT_OCTAVES) * PER_OCTAVE;

/** An edge's histogram before anything was counted. */
export const emptyHistogram = (): number[] => new Array<number>(BOUNDED + 1).fill(0);

/** The bucket that a span of milliseconds falls into: the first holds what took a millisecond or less. */
export function bucketOf(ms: number): number {
  if (ms <= EXACT) return ms <= 1 ? 0 : Math.ceil(ms) - 1;
  if (ms > 2 ** OCTAVES) return BOUNDED;
  // A bucket's upper bound belongs to it, so that each power of two ends one.
  const whole = Math.ceil(ms) - 1;
  const octave = 31 - Math.clz32(whole);
  const width = octave - (EXACT_OCTAVES - 1);
  return EXACT + (octave - EXACT_OCTAVES) * PER_OCTAVE + ((whole >> width) - PER_OCTAVE);
}

/** The greatest span, in milliseconds, that falls into a bucket; of the open one, the last bound. */
export function upperBoundOf(bucket: number): number {
  if (bucket < EXACT) return bucket + 1;
  const place = Math.min(bucket, BOUNDED - 1) - EXACT;
  const octave = EXACT_OCTAVES + Math.floor(place / PER_OCTAVE);
  return 2 ** octave + ((place % PER_OCTAVE) + 1) * 2 ** (octave - 3);
}

/** Counts by bucket; what is not there is nought. */
export type Histogram = ReadonlyMap<number, number>;

/**
 * The upper bound of the bucket that holds the quantile, in milliseconds: exact up to 16 ms, above that more than the
 * true value by an eighth of it at the most; in the open bucket it is the last bound. Null where nothing was counted.
 */
export function quantile(histogram: Histogram, q: number): number | null {
  let total = 0;
  for (const count of histogram.values()) total += count;
  if (total === 0) return null;
  let seen = 0;
  const buckets = [...histogram.keys()].sort((a, b) => a - b);
  for (const bucket of buckets) {
    seen += histogram.get(bucket) ?? 0;
    if (seen >= q * total) return upperBoundOf(bucket);
  }
  return upperBoundOf(BOUNDED);
}
