// How unevenly requests fall on the shards: 1 is even, the number of shards is one alone.

import type { ShardMap } from "../../shared/core/shard-map.ts";

/** Null where no shard serves, or none was asked for anything. */
export function skewOf(sums: ReadonlyMap<string, number>, map: ShardMap | null): number | null {
  const asked = (map?.shards ?? []).flatMap(({ id, state }) =>
    state === "serving"
      ? [["hits", "misses", "errors"].reduce((sum, what) => sum + (sums.get(`shard|${id}|${what}`) ?? 0), 0)]
      : [],
  );
  const total = asked.reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : Math.max(...asked) / (total / asked.length);
}
