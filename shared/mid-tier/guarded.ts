// A Redis behind a circuit breaker and counters: a dead shard costs one deadline now and then, not one a request.

import { type BreakerLimits, closedBreaker, failed, mayTry, succeeded } from "../core/breaker.ts";
import { elapsed, type Millis } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Redis } from "../ports/redis.ts";
import { bucketOf, emptyHistogram } from "../wire/latency.ts";

/** Cumulative counts of one shard as this isolate saw it. */
export interface ShardCounters {
  calls: number;
  errors: number;
  /** Calls that the open breaker turned away. */
  spared: number;
  /** How long those that were answered took, by `bucketOf`, and in all. */
  readonly took: number[];
  tookMs: number;
}

export interface GuardLimits extends BreakerLimits {
  /** A call that is given up sooner tells nothing: what is merely slow would be cut off from those who can wait. */
  readonly tells: Millis;
}

export interface GuardedRedis extends Redis {
  readonly counters: ShardCounters;
  readonly isOpen: () => boolean;
}

/** A timer of Node counts from its turn's beginning: by the clock it may fire that much too soon. */
const EARLY_MS = 1;

export function guardedRedis(redis: Redis, clock: Clock, limits: GuardLimits): GuardedRedis {
  const breaker = closedBreaker();
  const took = emptyHistogram();
  const counters: ShardCounters = { calls: 0, errors: 0, spared: 0, took, tookMs: 0 };
  return {
    counters,
    isOpen: () => breaker.openUntil !== null,
    async run(commands, deadline) {
      if (!mayTry(breaker, clock.now(), limits)) {
        counters.spared += 1;
        return { kind: "unavailable", reason: "breaker open", undone: true };
      }
      counters.calls += 1;
      const sentAt = clock.now();
      const outcome = await redis.run(commands, deadline);
      const ms = elapsed(sentAt, clock.now());
      if (outcome.kind === "replies") {
        succeeded(breaker);
        const bucket = bucketOf(ms);
        took[bucket] = (took[bucket] ?? 0) + 1;
        counters.tookMs += ms;
      } else {
        counters.errors += 1;
        const isGivenUpEarly = deadline < limits.tells && ms >= deadline - EARLY_MS;
        if (!isGivenUpEarly) failed(breaker, clock.now(), limits);
      }
      return outcome;
    },
  };
}
