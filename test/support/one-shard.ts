// A mid-tier of one database, of whose lives nothing is known.

import type { L2Budget } from "../../shared/core/rules.ts";
import { loneShard } from "../../shared/core/shard-map.ts";
import { instant, mebibytes, millis } from "../../shared/core/units.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import type { MidTierConfig } from "../../shared/mid-tier/mid-tier.ts";
import { MissingCopies } from "../../shared/mid-tier/missing-copies.ts";
import type { ShardTraffic } from "../../shared/mid-tier/shard.ts";
import type { Granted } from "../../shared/ports/mid-tier.ts";
import type { Redis } from "../../shared/ports/redis.ts";

type Placed = Pick<
  MidTierConfig,
  | "shards"
  | "map"
  | "clock"
  | "failoverAfter"
  | "failoverTries"
  | "traffic"
  | "missing"
  | "known"
  | "mapSettlesIn"
>;

export function oneShard(redis: Redis, traffic?: () => ShardTraffic): Placed {
  const map = loneShard(ID);
  return {
    shards: new Map([[ID, redis]]),
    map: () => map,
    // Read only where copies are made.
    clock: { now: () => instant(0), surely: () => instant(0), backwardSteps: () => 0, wall: () => 0 },
    failoverAfter: millis(1000),
    failoverTries: 1,
    missing: new MissingCopies(10),
    known: new KnownShards({ clockRemembered: millis(0), silenceRemembered: millis(0) }),
    mapSettlesIn: millis(0),
    traffic: traffic ?? (() => ({ hits: 0, misses: 0, corrupt: 0 })),
  };
}

const ID = "one";

/** A lease of that one database. */
export const GRANTED: Granted = { shard: ID, copies: [], silent: [] };
/** Where it is given back. */
export const THERE: readonly string[] = [ID];
/** More than any test fills that isn't about room. */
export const ROOMY: L2Budget = { class: "standard", eviction: "sieve", bytes: mebibytes(64) };
/** A resource that one shard holds, under its own key. */
export const alone = (key: string) => ({ key, home: key, replicas: 1, spread: false, budget: ROOMY });
