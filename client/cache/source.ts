// One source of truth behind loaders: how much it is asked at once and in all, and whether it is well.

import {
  afterwards,
  CLOSED,
  closedFor,
  type OriginBreaker,
  passing,
} from "../../shared/core/origin-breaker.ts";
import { type OriginLimits, UNLIMITED } from "../../shared/core/origin-limits.ts";
import { countRequest, mayRetry, newRetryBudget, type RetryBudget } from "../../shared/core/retry-budget.ts";
import { type Instant, type Millis, millis } from "../../shared/core/units.ts";
import type { Priority } from "../../shared/core/waiting-line.ts";
import { type Slot, Slots } from "../../shared/origin/slots.ts";
import { Tokens } from "../../shared/origin/tokens.ts";
import type { Clock, Timers } from "../../shared/ports/clock.ts";
import type { OriginBudget } from "../../shared/ports/origin-budget.ts";
import { CACHE_LIMITS } from "./limits.ts";

/** How many loads at once, and how often one that failed is tried again. */
export interface OwnLimits {
  /** Loads at once, of this process. */
  readonly concurrency?: number;
  /** Second tries, as a share of loads; 0 = none. */
  readonly retryShare?: number;
}

/** Of this process alone. Without a rate there is no such limit. */
export interface OwnRate {
  /** Loads a second, and how many may come at once after a quiet time. */
  readonly ratePerSecond?: number;
  readonly burst?: number;
  readonly shared?: false;
}

/** Of all processes together: each load takes a token from a bucket in Redis. */
export interface SharedRate {
  readonly ratePerSecond: number;
  readonly burst?: number;
  /** `true`: all processes of this namespace. A name: all programs of the site that say the same. */
  readonly shared: true | string;
  /** The part of rate and burst that this process takes for its own while Redis is away; a tenth unless it is said. */
  readonly share?: number;
}

/** What the control plane says of the site's origin: out of the very bucket that edges ask by. */
export interface SiteBudget {
  readonly budget: "site";
}

/** What loaders of one source may cost it. */
export type SourceOptions = OwnLimits & (OwnRate | SharedRate | SiteBudget);

/** Turned away before the loader was asked. */
export interface Shed {
  readonly kind: "shed";
  readonly reason: "rate" | "concurrency" | "queue" | "breaker";
  readonly retryAfter: Millis;
}

export interface Entered {
  readonly kind: "entered";
  /** Whether the own share allowed it, since the shared budget could not be asked. */
  readonly byShare: boolean;
  /** What came of the load, or of its second try, and when that began. */
  came(outcome: "well" | "failed", sentAt: Instant): void;
  /** When it has ended itself. */
  leave(): void;
}

export interface Wish {
  readonly class: string;
  readonly priority: Priority;
}

export interface SourcePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly budget: OriginBudget;
}

export class Source {
  private readonly clock: Clock;
  private readonly slots: Slots;
  private readonly tokens: Tokens;
  private readonly retries: RetryBudget;
  private readonly retryLimits: { readonly share: number; readonly span: Millis };
  private breaker: OriginBreaker = CLOSED;

  constructor(
    ports: SourcePorts,
    options: SourceOptions,
    of: { readonly bucket: string; readonly longestHeld: Millis },
  ) {
    const { concurrency = CACHE_LIMITS.concurrency, retryShare = CACHE_LIMITS.retryShare } = options;
    this.clock = ports.clock;
    this.retryLimits = { share: retryShare, span: CACHE_LIMITS.retrySpan };
    this.retries = newRetryBudget(ports.clock.now());
    const budget = isShared(options) ? ports.budget : NOBODYS;
    this.tokens = new Tokens(
      { clock: ports.clock, budget },
      { site: of.bucket, share: null, reserve: CACHE_LIMITS.reserve },
    );
    if (!("budget" in options)) this.tokens.limits = limitsOf(options);
    this.slots = new Slots(ports, {
      adaptive: { ...FIXED, floor: concurrency, ceiling: concurrency },
      line: CACHE_LIMITS.line,
      patience: CACHE_LIMITS.patience,
      longestHeld: of.longestHeld,
    });
  }

  /** What the control plane says of the site's origin, where that is what limits it. */
  configure(limits: OriginLimits | "unknown"): void {
    this.tokens.limits = limits;
  }

  async enter(wish: Wish): Promise<Entered | Shed> {
    const closed = this.closedFor();
    if (closed !== null) return shed("breaker", closed);
    const slot = await this.slots.enter(wish.priority);
    if (slot === "full") return shed("concurrency", CACHE_LIMITS.patience.user);
    if (slot === "late") return shed("queue", CACHE_LIMITS.patience.user);
    const token = await this.take(wish);
    // It may have been closed while a turn and a token were waited for.
    const since = this.closedFor();
    if (token.kind === "granted" && since === null) return this.entered(slot, token.byShare);
    slot.leave();
    return token.kind === "shed" ? token : shed("breaker", since ?? millis(0));
  }

  /** Whether one that failed may be tried a second time; it is counted where it may. */
  async mayRetry(wish: Wish): Promise<boolean> {
    if (this.closedFor() !== null || !mayRetry(this.retries, this.clock.now(), this.retryLimits))
      return false;
    return (await this.take(wish)).kind === "granted";
  }

  /** With a slot in hand: what comes soon is waited for, by users, while not too many of them wait so. */
  private async take({
    class: of,
    priority,
  }: Wish): Promise<{ readonly kind: "granted"; readonly byShare: boolean } | Shed> {
    const patience = this.slots.mayLinger ? CACHE_LIMITS.tokenPatience : millis(0);
    const outcome = await this.tokens.take({ class: of, priority, patience });
    if (outcome.kind === "refused") return shed("rate", outcome.wait);
    if (outcome.after > 0) await this.slots.linger(outcome.after);
    return { kind: "granted", byShare: outcome.by === "share" };
  }

  private entered(slot: Slot, byShare: boolean): Entered {
    const now = this.clock.now();
    countRequest(this.retries, now, this.retryLimits);
    const probe = this.breaker.kind !== "closed";
    this.breaker = passing(this.breaker, now);
    return {
      kind: "entered",
      byShare,
      leave: () => slot.leave(),
      came: (outcome, sentAt) => {
        const came = { well: outcome === "well", probe, sentAt, at: this.clock.now() };
        this.breaker = afterwards(this.breaker, came, CACHE_LIMITS.sourceBreaker);
      },
    };
  }

  private closedFor(): Millis | null {
    return closedFor(this.breaker, this.clock.now(), CACHE_LIMITS.sourceBreaker);
  }
}

/** The limit is what it was told to be: who runs a database knows how many connections it has. */
const FIXED = {
  window: { samples: 10, span: millis(1000) },
  tolerance: 2,
  growth: 1,
  weight: { limit: 0.2, usual: 0.05 },
} as const;

/** Where a rate is this process's alone, its own share is all of it. */
const NOBODYS: OriginBudget = {
  take: () => Promise.resolve({ kind: "unavailable", reason: "there is none" }),
};

const isShared = (options: SourceOptions): options is OwnLimits & (SharedRate | SiteBudget) =>
  "budget" in options || (options.shared !== undefined && options.shared !== false);

function limitsOf(options: OwnLimits & (OwnRate | SharedRate)): OriginLimits {
  const { ratePerSecond: rate } = options;
  if (rate === undefined) return UNLIMITED;
  const { burst = Math.max(1, rate) } = options;
  const part = isShared(options) ? (options.share ?? CACHE_LIMITS.share) : 1;
  // A bucket that holds less than one token never gives one.
  const share = { rate: rate * part, burst: Math.max(1, burst * part) };
  return { ...UNLIMITED, budget: { rate, burst, share } };
}

const shed = (reason: Shed["reason"], retryAfter: Millis): Shed => ({ kind: "shed", reason, retryAfter });
