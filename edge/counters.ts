// What an isolate counts: plain increments on the path of a request, read out by the control plane's tick.

import type { ViewCounts } from "../shared/view/gossip.ts";
import { LATENCY_BOUNDS } from "../shared/wire/latency.ts";

export type Result = "hit" | "stale" | "miss" | "pass" | "coalesced" | "error";
export type TierName = "l1Memory" | "l1Cache" | "l2" | "origin";

export interface ClassCounters {
  readonly results: Record<Result, number>;
  originFetches: number;
  readonly latency: number[];
}

/** What became of requests before they reached the origin. */
export interface OriginGuardCounters {
  /** Tokens given by the buckets of all edges, and by the own share. */
  bucket: number;
  share: number;
  readonly shed: Record<"rate" | "concurrency" | "queue" | "breaker", number>;
  /** Sent again because the connection had failed. */
  retries: number;
  /** Requests that waited for a slot, and their milliseconds in all. */
  queued: number;
  queuedMs: number;
}

/** `fetched` has brought a whole answer, `confirmed` a 304; `shed` was turned away before the origin. */
export type RefreshOutcome = "fetched" | "confirmed" | "shed" | "failed";

export interface Counters extends ViewCounts {
  readonly classes: Map<string, ClassCounters>;
  readonly tiers: Record<TierName, { hits: number; misses: number; errors: number }>;
  bytesServed: number;
  bytesFromOrigin: number;
  leaseWaits: number;
  originConcurrent: number;
  originConcurrentMax: number;
  readonly originGuard: OriginGuardCounters;
  /** Fetches that nobody waited for: behind a client who has his answer, or because the control plane says they are due. */
  readonly refreshes: Record<"behind" | "due", Record<RefreshOutcome, number>>;
  corrupt: number;
  /** Variants by Vary that gave way because their resource had too many. */
  variantsDisplaced: number;
  /** Answers that were not stored, by the reason. */
  readonly notStored: Map<string, number>;
}

const refreshes = (): Record<RefreshOutcome, number> => ({ fetched: 0, confirmed: 0, shed: 0, failed: 0 });
const tier = (): { hits: number; misses: number; errors: number } => ({ hits: 0, misses: 0, errors: 0 });

export const newCounters = (): Counters => ({
  classes: new Map(),
  tiers: { l1Memory: tier(), l1Cache: tier(), l2: tier(), origin: tier() },
  bytesServed: 0,
  bytesFromOrigin: 0,
  leaseWaits: 0,
  originConcurrent: 0,
  originConcurrentMax: 0,
  originGuard: {
    ...{ bucket: 0, share: 0, retries: 0, queued: 0, queuedMs: 0 },
    shed: { rate: 0, concurrency: 0, queue: 0, breaker: 0 },
  },
  refreshes: { behind: refreshes(), due: refreshes() },
  pulls: 0,
  pushes: 0,
  gossipRounds: 0,
  gossipHeard: 0,
  gossipTold: 0,
  corrupt: 0,
  variantsDisplaced: 0,
  notStored: new Map(),
});

export function classCounters(counters: Counters, name: string): ClassCounters {
  let found = counters.classes.get(name);
  if (found === undefined) {
    found = {
      results: { hit: 0, stale: 0, miss: 0, pass: 0, coalesced: 0, error: 0 },
      originFetches: 0,
      latency: LATENCY_BOUNDS.map(() => 0).concat(0),
    };
    counters.classes.set(name, found);
  }
  return found;
}

export function countNotStored({ notStored }: Counters, reason: string): void {
  notStored.set(reason, (notStored.get(reason) ?? 0) + 1);
}

export function countLatency(counters: ClassCounters, ms: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS.length && ms > (LATENCY_BOUNDS[bucket] ?? 0)) bucket += 1;
  counters.latency[bucket] = (counters.latency[bucket] ?? 0) + 1;
}
