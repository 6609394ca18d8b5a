// What a sample without, or with few, events allows to be said of all: the 95 % upper bound of their share.

/** Up to this many events the bound is worked out exactly, beyond by an approximation that is closer than 0.1 %. */
const EXACT = 100;
const DOUBT = 0.05;

/**
 * The greatest share of events with which a sample like this, or one with fewer events, is still seen once in twenty
 * times; events are rare, so their number is Poisson's. Three over the size where none was seen. Null for no sample.
 */
export function upperBound95(events: number, size: number): number | null {
  if (size === 0) return events === 0 ? null : 1;
  return Math.min(1, mostEvents(events) / size);
}

function mostEvents(seen: number): number {
  // -ln(0.05) is 2.996.
  if (seen === 0) return 3;
  return seen <= EXACT ? exactly(seen) : approximately(seen);
}

/** The mean at which as few as were seen have the probability of the doubt: bisected. */
function exactly(seen: number): number {
  let [low, high] = [seen, 3 * seen + 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(seen, middle) > DOUBT) low = middle;
    else high = middle;
  }
  return high;
}

/** Poisson's probability of at most so many events. */
function atMost(most: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let events = 1; events <= most; events++) {
    term *= mean / events;
    sum += term;
  }
  return sum;
}

/** Wilson and Hilferty's cube root of the chi-square quantile. */
function approximately(seen: number): number {
  const n = seen + 1;
  return n * (1 - 1 / (9 * n) + 1.6449 / (3 * Math.sqrt(n))) ** 3;
}
