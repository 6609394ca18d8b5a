// Whether the log was silent when it was last asked, and how lately that was.

import { elapsed, type Instant, type Millis } from "../core/units.ts";
import { VIEW_LIMITS } from "./limits.ts";

export class Silence {
  private heardOf: Instant | null = null;

  /** What came of a question. */
  note(answered: boolean, now: Instant): void {
    this.heardOf = answered ? null : now;
  }

  get lasts(): boolean {
    return this.heardOf !== null;
  }

  /**
   * How long a request waits for the log: it is tried behind requests where it was silent lately, or that would be a
   * deadline for each of them. Long ago it says nothing: a quiet isolate's next request waits as if it were well.
   */
  patience(now: Instant): Millis {
    const isRecent = this.heardOf !== null && elapsed(this.heardOf, now) < VIEW_LIMITS.silentFor;
    return isRecent ? VIEW_LIMITS.gossipAfter : VIEW_LIMITS.pullGuard;
  }
}
