// Chooses which of an isolate's counters a report tells: those that have changed since they were last acknowledged.

import { type CounterReport, isGauge } from "../../shared/wire/counter-report.ts";

export interface CounterReportsLimits {
  readonly countersTold: number;
  readonly counterReports: number;
}

type Counters = Readonly<Record<string, number>>;
type Sums = ReadonlyMap<string, number>;

const NO_SUMS: Sums = new Map();

export interface ToldCounters {
  readonly counters: Counters;
  readonly told: CounterReport;
}

export class CounterReports {
  private readonly limits: CounterReportsLimits;
  /** How far each counter was acknowledged. */
  private readonly acknowledged = new Map<string, number>();
  /** What may be acknowledged yet: several ask, and each knows only what it was told itself. */
  private underWay: readonly { readonly number: number; readonly counters: Counters; readonly sums: Sums }[] =
    [];
  /** The sums of counts up to which all of a site and class is acknowledged. */
  private readonly settled = new Map<string, number>();
  private numbers = 0;
  /** Where the next report begins: what one had no room for is not left out for ever. */
  private from = 0;

  constructor(limits: CounterReportsLimits) {
    this.limits = limits;
  }

  /** Whether a report would tell nothing of a site and class whose counts have this sum. */
  readonly isTold = (of: string, sum: number): boolean => this.settled.get(of) === sum;

  /**
   * `all` are totals, so that what is told twice counts once; `taken` is the number of a report. `sums`: of what is wholly
   * among them.
   */
  report(all: Counters, taken: number | null, sums: Sums = NO_SUMS): ToldCounters {
    if (taken !== null) this.acknowledge(taken);
    const counters: Record<string, number> = {};
    const before: Record<string, number> = {};
    const names = Object.keys(all);
    let [room, more] = [this.limits.countersTold, false];
    for (let step = 0; step < names.length; step++) {
      const at = (this.from + step) % names.length;
      const name = names[at] ?? "";
      const [total, known] = [all[name] ?? 0, this.acknowledged.get(name)];
      if (isGauge(name)) counters[name] = total;
      if (isGauge(name) || total === known || more) continue;
      if (room === 0) {
        [this.from, more] = [at, true];
        continue;
      }
      room -= 1;
      counters[name] = total;
      if (known !== undefined) before[name] = known;
    }
    this.numbers += 1;
    const told = { number: this.numbers, before, more };
    const report = { number: told.number, counters, sums: more ? NO_SUMS : sums };
    this.underWay = [...this.underWay, report].slice(-this.limits.counterReports);
    return { counters, told };
  }

  private acknowledge(number: number): void {
    const report = this.underWay.find((one) => one.number === number);
    if (report === undefined) return;
    this.underWay = this.underWay.filter((one) => one.number > number);
    for (const [name, total] of Object.entries(report.counters))
      if (!isGauge(name) && total > (this.acknowledged.get(name) ?? -1)) this.acknowledged.set(name, total);
    // It told whatever had not been acknowledged of them before.
    for (const [of, sum] of report.sums) this.settled.set(of, sum);
  }
}
