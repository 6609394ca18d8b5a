// Gives the mid-tier back what a change of the shard map has taken from it: the hottest keys, from copies before the origin.

import { movesKeys, type ShardMap } from "../../shared/core/shard-map.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { isRunning } from "../warmup/is-running.ts";
import { beginRebuild } from "./begin-rebuild.ts";
import type { Begun } from "./rebuild.ts";

type Ports = Pick<ControlPlane, "hotKeys" | "warmups" | "digest">;

/** What is to be refilled, as the beat's owner remembers it. */
export class Refill {
  private seen: ShardMap | null = null;
  /** The version of the map that has moved keys; null where what it moved is seen to. */
  private due: number | null = null;
  private jobs: readonly string[] = [];

  /** The map in force. */
  see(map: ShardMap): void {
    const { seen } = this;
    // Whoever begins in the midst of it goes on: the jobs of one version are the same whoever begins them.
    const moved = seen === null ? map.shards.some(({ state }) => state === "warming") : movesKeys(seen, map);
    if (moved) this.due = map.version;
    this.seen = map;
  }

  /** One job a site. */
  async begin(plane: Ports): Promise<Begun> {
    const version = this.due;
    if (version === null) return { kind: "begun", begun: 0 };
    const ranking = await plane.hotKeys.read(LIMITS.rebuildKeys);
    if (ranking.kind === "unavailable") return ranking;
    const jobs = await beginRebuild(plane, {
      ...{ name: ["refill", version], keys: ranking.keys },
      ...{ edges: null, into: "shards" },
    });
    if (jobs.kind === "unavailable") return jobs;
    this.jobs = jobs.ids;
    // Another change may have come meanwhile.
    if (this.due === version) this.due = null;
    return { kind: "begun", begun: jobs.begun };
  }

  /** Whether there is still something on its way. */
  async isGoingOn(plane: Pick<Ports, "warmups">): Promise<boolean | Unavailable> {
    return this.due !== null || isRunning(plane, this.jobs);
  }
}
