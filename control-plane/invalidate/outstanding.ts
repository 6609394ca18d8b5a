// Whether there may be receipts to follow: none while the log stands where it stood when nothing was found.

import { elapsed, type Instant } from "../../shared/core/units.ts";
import { LIMITS } from "../config.ts";

/** What whoever follows receipts keeps from one round to the next. */
export class Outstanding {
  private mark: string | null = null;
  /** Looks in a row that found nothing with the log at this mark. */
  private inVain = 0;
  private lookedAt: Instant | null = null;

  /** `mark`: the log's, as it was read before; null where it could not be. */
  mayBe(mark: string | null, now: Instant): boolean {
    if (mark === null || mark !== this.mark || this.lookedAt === null) return true;
    // A look leaves to the next one what was appended in its own millisecond.
    return this.inVain < 2 || elapsed(this.lookedAt, now) >= LIMITS.receiptsLookedEvery;
  }

  looked(mark: string | null, { named, now }: { readonly named: number; readonly now: Instant }): void {
    const again = mark === this.mark ? this.inVain : 0;
    this.inVain = named === 0 ? again + 1 : 0;
    [this.mark, this.lookedAt] = [mark, now];
  }
}
