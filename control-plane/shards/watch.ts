// Watches over the shards: who is away is left out of the map, who comes back is admitted anew, who is warm serves again.

import { isPresent, type MappedShard, type ShardMap } from "../../shared/core/shard-map.ts";
import { nextShardMap, type ShardSighting } from "../../shared/core/shard-watch.ts";
import { earlier, elapsed, type Instant, instant } from "../../shared/core/units.ts";
import { admitShard, readShardStatus, type ShardStatus } from "../../shared/mid-tier/shard-admission.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Refill } from "../hot/refill.ts";
import { type KnownMap, readShardMap, writeShardMap } from "./map.ts";

type Ports = Pick<ControlPlane, "log" | "digest" | "clock" | "settings" | "databases" | "warmups">;

/** What the beat's owner keeps from one look to the next: how long each shard has been silent, and warming up. */
export class ShardWatch {
  private readonly answeredAt = new Map<string, Instant>();
  private readonly silentSince = new Map<string, Instant>();
  private readonly warmingSince = new Map<string, Instant>();
  private readonly refill: Refill;
  private known: { readonly map: KnownMap; readonly readAt: Instant } | null = null;

  constructor(refill: Refill) {
    this.refill = refill;
  }

  /** A step of the beat. */
  async look(plane: Ports): Promise<{ readonly kind: "done" } | Unavailable> {
    const begun = plane.clock.now();
    const statuses = await this.ask(plane);
    const refilling = this.warmingSince.size > 0 && (await this.refill.isGoingOn(plane));
    if (typeof refilling === "object") return refilling;
    const about = { statuses, begun, refilling };
    const remembered = this.remembered(begun);
    // All of the configuration comes with the map: read when there is something to change, or now and then.
    if (remembered !== null && this.next(plane, { known: remembered, ...about }) === null)
      return { kind: "done" };
    const known = await readShardMap(plane.log);
    if (known.kind === "unavailable") return known;
    this.known = { map: known, readAt: begun };
    if (known.map !== null) this.refill.see(known.map);
    const next = this.next(plane, { known, ...about });
    if (next === null) return { kind: "done" };
    this.known = null;
    const admitted = await this.admit(plane, next);
    if (admitted !== null) return admitted;
    const written = await writeShardMap(plane, { known, next, actor: "control-plane" });
    if (written.kind === "done") this.refill.see(next);
    return written;
  }

  private remembered(now: Instant): KnownMap | null {
    const { known } = this;
    return known === null || elapsed(known.readAt, now) >= LIMITS.shardMapReadEvery ? null : known.map;
  }

  private next(
    { databases }: Ports,
    given: {
      readonly known: KnownMap;
      readonly statuses: ReadonlyMap<string, ShardStatus>;
      readonly begun: Instant;
      readonly refilling: boolean;
    },
  ): ShardMap | null {
    const { map } = given.known;
    const seen = {
      sightings: this.sightings(given.statuses, given.begun),
      weights: new Map([...databases].map(([id, { weight }]) => [id, weight])),
      warm: this.warmed(map, given),
    };
    return nextShardMap(map, seen, { downAfter: LIMITS.shardDownAfter });
  }

  private async ask({ databases, clock }: Ports): Promise<ReadonlyMap<string, ShardStatus>> {
    const entries = await Promise.all(
      [...databases].map(async ([id, { redis }]) => {
        const askedAt = clock.now();
        const status = await readShardStatus(redis, LIMITS.shardDeadline);
        if (status.kind === "status") {
          this.answeredAt.set(id, clock.now());
          this.silentSince.delete(id);
        } else if (!this.silentSince.has(id)) this.silentSince.set(id, this.fellSilent(id, askedAt));
        return [id, status] as const;
      }),
    );
    return new Map(entries);
  }

  /**
   * One that never answered counts from when it was first asked; any other from its last answer, but by a beat at most
   * before the first question that it has not answered: whoever asks may have stood still himself, or his clock been set.
   */
  private fellSilent(id: string, askedAt: Instant): Instant {
    return instant(Math.max(this.answeredAt.get(id) ?? askedAt, earlier(askedAt, LIMITS.beat)));
  }

  private sightings(
    statuses: ReadonlyMap<string, ShardStatus>,
    begun: Instant,
  ): ReadonlyMap<string, ShardSighting> {
    return new Map(
      [...statuses].map(([id, status]): [string, ShardSighting] => [
        id,
        status.kind === "status"
          ? { kind: "answers", life: status.life, heardOf: status.map }
          : { kind: "silent", for: elapsed(this.silentSince.get(id) ?? begun, begun) },
      ]),
    );
  }

  private warmed(
    map: ShardMap | null,
    { begun: now, refilling }: { readonly begun: Instant; readonly refilling: boolean },
  ): ReadonlySet<string> {
    const warmFor = refilling ? LIMITS.shardWarmAtMost : LIMITS.shardWarmFor;
    const warm = new Set<string>();
    for (const { id, state } of map?.shards ?? []) {
      if (state !== "warming") {
        this.warmingSince.delete(id);
        continue;
      }
      const since = this.warmingSince.get(id) ?? now;
      this.warmingSince.set(id, since);
      if (elapsed(since, now) >= warmFor) warm.add(id);
    }
    return warm;
  }

  /** Those that begin a new life hear of it first: by an older map nobody writes to them from then on. */
  private async admit({ databases }: Ports, next: ShardMap): Promise<Unavailable | null> {
    const begins = ({ life }: MappedShard): boolean => life === next.version;
    for (const shard of next.shards.filter(isPresent).filter(begins)) {
      const redis = databases.get(shard.id)?.redis;
      if (redis === undefined) continue;
      const about = { id: shard.id, version: next.version };
      const outcome = await admitShard(redis, about, LIMITS.shardDeadline);
      if (outcome.kind !== "admitted") return { kind: "unavailable", reason: `${shard.id}: ${outcome.kind}` };
    }
    return null;
  }
}
