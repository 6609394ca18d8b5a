// Whether what is known of the edges is from before the beat's owner was away, or could not look: then nobody judges by it.

import { LIMITS } from "../config.ts";

/** Times are of one clock, in milliseconds. */
export class Absence {
  private lookedAt: number | null = null;

  /** Behind one the edges are looked at before any rule is judged: what was seen before says nothing of now. */
  wasAway(now: number): boolean {
    return this.lookedAt === null || now - this.lookedAt > LIMITS.liveFor - LIMITS.beat;
  }

  /** A beat that began then has looked at them. */
  looked(at: number): void {
    this.lookedAt = at;
  }
}
