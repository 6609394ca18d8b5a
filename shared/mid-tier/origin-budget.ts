// The origins' token buckets on the control database: one command takes what one request to an origin costs.

import { type Millis, millis } from "../core/units.ts";
import type { BucketAsked, OriginBudget } from "../ports/origin-budget.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { bucketKey } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import TAKE from "./scripts/take.lua";

export function createOriginBudget(redis: Redis, deadline: Millis): OriginBudget {
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
