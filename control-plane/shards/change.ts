// What an operator changes about a shard: its weight, and whether it takes part.

import { type MappedShard, type ShardMap, versionAfter } from "../../shared/core/shard-map.ts";
import { readShardStatus } from "../../shared/mid-tier/shard-admission.ts";
import type { Asked } from "../../shared/ports/asked.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { readShardMap, writeShardMap } from "./map.ts";

export interface ShardChange {
  readonly weight?: number | undefined;
  readonly out?: boolean | undefined;
}

export type ChangeOutcome =
  | { readonly kind: "changed"; readonly map: ShardMap }
  | { readonly kind: "absent" }
  | Unavailable;

type Ports = Pick<ControlPlane, "log" | "digest" | "settings" | "databases">;

export async function changeShard(
  plane: Ports,
  id: string,
  given: { readonly change: ShardChange; readonly actor: string; readonly asked?: Asked },
): Promise<ChangeOutcome> {
  const by = { actor: given.actor, asked: given.asked };
  let failed: Unavailable = { kind: "unavailable", reason: "outdated" };
  for (let tries = 0; tries < LIMITS.shardChangeTries; tries++) {
    const known = await readShardMap(plane.log);
    if (known.kind === "unavailable") return known;
    const { map } = known;
    if (map === null || !map.shards.some((shard) => shard.id === id)) return { kind: "absent" };
    const shards = map.shards.map((shard) => (shard.id === id ? changed(shard, given.change) : shard));
    const next = { version: versionAfter(map, await heardOf(plane)), shards };
    const outcome = await writeShardMap(plane, { known, next, ...by });
    if (outcome.kind === "done") return { kind: "changed", map: next };
    failed = outcome;
    // Somebody else has changed the configuration meanwhile: once more from what it is by now.
    if (outcome.reason !== "outdated") return outcome;
  }
  return failed;
}

/** One that comes back in is as one that did not answer: it is admitted anew when it is next looked at. */
function changed(shard: MappedShard, { weight = shard.weight, out }: ShardChange): MappedShard {
  if (out === true) return { ...shard, weight, state: "out" };
  return out === false && shard.state === "out" ? { ...shard, weight, state: "down" } : { ...shard, weight };
}

/** The versions that the shards were told: the next one has to be beyond all of them. */
async function heardOf({ databases }: Ports): Promise<readonly number[]> {
  const statuses = [...databases.values()].map(({ redis }) => readShardStatus(redis, LIMITS.shardDeadline));
  return (await Promise.all(statuses)).map((status) => (status.kind === "status" ? status.map : 0));
}
