// Keys whose loader has just failed: they are left alone for a while, longer with each failure in a row.

import { elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import { CACHE_LIMITS } from "./limits.ts";

interface Failed {
  readonly until: Instant;
  readonly inARow: number;
  readonly cause: unknown;
}

export class Failing {
  /** Oldest first. */
  private readonly keys = new Map<string, Failed>();

  /** Of a key that is to be left alone: what its loader said. */
  of(key: string, now: Instant): { readonly cause: unknown } | null {
    const failed = this.keys.get(key);
    return failed === undefined || now >= failed.until ? null : failed;
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
    const [oldest] = this.keys.keys();
    if (this.keys.size > CACHE_LIMITS.failingKept && oldest !== undefined) this.keys.delete(oldest);
    return pause;
  }

  well(key: string): void {
    this.keys.delete(key);
  }
}
