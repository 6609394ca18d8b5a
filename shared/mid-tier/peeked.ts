// What was found on shards, one or several: the newest answer, and the instants by which copies there can be dated.

import { comparePositions } from "../core/position.ts";
import type { Granted, L2Answer } from "../ports/mid-tier.ts";
import type { Peeked, Shard, Stored } from "./shard.ts";

export interface PeekedAt {
  readonly shard: Shard;
  readonly peek: Peeked;
}

export const placesIn = (peeked: readonly PeekedAt[]): Granted["copies"] =>
  peeked.flatMap(({ shard, peek }) =>
    peek.kind === "unavailable" ? [] : [{ shard: shard.id, now: peek.now }],
  );

export function newestOf(
  peeked: readonly PeekedAt[],
): { readonly shard: Shard; readonly stored: Stored } | null {
  let newest: { shard: Shard; stored: Stored } | null = null;
  for (const { shard, peek } of peeked) {
    if (peek.kind !== "hit") continue;
    if (newest === null || comparePositions(peek.stored.answer.asOf, newest.stored.answer.asOf) > 0)
      newest = { shard, stored: peek.stored };
  }
  return newest;
}

/** What was found, as whoever asked the mid-tier is told it. */
export const foundAt = ({ id }: Shard, { answer, body, verifiedTo, residence }: Stored): L2Answer => ({
  answer,
  body,
  verifiedTo,
  residence,
  shard: id,
});
