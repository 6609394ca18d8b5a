// Invalidations that the log has not taken yet: offered again whenever it answers, and now and then until it does.

import { elapsed, type Instant, later, type Millis, millis } from "../../shared/core/units.ts";
import type { Cancel, Clock, Timers } from "../../shared/ports/clock.ts";
import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import { CACHE_LIMITS } from "./limits.ts";

/** How many replicas have to have it is worked out whenever the log is told. */
export type Invalidation = Omit<AppendQuery, "replicas">;

interface Due {
  readonly at: Instant;
  readonly cancel: Cancel;
}

export class Unsent {
  private readonly queries = new Map<string, Invalidation>();
  /** The offer under way, by when it last went on. */
  private offering: { at: Instant } | null = null;
  private next: Due | null = null;
  /** Offers in a row that the log did not take. */
  private refused = 0;
  private isOver = false;

  get size(): number {
    return this.queries.size;
  }

  has({ operationId }: Invalidation): boolean {
    return this.queries.has(operationId);
  }

  /** False where there are too many. */
  keep(query: Invalidation): boolean {
    if (this.queries.size >= CACHE_LIMITS.unsent) return false;
    this.queries.set(query.operationId, query);
    return true;
  }

  taken({ operationId }: Invalidation): void {
    this.queries.delete(operationId);
    this.refused = 0;
  }

  /** Oldest first, until one is not taken; the operation's id makes a repeated append one. */
  async offer(clock: Clock, append: (query: Invalidation) => Promise<boolean>): Promise<void> {
    // One that does not go on was its request's, which is gone.
    if (this.offering !== null && elapsed(this.offering.at, clock.now()) < CACHE_LIMITS.offerLost) return;
    const mine = { at: clock.now() };
    this.offering = mine;
    try {
      for (const query of this.queries.values()) {
        if (!(await append(query))) {
          this.refused += 1;
          return;
        }
        this.taken(query);
        mine.at = clock.now();
      }
    } finally {
      if (this.offering === mine) this.offering = null;
    }
  }

  /** Has them offered again after a while, longer each time. `unit`: uniform in [0, 1). */
  offerAgain(
    { clock, timers }: { readonly clock: Clock; readonly timers: Pick<Timers, "after"> },
    unit: number,
    offer: () => void,
  ): void {
    const now = clock.now();
    // A timer that is late was its request's too.
    const isWaiting = this.next !== null && now <= this.next.at;
    if (this.isOver || this.queries.size === 0 || isWaiting) return;
    this.next?.cancel();
    const pause = this.pause(unit);
    const cancel = timers.after(pause, () => {
      this.next = null;
      offer();
    });
    this.next = { at: later(now, pause), cancel };
  }

  /** Nothing is offered any more by itself. */
  end(): void {
    this.isOver = true;
    this.next?.cancel();
    this.next = null;
  }

  private pause(unit: number): Millis {
    const { first, most } = CACHE_LIMITS.offerPause;
    return millis(Math.min(most, first * 2 ** this.refused) * (0.5 + unit / 2));
  }
}
