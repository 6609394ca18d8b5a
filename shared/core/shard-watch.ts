// What becomes of the shard map by what is seen of the shards: who is left out, who comes back, who serves again.

import { isPresent, type MappedShard, type ShardMap, versionAfter } from "./shard-map.ts";
import type { Millis } from "./units.ts";

export type ShardSighting =
  /**
   * `life`: what the shard says of itself; null where it knows nothing, as a database that was emptied. `heardOf`: the
   * latest version of the map that it was told, 0 where none.
   */
  | { readonly kind: "answers"; readonly life: number | null; readonly heardOf: number }
  /** For how long it has not answered. */
  | { readonly kind: "silent"; readonly for: Millis };

export interface ShardWatchLimits {
  /** After this long without an answer a shard is left out. */
  readonly downAfter: Millis;
}

export interface Seen {
  /** By id, of every database that is configured. */
  readonly sightings: ReadonlyMap<string, ShardSighting>;
  /** The share of the keys that a database has from the environment, where the map doesn't know it yet. */
  readonly weights: ReadonlyMap<string, number>;
  /** Shards that hold by now what is asked for most. */
  readonly warm: ReadonlySet<string>;
}

/**
 * The map that should follow, or null where this one stands. A shard whose life begins anew carries the new version as
 * its life: it has to be admitted to it before anybody is told of the map.
 */
export function nextShardMap(map: ShardMap | null, seen: Seen, limits: ShardWatchLimits): ShardMap | null {
  const heardOf = [...seen.sightings.values()].map((sighting) =>
    sighting.kind === "answers" ? sighting.heardOf : 0,
  );
  const version = versionAfter(map, heardOf);
  const known = map?.shards ?? [];
  const kept = known.map((shard) => nextOf(shard, { seen, limits, version }));
  const names = new Set(known.map(({ id }) => id));
  const added = [...seen.weights].flatMap(([id, weight]) =>
    names.has(id) || seen.sightings.get(id)?.kind !== "answers"
      ? []
      : [{ id, weight, state: "warming", life: version } as const],
  );
  const shards = withSomebodyServing([...kept, ...added]);
  const same = shards.length === known.length && shards.every((shard, at) => isSame(shard, known[at]));
  // Where nobody answers any more a map tells nothing: whoever comes back first finds it as it was.
  return same || !shards.some(isPresent) ? null : { version, shards };
}

interface Around {
  readonly seen: Seen;
  readonly limits: ShardWatchLimits;
  readonly version: number;
}

function nextOf(shard: MappedShard, { seen, limits, version }: Around): MappedShard {
  const sighting = seen.sightings.get(shard.id);
  if (shard.state === "out") return shard;
  // Of a database that this control plane has no access to it can say nothing.
  if (sighting === undefined) return shard;
  if (sighting.kind === "silent")
    return sighting.for >= limits.downAfter ? { ...shard, state: "down" } : shard;
  if (shard.state === "down" || sighting.life !== shard.life)
    return { ...shard, state: "warming", life: version };
  return shard.state === "warming" && seen.warm.has(shard.id) ? { ...shard, state: "serving" } : shard;
}

/** Warming up takes others that serve meanwhile. */
function withSomebodyServing(shards: readonly MappedShard[]): readonly MappedShard[] {
  if (shards.some(({ state }) => state === "serving")) return shards;
  return shards.map((shard) => (shard.state === "warming" ? { ...shard, state: "serving" } : shard));
}

const isSame = (a: MappedShard, b: MappedShard | undefined): boolean =>
  b !== undefined && a.id === b.id && a.weight === b.weight && a.state === b.state && a.life === b.life;
