// Answers and leases in Redis: what `read-or-lease.lua`, `fill.lua`, `release.lua` and `verified.lua` do, on plain values.

import { givesWay } from "../../shared/core/lease-order.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { type Answer, type Held, type ReadReply, type Search, type Shard, sameAnswer } from "./parts.ts";

/** `read-or-lease.lua`. */
export function readOrLease(
  shard: Shard,
  { asOf, need, not }: Search,
): { readonly shard: Shard; readonly reply: ReadReply } {
  const { l2, lease } = shard;
  if (l2 !== null && !sameAnswer(l2.answer, not)) return { shard, reply: { kind: "hit", found: l2 } };
  if (lease !== null && !givesWay(lease, need, { heldFor: 0, patience: 1 }))
    return { shard, reply: { kind: "taken" } };
  return {
    shard: { ...shard, lease: { asOf, overtakes: lease !== null, heldFor: 0 } },
    reply: { kind: "leased" },
  };
}

/** `fill.lua`; `holds`: the token is the lease's owner. */
export function fill(
  before: Shard,
  { held: { answer }, holds }: { readonly held: Held; readonly holds: boolean },
): { readonly shard: Shard; readonly stored: boolean } {
  if (!holds || before.lease === null) return { shard: before, stored: false };
  const shard = { ...before, lease: null };
  const there = shard.l2?.answer.asOf;
  if (there !== undefined && comparePositions(there, answer.asOf) > 0) return { shard, stored: false };
  return { shard: { ...shard, l2: { answer, verifiedTo: answer.asOf } }, stored: true };
}

/** `release.lua`, without a marker. */
export const release = (shard: Shard, { holds }: { readonly holds: boolean }): Shard =>
  holds ? { ...shard, lease: null } : shard;

/** `verified.lua`: for that very answer, and never backwards. */
export function recordVerified(
  shard: Shard,
  about: { readonly answer: Answer; readonly position: Position },
): Shard {
  const { l2 } = shard;
  if (l2 === null || !sameAnswer(l2.answer, about.answer)) return shard;
  if (comparePositions(l2.verifiedTo, about.position) >= 0) return shard;
  return { ...shard, l2: { ...l2, verifiedTo: about.position } };
}
