// Keys whose loader has just failed, or goes on past its time: they are left alone for a while, longer with each failure in a row.

import { elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import { CACHE_LIMITS } from "./limits.ts";

interface Failed {
  readonly until: Instant;
  readonly inARow: number;
  readonly cause: unknown;
}

/** So many runs that go on, and until when they are waited for. */
interface Late {
  readonly until: Instant;
  readonly runs: number;
  readonly cause: unknown;
}

export class Failing {
  /** Oldest first. */
  private readonly keys = new Map<string, Failed>();
  private readonly late = new Map<string, Late>();
  private readonly longestHeld: Millis;

  /** `longestHeld`: a run of which nothing was heard for so long has been lost with its request. */
  constructor(longestHeld: Millis) {
    this.longestHeld = longestHeld;
  }

  /** Of a key that is to be left alone: what its loader said. */
  of(key: string, now: Instant): { readonly cause: unknown } | null {
    const late = this.late.get(key);
    if (late !== undefined && now < late.until) return late;
    const failed = this.keys.get(key);
    return failed === undefined || now >= failed.until ? null : failed;
  }

  /** Its time was up, and nobody runs it again beside that. */
  goesOn(
    key: string,
    { cause, now, ended }: { readonly cause: unknown; readonly now: Instant; readonly ended: Promise<void> },
  ): void {
    const runs = (this.late.get(key)?.runs ?? 0) + 1;
    this.late.delete(key);
    this.late.set(key, { until: later(now, this.longestHeld), runs, cause });
    forgetOldest(this.late);
    void ended.then(() => this.ended(key));
  }

  private ended(key: string): void {
    const late = this.late.get(key);
    if (late === undefined) return;
    if (late.runs > 1) this.late.set(key, { ...late, runs: late.runs - 1 });
    else this.late.delete(key);
  }

  /** Answers for how long it is left alone. */
  failed(key: string, cause: unknown, now: Instant): Millis {
    const before = this.keys.get(key);
    const { first, most } = CACHE_LIMITS.failing;
    // Long ago is no longer in a row.
    const inARow = before === undefined || elapsed(before.until, now) > most ? 1 : before.inARow + 1;
    const pause = millis(Math.min(most, first * 2 ** (inARow - 1)));
    this.keys.delete(key);
    this.keys.set(key, { until: later(now, pause), inARow, cause });
    forgetOldest(this.keys);
    return pause;
  }

  well(key: string): void {
    this.keys.delete(key);
  }
}

function forgetOldest(keys: Map<string, unknown>): void {
  const [oldest] = keys.keys();
  if (keys.size > CACHE_LIMITS.failingKept && oldest !== undefined) keys.delete(oldest);
}
