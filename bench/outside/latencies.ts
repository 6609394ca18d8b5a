// How long things took, in a histogram of bounded size that others can be added to.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Ten minutes: whatever took longer counts as that. */
const MOST_MICROS = 600_000_000;

/** Milliseconds in and out, microseconds inside. */
export class Latencies {
  private readonly histogram: RecordableHistogram;

  /** Three figures are right to a thousandth in 170 KB, two to a hundredth in 35 KB. */
  constructor(figures: 2 | 3 = 3) {
    this.histogram = createHistogram({ lowest: 1, highest: MOST_MICROS, figures });
  }

  add(ms: number): void {
    this.histogram.record(Math.min(MOST_MICROS, Math.max(1, Math.round(ms * 1000))));
  }

  get count(): number {
    return this.histogram.count;
  }

  /** Of another process, thread or part of a run. */
  merge(other: Latencies): void {
    this.histogram.add(other.histogram);
  }

  /** Null of nothing. */
  percentiles(): Percentiles | null {
    if (this.histogram.count === 0) return null;
    const at = (percent: number): number => this.histogram.percentile(percent) / 1000;
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.histogram.max / 1000 };
  }
}
