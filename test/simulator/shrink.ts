// Shrinks a failing seed's plan while the same invariant still breaks: fewer faults, shorter ones, and less going on.

import type { Violation } from "./history.ts";
import { isTimed } from "./plan/faults.ts";
import type { Plan } from "./plan/plan.ts";
import { type KeptFault, type Reduction, reduced, wholeOf } from "./plan/reduction.ts";
import { type Simulated, seededPlan, simulate } from "./simulate.ts";

/** Worlds run at most for one failure: half a minute. */
const MOST_RUNS = 150;
/** Milliseconds below which a fault is not made shorter. */
const SHORT = 50;

export interface Shrunk {
  readonly reduction: Reduction;
  readonly result: Simulated;
  readonly broken: Violation;
  readonly runs: number;
}

export function shrink(failing: Simulated): Promise<Shrunk> {
  const [broken] = failing.violations;
  if (broken === undefined) throw new Error(`seed ${failing.seed} did not fail`);
  return new Shrinker(failing, broken).run();
}

class Shrinker {
  private readonly plan: Plan;
  private readonly seed: number;
  private broken: Violation;
  private best: Reduction;
  private result: Simulated;
  private runs = 0;

  constructor(failing: Simulated, broken: Violation) {
    this.seed = failing.seed;
    this.plan = seededPlan(failing.seed);
    this.broken = broken;
    this.best = wholeOf(this.plan);
    this.result = failing;
  }

  async run(): Promise<Shrunk> {
    await this.dropWhatCameAfter();
    await this.fewerFaults((kept) => this.isEvent(kept));
    for (const standing of this.best.faults.filter((kept) => !this.isEvent(kept)))
      await this.fails({ ...this.best, faults: this.best.faults.filter((kept) => kept !== standing) });
    for (const { index } of this.best.faults) await this.shorter(index);
    await smallest(this.best.work, (work) => this.fails({ ...this.best, work }));
    const { best: reduction, result, broken, runs } = this;
    return { reduction, result, broken, runs };
  }

  /** Keeps the reduction if the same invariant breaks with it. */
  private async fails(reduction: Reduction): Promise<boolean> {
    if (this.runs >= MOST_RUNS) return false;
    this.runs += 1;
    const result = await simulate(this.seed, reduced(this.plan, reduction));
    const broken = result.violations.find(({ invariant }) => invariant === this.broken.invariant);
    if (broken === undefined) return false;
    this.broken = broken;
    this.best = reduction;
    this.result = result;
    return true;
  }

  private async dropWhatCameAfter(): Promise<void> {
    const last = this.broken.at - this.result.beganAt;
    const before = (one: { readonly at: number } | undefined): boolean => (one?.at ?? 0) <= last;
    await this.fails({
      faults: this.best.faults.filter(({ index }) => {
        const fault = this.plan.faults[index];
        return fault === undefined || !isTimed(fault) || before(fault);
      }),
      work: this.best.work.filter((index) => before(this.plan.work[index])),
    });
  }

  private fewerFaults(ofThese: (kept: KeptFault) => boolean): Promise<void> {
    const others = this.best.faults.filter((kept) => !ofThese(kept));
    return smallest(this.best.faults.filter(ofThese), (some) =>
      this.fails({ ...this.best, faults: [...others, ...some] }),
    );
  }

  private isEvent({ index }: KeptFault): boolean {
    const fault = this.plan.faults[index];
    return fault !== undefined && isTimed(fault);
  }

  /** Half, and half of that, for as long as it fails. */
  private async shorter(index: number): Promise<void> {
    const fault = this.plan.faults[index];
    if (fault === undefined || !("for" in fault)) return;
    for (let span = Math.floor(fault.for / 2); span >= SHORT; span = Math.floor(span / 2)) {
      const faults = this.best.faults.map((kept) => (kept.index === index ? { ...kept, for: span } : kept));
      if (!(await this.fails({ ...this.best, faults }))) return;
    }
  }
}

/** Delta debugging (Zeller's ddmin): ever smaller parts are left out for as long as the rest fails. */
export async function smallest<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let left = items;
  if (left.length > 0 && (await fails([]))) return;
  for (let parts = 2; left.length >= 2; ) {
    const size = Math.ceil(left.length / parts);
    let without: readonly T[] | null = null;
    for (let from = 0; from < left.length && without === null; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(rest)) without = rest;
    }
    if (without !== null) {
      left = without;
      parts = Math.max(parts - 1, 2);
    } else if (parts >= left.length) return;
    else parts = Math.min(parts * 2, left.length);
  }
}
