// A token bucket without a clock: what may go to an origin by an isolate's own share; `take.lua` is the same over Redis TIME.

import { elapsed, type Instant, type Millis, millis } from "./units.ts";

/** Never more than `burst + rate · t` in any span of `t` seconds. */
export interface BucketTerms {
  /** Tokens a second. */
  readonly rate: number;
  /** Tokens that a bucket holds at most. */
  readonly burst: number;
}

/** Whole millionths of a token, so that no rounding adds up to one; below nought where tokens are promised ahead. */
export interface Bucket {
  left: number;
  at: Instant;
}

export interface TokensAsked extends BucketTerms {
  readonly cost: number;
  /** How long the asker would wait: its tokens are then taken now, for the instant at which they will be there. */
  readonly patience: Millis;
  /** Tokens that have to be left to others. */
  readonly reserve: number;
}

export type TokensGiven =
  /** To be used after so long, and no sooner. */
  | { readonly kind: "granted"; readonly after: Millis }
  /** Nothing is taken; so long, at least, until there would be enough. */
  | { readonly kind: "refused"; readonly wait: Millis };

const WHOLE = 1_000_000;

export const fullBucket = ({ burst }: BucketTerms, now: Instant): Bucket => ({
  left: burst * WHOLE,
  at: now,
});

/** The terms may be others than the last time: what is held counts on. */
export function takeTokens(bucket: Bucket, asked: TokensAsked, now: Instant): TokensGiven {
  const { rate, burst, cost, patience, reserve } = asked;
  const come = Math.floor(elapsed(bucket.at, now) * rate * (WHOLE / 1000));
  bucket.left = Math.min(Math.floor(burst * WHOLE), bucket.left + come);
  bucket.at = now;
  const after = bucket.left - Math.ceil(cost * WHOLE);
  const missing = Math.ceil(reserve * WHOLE) - after;
  const wait = millis(Math.max(0, Math.ceil((missing * 1000) / (rate * WHOLE))));
  if (wait > patience) return { kind: "refused", wait };
  bucket.left = after;
  return { kind: "granted", after: wait };
}

/** What background work leaves to users, of a bucket that has room for it. */
export const reserveOf = ({ burst }: BucketTerms, share: number, cost: number): number =>
  Math.max(0, Math.min(burst * share, burst - cost));
