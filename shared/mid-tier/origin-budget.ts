// The origins' token buckets on the control database: one command takes what one request to an origin costs.

import type { BreakerLimits } from "../core/breaker.ts";
import { type Millis, millis } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { BucketAsked, OriginBudget } from "../ports/origin-budget.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { guardedRedis } from "./guarded.ts";
import { bucketKey } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import TAKE from "./scripts/take.lua";

interface BudgetLimits {
  readonly clock: Clock;
  /** Of one command. */
  readonly deadline: Millis;
  readonly breaker: BreakerLimits;
}

/** Behind a breaker of its own: with so little time it learns first that a database is slow, and others can wait for that. */
export function createOriginBudget(database: Redis, limits: BudgetLimits): OriginBudget {
  const { clock, deadline, breaker } = limits;
  const redis = guardedRedis(database, clock, { ...breaker, tells: millis(0) });
  return {
    async take({ buckets, patience }) {
      const keys = buckets.map(({ name }) => bucketKey(name));
      const args = [Math.floor(patience), ...buckets.flatMap(termsOf)];
      const reply = scriptReply(await redis.run([evalCommand(TAKE, keys, args)], deadline));
      if (reply.kind === "unavailable") return reply;
      const [kind, ms] = reply.strings;
      const span = millis(Number(ms));
      if (kind === "granted") return { kind, after: span };
      if (kind === "refused") return { kind, wait: span };
      return { kind: "unavailable", reason: "malformed reply" };
    },
  };
}

const termsOf = ({ rate, burst, cost, reserve }: BucketAsked): RedisArgument[] => [
  rate,
  burst,
  cost,
  reserve,
];
