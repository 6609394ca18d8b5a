// The mid-tier's databases as this isolate reaches them: each behind a breaker of its own, and what passed is counted.

import { millis } from "../../shared/core/units.ts";
import { type GuardedRedis, guardedRedis } from "../../shared/mid-tier/guarded.ts";
import { KnownShards } from "../../shared/mid-tier/known-shards.ts";
import { MissingCopies } from "../../shared/mid-tier/missing-copies.ts";
import type { ShardTraffic } from "../../shared/mid-tier/shard.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { systemRandom } from "../../shared/runtime/system.ts";
import { CONTROL, type Database } from "../../shared/wire/databases.ts";
import { LIMITS } from "../config.ts";
import type { ShardCounts } from "../edge.ts";

export interface OpenShards {
  readonly control: GuardedRedis;
  /** By the ids that the shard map names them by. */
  readonly databases: ReadonlyMap<string, GuardedRedis>;
  readonly traffic: (id: string) => ShardTraffic;
  readonly missing: MissingCopies;
  readonly known: KnownShards;
  readonly counts: () => readonly ShardCounts[];
}

type Access = Pick<Database, "url" | "token">;

export function openShards(
  named: { readonly control: Access; readonly databases: readonly Database[] },
  clock: Clock,
): OpenShards {
  // Each isolate at a moment of its own, so that a database that comes back is not met by all of them at once.
  const pause = millis(LIMITS.breaker.pause * (0.75 + systemRandom.unit() / 2));
  const limits = { ...LIMITS.breaker, pause };
  const open = (access: Access): GuardedRedis =>
    guardedRedis(upstashRedis({ ...access, late: "given up" }), clock, limits);
  const control = open(named.control);
  const databases = new Map(
    named.databases.map((database) => [database.id, database.id === CONTROL ? control : open(database)]),
  );
  const counted = new Map<string, ShardTraffic>();
  const traffic = (id: string): ShardTraffic => {
    const found = counted.get(id) ?? { hits: 0, misses: 0, corrupt: 0 };
    counted.set(id, found);
    return found;
  };
  const missing = new MissingCopies(LIMITS.copiesMissed);
  const counts = () =>
    [...databases].map(
      ([
        id,
        {
          counters: { took, tookMs, ...calls },
        },
      ]) => ({
        id,
        counts: { ...calls, ...traffic(id) },
        took,
        tookMs,
        lag: missing.lag(id, clock.now()),
      }),
    );
  return { control, databases, traffic, missing, known: new KnownShards(LIMITS), counts };
}
