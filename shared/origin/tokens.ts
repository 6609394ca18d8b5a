// Tokens for one request to an origin: from the buckets that all who ask it share, or by the own share while those can't be reached.

import type { OriginLimits } from "../core/origin-limits.ts";
import {
  type Bucket,
  type BucketTerms,
  fullBucket,
  reserveOf,
  type TokensAsked,
  type TokensGiven,
  takeTokens,
} from "../core/token-bucket.ts";
import { elapsed, type Instant, later, type Millis, millis } from "../core/units.ts";
import type { Priority } from "../core/waiting-line.ts";
import type { Clock } from "../ports/clock.ts";
import type { BucketAsked, OriginBudget } from "../ports/origin-budget.ts";

export interface TokenWish {
  readonly class: string;
  readonly priority: Priority;
  /** How long it would wait for them. */
  readonly patience: Millis;
}

/** `by`: the bucket of all edges, the own share, or nobody, since there is no limit. */
export type TokenOutcome =
  | { readonly kind: "granted"; readonly after: Millis; readonly by: "bucket" | "share" | "nobody" }
  | { readonly kind: "refused"; readonly wait: Millis };

/** What this isolate, or process, may ask for while the buckets can't be reached. */
export class Share {
  private readonly clock: Clock;
  private readonly reserve: number;
  private bucket: Bucket | null = null;

  constructor(clock: Clock, reserve: number) {
    this.clock = clock;
    this.reserve = reserve;
  }

  take(wish: TokenWish, terms: BucketTerms, fullCost: number): TokenOutcome {
    // What holds less than it costs would let nothing through for ever.
    const cost = Math.min(fullCost, terms.burst);
    const now = this.clock.now();
    this.bucket ??= fullBucket(terms, now);
    const asked: TokensAsked = { ...terms, cost, ...urgencyOf(terms, wish, { cost, reserve: this.reserve }) };
    const given = takeTokens(this.bucket, asked, now);
    return given.kind === "granted" ? { ...given, by: "share" } : given;
  }
}

/** One for all sites together: by the environment, which knows none of them. */
export interface OwnShare {
  readonly terms: BucketTerms;
  readonly share: Share;
}

export class Tokens {
  limits: OriginLimits | "unknown" = "unknown";
  private readonly ports: { readonly clock: Clock; readonly budget: OriginBudget };
  private readonly site: string;
  private readonly ownShare: OwnShare | null;
  private readonly siteShare: Share;
  private readonly reserve: number;
  /** Until when the buckets are known to have nothing for whom. */
  private readonly refused = new Map<string, Instant>();

  constructor(
    ports: { clock: Clock; budget: OriginBudget },
    of: {
      /** Whose buckets they are. */
      readonly site: string;
      readonly share: OwnShare | null;
      /** Of a bucket's burst, what background work leaves to users. */
      readonly reserve: number;
    },
  ) {
    this.ports = ports;
    this.site = of.site;
    this.ownShare = of.share;
    this.reserve = of.reserve;
    this.siteShare = new Share(ports.clock, of.reserve);
  }

  async take(wish: TokenWish): Promise<TokenOutcome> {
    const { limits, ownShare } = this;
    // Nobody has told yet how much the origin takes: as if the buckets were away.
    if (limits === "unknown")
      return ownShare === null ? UNASKED : ownShare.share.take(wish, ownShare.terms, 1);
    if (limits.budget === null) return UNASKED;
    const known = this.knownRefusal(wish);
    if (known !== null) return { kind: "refused", wait: known };
    const buckets = this.bucketsFor(limits, wish);
    const outcome = await this.ports.budget.take({ buckets, patience: wish.patience });
    if (outcome.kind === "granted") return { ...outcome, by: "bucket" };
    if (outcome.kind === "refused") return this.remember(wish, outcome);
    const cost = limits.classes.get(wish.class)?.cost ?? 1;
    return ownShare === null
      ? this.siteShare.take(wish, limits.budget.share, cost)
      : ownShare.share.take(wish, ownShare.terms, cost);
  }

  private bucketsFor(limits: OriginLimits, wish: TokenWish): BucketAsked[] {
    const { site, reserve } = this;
    const own = limits.classes.get(wish.class);
    const cost = own?.cost ?? 1;
    const asked = (name: string, { rate, burst }: BucketTerms): BucketAsked => ({
      ...{ name, rate, burst, cost },
      reserve: urgencyOf({ rate, burst }, wish, { cost, reserve }).reserve,
    });
    return [
      ...(limits.budget === null ? [] : [asked(site, limits.budget)]),
      ...(own === undefined || own.terms === null ? [] : [asked(`${site}:${wish.class}`, own.terms)]),
    ];
  }

  /** Others only take from it meanwhile: to ask again any sooner would cost a command, and bring nothing. */
  private remember(wish: TokenWish, outcome: TokensGiven & { kind: "refused" }): TokenOutcome {
    const pause = millis(outcome.wait - wish.patience);
    this.refused.set(nameOf(wish), later(this.ports.clock.now(), pause));
    return outcome;
  }

  private knownRefusal(wish: TokenWish): Millis | null {
    const until = this.refused.get(nameOf(wish));
    const now = this.ports.clock.now();
    if (until === undefined || now >= until) return null;
    return millis(elapsed(now, until) + wish.patience);
  }
}

const UNASKED: TokenOutcome = { kind: "granted", after: millis(0), by: "nobody" };

const nameOf = ({ priority, ...wish }: TokenWish): string => `${priority} ${wish.class}`;

/** Background work takes only what is left over. */
const urgencyOf = (
  terms: BucketTerms,
  { priority, patience }: TokenWish,
  { cost, reserve }: { readonly cost: number; readonly reserve: number },
): Pick<TokensAsked, "patience" | "reserve"> =>
  priority === "user"
    ? { patience, reserve: 0 }
    : { patience: millis(0), reserve: reserveOf(terms, reserve, cost) };
