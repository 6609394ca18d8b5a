// Whether copies that this isolate failed to make are there by now: another one may have made them.

import { comparePositions } from "../core/position.ts";
import type { ShardMap } from "../core/shard-map.ts";
import type { Millis } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { Redis } from "../ports/redis.ts";
import { answerKey } from "./keys.ts";
import type { LookLimits, MissingCopies, Wanted } from "./missing-copies.ts";
import { scriptReply } from "./script.ts";

export interface Looking {
  readonly missing: MissingCopies;
  readonly shards: ReadonlyMap<string, Redis>;
  readonly map: () => ShardMap;
  readonly clock: Pick<Clock, "now">;
  readonly deadline: Millis;
  readonly limits: LookLimits;
}

/** One call for each shard that lags behind, now and then. Never rejects. */
export async function lookForCopies(looking: Looking, isOver: (wanted: Wanted) => boolean): Promise<void> {
  await Promise.all([...looking.shards.keys()].map((id) => lookAt(looking, id, isOver)));
}

async function lookAt(
  { missing, shards, map, clock, deadline, limits }: Looking,
  id: string,
  isOver: (wanted: Wanted) => boolean,
): Promise<void> {
  const due = missing.due(id, { now: clock.now(), limits }, isOver);
  const redis = shards.get(id);
  if (due.length === 0 || redis === undefined) return;
  const { version, shards: mapped } = map();
  // Where no map is known nothing is asked of lives.
  const life = version === 0 ? null : mapped.find((shard) => shard.id === id)?.life;
  const commands = due.map(({ key }) => ["HMGET", answerKey(key), "ae", "as", "life"]);
  const outcome = await redis.run(commands, deadline);
  const there = due.filter(({ asOf }, index) => {
    const reply = scriptReply(outcome, index);
    if (reply.kind === "unavailable") return false;
    const [epoch, seq, of] = reply.strings;
    const held = { epoch: Number(epoch), seq: Number(seq) };
    return (life === null || of === String(life)) && comparePositions(held, asOf) >= 0;
  });
  missing.found(id, due, new Set(there));
}
