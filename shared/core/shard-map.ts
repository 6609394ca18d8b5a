// Which shards hold a key: a versioned map of the mid-tier's databases, the same for whoever has the same version.

import { ranked } from "./rendezvous.ts";

/**
 * `serving`: read and written. `warming`: written only, until it holds what is asked for most. `down`: left out, since
 * it does not answer. `out`: left out, since somebody said so.
 */
export type ShardState = "serving" | "warming" | "down" | "out";

export const isPresent = ({ state }: MappedShard): boolean => state === "serving" || state === "warming";

export interface MappedShard {
  readonly id: string;
  readonly weight: number;
  readonly state: ShardState;
  /**
   * The version of the map with which its present life began: it came new, or came back. What it holds from before
   * is older than what others have served meanwhile, and is nobody's answer any more.
   */
  readonly life: number;
}

export interface ShardMap {
  /** Grows with every change. */
  readonly version: number;
  readonly shards: readonly MappedShard[];
}

/** Beyond every version that any shard has heard of: one may have been admitted under a map that was never told. */
export const versionAfter = (map: ShardMap | null, heardOf: readonly number[]): number =>
  Math.max(map?.version ?? 0, ...heardOf) + 1;

/** Before any map is known: the one database, of whose lives nothing is known. */
export const loneShard = (id: string): ShardMap => ({
  version: 0,
  shards: [{ id, weight: 1, state: "serving", life: 0 }],
});

/** Whether some keys have other holders by the one map than by the other, or holders that have lost what they held. */
export function movesKeys(before: ShardMap, after: ShardMap): boolean {
  const held = before.shards.filter(isPresent);
  const holds = after.shards.filter(isPresent);
  return (
    held.length !== holds.length ||
    holds.some(({ id, weight, life }) => {
      const was = held.find((shard) => shard.id === id);
      return was?.weight !== weight || was.life !== life;
    })
  );
}

export interface Placement {
  /** Asked in this order; the first is the key's home, where its lease is. */
  readonly readers: readonly MappedShard[];
  /** Hold a copy beside the home: read where it can't be, and written with it. */
  readonly copies: readonly MappedShard[];
}

/**
 * `replicas`: how many shards hold the key; at least 1. Where none serves, those that warm up are as good as it gets.
 */
export function placementOf(
  map: ShardMap,
  { key, replicas }: { readonly key: string; readonly replicas: number },
): Placement {
  const present = ranked(key, map.shards.filter(isPresent));
  const serving = present.filter(({ state }) => state === "serving");
  const readers = serving.length > 0 ? serving : present;
  const [home] = readers;
  // Whoever will be among the first once all serve is written now already.
  const holders = [...readers.slice(0, replicas), ...present.slice(0, replicas)];
  return { readers, copies: [...new Set(holders)].filter((shard) => shard !== home) };
}
