// What a site says of its origin: how much of it all edges together may ask for, and how much one alone.

import type { BucketTerms } from "./token-bucket.ts";

/** Null means: the edge's own default, or no such limit. */
export interface OriginLimits {
  /** For all edges together; `share` is for one isolate of an edge while the buckets can't be reached. */
  readonly budget: (BucketTerms & { readonly share: BucketTerms }) | null;
  /** By class. */
  readonly classes: ReadonlyMap<string, ClassBudget>;
  /** Requests at once, of one isolate, at most. */
  readonly concurrency: number | null;
  /** Retries as a share of requests. */
  readonly retryShare: number | null;
  /** Answers that count as failures. */
  readonly failureStatuses: readonly number[] | null;
}

export interface ClassBudget {
  /** Tokens that one request of the class takes. */
  readonly cost: number;
  /** A bucket of its own beside the site's; null = the site's alone. */
  readonly terms: BucketTerms | null;
}

export const UNLIMITED: OriginLimits = {
  budget: null,
  classes: new Map(),
  concurrency: null,
  retryShare: null,
  failureStatuses: null,
};
