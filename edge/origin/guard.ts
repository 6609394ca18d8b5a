// What one isolate knows of one site's origin: whether it is well, how much it takes, and what it may be asked for.

import {
  afterwards,
  CLOSED,
  closedFor,
  isOver,
  type OriginBreaker,
  type OriginBreakerLimits,
  passing,
} from "../../shared/core/origin-breaker.ts";
import { type OriginLimits, UNLIMITED } from "../../shared/core/origin-limits.ts";
import {
  countRequest,
  countRetry,
  mayRetry,
  newRetryBudget,
  type RetryBudget,
  type RetryLimits,
} from "../../shared/core/retry-budget.ts";
import { originOf, type SiteOrigin } from "../../shared/core/site-origin.ts";
import type { BucketTerms } from "../../shared/core/token-bucket.ts";
import type { Instant, Millis } from "../../shared/core/units.ts";
import { type SlotLimits, Slots } from "../../shared/origin/slots.ts";
import { type OwnShare, Share, Tokens } from "../../shared/origin/tokens.ts";
import type { Clock, Timers } from "../../shared/ports/clock.ts";
import type { OriginBudget } from "../../shared/ports/origin-budget.ts";
import { decodeSite, siteField } from "../../shared/wire/configuration.ts";
import { decodeOrigin, originField } from "../../shared/wire/origin-limits.ts";
import { LIMITS } from "../config.ts";

export interface GuardPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly budget: OriginBudget;
}

/** Every site's origin has one, for as long as the isolate lives. */
export class OriginGuards {
  private readonly guards = new Map<string, OriginGuard>();
  private readonly ports: GuardPorts;
  /** By the environment; null where it says none. */
  private readonly share: OwnShare | null;
  /** Null until the log has told. */
  private fields: ReadonlyMap<string, string> | null = null;

  constructor(ports: GuardPorts, share: BucketTerms | null) {
    this.ports = ports;
    this.share =
      share === null ? null : { terms: share, share: new Share(ports.clock, LIMITS.originReserve) };
  }

  configure(fields: ReadonlyMap<string, string>): void {
    this.fields = fields;
    for (const [site, guard] of this.guards) {
      // What was learnt of one origin says nothing of another; those that ask the old one still hold its guard.
      if (guard.isOf(this.originOf(site))) guard.configure(this.limitsOf(site));
      else this.guards.delete(site);
    }
  }

  of(site: string): OriginGuard {
    let guard = this.guards.get(site);
    if (guard === undefined) {
      guard = new OriginGuard(this.ports, { site, share: this.share, origin: this.originOf(site) });
      guard.configure(this.limitsOf(site));
      this.guards.set(site, guard);
    }
    return guard;
  }

  /** Sites of which nobody is let pass now. */
  closed(): string[] {
    return [...this.guards].flatMap(([site, guard]) => (guard.closedFor() === null ? [] : [site]));
  }

  /** Null while it is not known. */
  private originOf(site: string): SiteOrigin | null {
    const read = decodeSite(this.fields?.get(siteField(site)) ?? "");
    return read === null ? null : originOf(read);
  }

  private limitsOf(site: string): OriginLimits | "unknown" {
    const text = this.fields?.get(originField(site));
    if (text !== undefined) return decodeOrigin(text) ?? "unknown";
    // A database that has lost all configuration has lost the limits with it: that is no word of there being none.
    return this.fields?.has(siteField(site)) === true ? UNLIMITED : "unknown";
  }
}

/** The breaker's leave to send one request. */
export interface Pass {
  readonly probe: boolean;
  readonly sentAt: Instant;
}

export class OriginGuard {
  readonly slots: Slots;
  readonly tokens: Tokens;
  private readonly clock: Clock;
  private readonly retries: RetryBudget;
  private origin: SiteOrigin | null;
  private breaker: OriginBreaker = CLOSED;
  /** When the last one was sent that was answered well. */
  private wellSince: Instant | null = null;
  private limits = UNLIMITED;

  constructor(ports: GuardPorts, of: { site: string; share: OwnShare | null; origin: SiteOrigin | null }) {
    this.origin = of.origin;
    this.clock = ports.clock;
    this.slots = new Slots(ports, slotLimits(UNLIMITED));
    this.tokens = new Tokens(ports, { ...of, reserve: LIMITS.originReserve });
    this.retries = newRetryBudget(ports.clock.now());
  }

  /** Also where either is not known: whoever is asked meanwhile is most likely the same. */
  isOf(origin: SiteOrigin | null): boolean {
    const same = this.origin === null || origin === null || this.origin === origin;
    this.origin ??= origin;
    return same;
  }

  configure(limits: OriginLimits | "unknown"): void {
    this.tokens.limits = limits;
    // What can't be read now was read before, most likely.
    if (limits === "unknown") return;
    this.limits = limits;
    this.slots.limits = slotLimits(limits);
  }

  /** How long the breaker lets nobody pass; null where it does. */
  closedFor(now = this.clock.now()): Millis | null {
    return closedFor(this.breaker, now, BREAKER);
  }

  /** One request is sent now, after the pause as the breaker's probe where it may be that; or not at all for so long. */
  begin({ mayProbe }: { readonly mayProbe: boolean }): Pass | Millis {
    const now = this.clock.now();
    const closed = this.closedFor(now);
    if (closed !== null) return closed;
    countRequest(this.retries, now, this.retryLimits());
    if (mayProbe) this.breaker = passing(this.breaker, now);
    return { probe: mayProbe && this.breaker.kind === "probing", sentAt: now };
  }

  /** A second try, which counts as one from now on; null where there may be none by now. */
  beginAgain(): Pass | null {
    const pass = this.mayRetry() ? this.begin({ mayProbe: false }) : null;
    if (pass === null || typeof pass === "number") return null;
    countRetry(this.retries, pass.sentAt, this.retryLimits());
    return pass;
  }

  /** What came of it; true where that tells of a trouble that is over. */
  came(well: boolean, pass: Pass, at: Instant): boolean {
    if (well && (this.wellSince === null || pass.sentAt > this.wellSince)) this.wellSince = pass.sentAt;
    const came = { well, probe: pass.probe, sentAt: pass.sentAt, at };
    const over = isOver(this.breaker, came);
    this.breaker = afterwards(this.breaker, came, BREAKER);
    return over;
  }

  /** Whether something that was sent after that has been answered, and well. */
  hasAnswered(sentAfter: Instant): boolean {
    return this.wellSince !== null && this.wellSince > sentAfter;
  }

  isFailure(status: number): boolean {
    return (this.limits.failureStatuses ?? FAILURE_STATUSES).includes(status);
  }

  /** Not while the breaker is open, or has one request try the origin: that one has to be heard to its end. */
  mayRetry(): boolean {
    return this.breaker.kind === "closed" && mayRetry(this.retries, this.clock.now(), this.retryLimits());
  }

  private retryLimits(): RetryLimits {
    return { share: this.limits.retryShare ?? LIMITS.originRetryShare, span: LIMITS.originRetrySpan };
  }
}

const BREAKER: OriginBreakerLimits = LIMITS.originBreaker;
const FAILURE_STATUSES: readonly number[] = LIMITS.originFailureStatuses;

/** A request's whole time at the origin, its waiting included, and a moment. */
const longestHeld = (): Millis => LIMITS.followerGuard;

const slotLimits = ({ concurrency }: OriginLimits): SlotLimits => ({
  adaptive: {
    ceiling: concurrency ?? LIMITS.originConcurrency,
    floor: LIMITS.originConcurrencyLeast,
    window: LIMITS.originWindow,
    tolerance: LIMITS.originTolerance,
    growth: LIMITS.originGrowth,
    weight: LIMITS.originWeight,
  },
  line: LIMITS.originLine,
  patience: LIMITS.originPatience,
  longestHeld: longestHeld(),
});
