// What all edges together may ask of an origin: tokens from buckets that they share.

import type { BucketTerms, TokensGiven } from "../core/token-bucket.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "./mid-tier.ts";

export interface BucketAsked extends BucketTerms {
  readonly name: string;
  readonly cost: number;
  /** Tokens that have to be left to others. */
  readonly reserve: number;
}

export interface TakeQuery {
  /** Tokens are taken from all of them, or from none. */
  readonly buckets: readonly BucketAsked[];
  readonly patience: Millis;
}

/** Never rejects. Where it is unavailable, tokens may have been taken all the same. */
export interface OriginBudget {
  take(query: TakeQuery): Promise<TokensGiven | Unavailable>;
}
