// One source of truth behind loaders, as this process knows it: how much it is asked at once and in all, and whether it is well.

import {
  afterwards,
  CLOSED,
  closedFor,
  type OriginBreaker,
  passing,
} from "../../shared/core/origin-breaker.ts";
import { countRequest, mayRetry, newRetryBudget, type RetryBudget } from "../../shared/core/retry-budget.ts";
import { type Bucket, fullBucket, reserveOf, takeTokens } from "../../shared/core/token-bucket.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import type { Priority } from "../../shared/core/waiting-line.ts";
import { type Slot, Slots } from "../../shared/origin/slots.ts";
import type { Clock, Timers } from "../../shared/ports/clock.ts";
import { CACHE_LIMITS } from "./limits.ts";
import { invalid } from "./rules.ts";

/** What loaders of one source may cost it; of this process. */
export interface SourceOptions {
  /** Loads at once. */
  readonly concurrency?: number;
  /** Loads a second, and how many may come at once after a quiet time. Without a rate there is no such limit. */
  readonly ratePerSecond?: number;
  readonly burst?: number;
  /** Second tries, as a share of loads; 0 = none. */
  readonly retryShare?: number;
}

/** Turned away before the loader was asked. */
export interface Shed {
  readonly kind: "shed";
  readonly reason: "rate" | "concurrency" | "queue" | "breaker";
  readonly retryAfter: Millis;
}

export interface Entered {
  readonly kind: "entered";
  /** What came of the load. */
  leave(outcome: "well" | "failed"): void;
}

/** Background work leaves this share of a burst to users. */
const RESERVE = 0.25;

export class Source {
  private readonly clock: Clock;
  private readonly slots: Slots;
  private readonly retries: RetryBudget;
  private readonly terms: { readonly rate: number; readonly burst: number } | null;
  private readonly retryLimits: { readonly share: number; readonly span: Millis };
  private readonly longestHeld: Millis;
  private bucket: Bucket | null = null;
  private breaker: OriginBreaker = CLOSED;

  constructor(
    ports: { readonly clock: Clock; readonly timers: Timers },
    options: SourceOptions,
    longestHeld: Millis,
  ) {
    const {
      concurrency = CACHE_LIMITS.concurrency,
      ratePerSecond,
      retryShare = CACHE_LIMITS.retryShare,
    } = options;
    this.clock = ports.clock;
    this.longestHeld = longestHeld;
    this.terms =
      ratePerSecond === undefined
        ? null
        : { rate: ratePerSecond, burst: options.burst ?? Math.max(1, ratePerSecond) };
    this.retryLimits = { share: retryShare, span: CACHE_LIMITS.retrySpan };
    this.retries = newRetryBudget(ports.clock.now());
    this.slots = new Slots(ports, {
      adaptive: { ...FIXED, floor: concurrency, ceiling: concurrency },
      line: CACHE_LIMITS.line,
      patience: CACHE_LIMITS.patience,
      longestHeld,
    });
  }

  async enter(priority: Priority): Promise<Entered | Shed> {
    const closed = this.closedFor();
    if (closed !== null) return shed("breaker", closed);
    const slot = await this.slots.enter(priority);
    if (slot === "full") return shed("concurrency", CACHE_LIMITS.patience.user);
    if (slot === "late") return shed("queue", CACHE_LIMITS.patience.user);
    const refusal = this.take(priority);
    if (refusal === null) return this.entered(slot);
    slot.leave();
    return refusal;
  }

  /** Whether one that failed may be tried a second time; it is counted where it may. */
  mayRetry(): boolean {
    return (
      this.closedFor() === null &&
      mayRetry(this.retries, this.clock.now(), this.retryLimits) &&
      this.take("user") === null
    );
  }

  private take(priority: Priority): Shed | null {
    if (this.terms === null) return null;
    const now = this.clock.now();
    this.bucket ??= fullBucket(this.terms, now);
    const reserve = priority === "background" ? reserveOf(this.terms, RESERVE, 1) : 0;
    const asked = { ...this.terms, cost: 1, patience: millis(0), reserve };
    const given = takeTokens(this.bucket, asked, now);
    return given.kind === "granted" ? null : shed("rate", given.wait);
  }

  private entered(slot: Slot): Entered {
    const now = this.clock.now();
    countRequest(this.retries, now, this.retryLimits);
    const probe = this.breaker.kind !== "closed";
    this.breaker = passing(this.breaker, now);
    return {
      kind: "entered",
      leave: (outcome) => {
        slot.leave();
        const came = { well: outcome === "well", probe, at: this.clock.now() };
        this.breaker = afterwards(this.breaker, came, this.breakerLimits);
      },
    };
  }

  private closedFor(): Millis | null {
    return closedFor(this.breaker, this.clock.now(), this.breakerLimits);
  }

  private get breakerLimits() {
    return { ...CACHE_LIMITS.sourceBreaker, probeLost: this.longestHeld };
  }
}

/** The limit is what it was told to be: who runs a database knows how many connections it has. */
const FIXED = {
  window: { samples: 10, span: millis(1000) },
  tolerance: 2,
  growth: 1,
  weight: { limit: 0.2, usual: 0.05 },
} as const;

const shed = (reason: Shed["reason"], retryAfter: Millis): Shed => ({ kind: "shed", reason, retryAfter });

export function checkSource(name: string, options: SourceOptions): void {
  const { concurrency, ratePerSecond, burst, retryShare } = options;
  const where = `sources.${name}`;
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw invalid(`${where}.concurrency`, "a whole number from 1 on is needed");
  if (ratePerSecond !== undefined && !(ratePerSecond > 0))
    throw invalid(`${where}.ratePerSecond`, "a number above 0 is needed");
  if (burst !== undefined && (ratePerSecond === undefined || !(burst >= 1)))
    throw invalid(`${where}.burst`, "a number from 1 on, beside a ratePerSecond, is needed");
  if (retryShare !== undefined && !(retryShare >= 0 && retryShare <= 1))
    throw invalid(`${where}.retryShare`, "a number from 0 to 1 is needed");
}
