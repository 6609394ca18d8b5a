// Whether this isolate reaches the database of the log, and that takes writes: noted with every call that it makes anyhow.

import { elapsed, type Instant, type Millis } from "../../shared/core/units.ts";
import { writeRefusal } from "../../shared/mid-tier/script.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { LIMITS } from "../config.ts";

/** Milliseconds since 1970. `until` null: it goes on. */
export interface Silence {
  readonly since: number;
  readonly lasted: Millis;
  readonly until: number | null;
  /** What it last said when it did answer, and took no writes: `full`, or Redis' word. Null where it did not answer. */
  readonly refusal: string | null;
}

interface Begun {
  readonly at: Instant;
  readonly wall: number;
  readonly refusal: string | null;
}

export class Reachability {
  private readonly clock: Clock;
  private began: Begun | null = null;
  /** When it last refused a write. */
  private refusedAt: Instant | null = null;
  private last: Silence | null = null;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  noting(redis: Redis): Redis {
    return {
      run: async (commands, deadline) => {
        const outcome = await redis.run(commands, deadline);
        if (outcome.kind === "unavailable") this.begin(null);
        else {
          const refusal = outcome.replies.map(writeRefusal).find((word) => word !== null) ?? null;
          if (refusal !== null) {
            this.begin(refusal);
            this.refusedAt = this.clock.now();
          } else if (!this.refusesWrites()) this.answered();
        }
        return outcome;
      },
    };
  }

  /** Something was written, and took room. */
  wrote(): void {
    this.refusedAt = null;
    this.answered();
  }

  /** The one that goes on. */
  silence(): Silence | null {
    return this.began === null ? null : this.silenceSince(this.began, null);
  }

  /** The last one that has ended. A moment's does not hide a longer one, that no evaluation may have seen yet. */
  past(): Silence | null {
    return this.last;
  }

  /** One that was away may come back and take no writes: that is the same outage. */
  private begin(refusal: string | null): void {
    const began = this.began ?? { at: this.clock.now(), wall: this.clock.wall(), refusal };
    this.began = { ...began, refusal: refusal ?? began.refusal };
  }

  /** Reads that are answered say nothing of writes. */
  private refusesWrites(): boolean {
    const { refusedAt } = this;
    return refusedAt !== null && elapsed(refusedAt, this.clock.now()) < LIMITS.refusesFor;
  }

  private answered(): void {
    if (this.began === null) return;
    const until = this.clock.wall();
    const ended = this.silenceSince(this.began, until);
    this.began = null;
    const isSeen = until - (this.last?.until ?? 0) >= LIMITS.alertWindow;
    if (this.last === null || isSeen || ended.lasted >= this.last.lasted) this.last = ended;
  }

  private silenceSince({ at, wall, refusal }: Begun, until: number | null): Silence {
    return { since: wall, lasted: elapsed(at, this.clock.now()), until, refusal };
  }
}
