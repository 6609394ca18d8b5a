// A write that counts only when so many replicas have it.

import type { Millis } from "../core/units.ts";
import type { RedisArgument, RedisOutcome } from "../ports/redis.ts";

/** WAIT travels behind the write on the same connection, or it would wait for somebody else's writes. */
export const replicated = (
  write: readonly RedisArgument[],
  replicas: number,
  limits: { readonly replicationDeadline: Millis },
): (readonly RedisArgument[])[] =>
  replicas > 0 ? [write, ["WAIT", replicas, limits.replicationDeadline]] : [write];

/** How many have it. */
export function replicasOf(outcome: RedisOutcome): number {
  const wait = outcome.kind === "replies" ? outcome.replies[1] : undefined;
  return wait?.kind === "reply" && typeof wait.reply === "number" ? wait.reply : 0;
}
