// What each shard was asked for, step by step: of no more shards than a picture can hold.

import { LIMITS } from "../config.ts";
import type { Counts } from "./counts.ts";

export interface ShardPoint {
  readonly hits: number;
  readonly misses: number;
  readonly errors: number;
}

const KINDS = ["hits", "misses", "errors"] as const;
const isKind = (what: string | undefined): what is keyof ShardPoint => KINDS.some((kind) => kind === what);

const askedOf = ({ hits, misses, errors }: ShardPoint): number => hits + misses + errors;

/** By step, then by shard. Of more shards than are shown those are left out that were asked least over all steps. */
export function shardPoints(steps: readonly ReadonlyMap<string, ShardPoint>[]): Record<string, ShardPoint>[] {
  const asked = new Map<string, number>();
  for (const step of steps)
    for (const [id, point] of step) asked.set(id, (asked.get(id) ?? 0) + askedOf(point));
  const most = [...asked].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const shown = new Set(most.slice(0, LIMITS.shardsInSeries).map(([id]) => id));
  return steps.map((step) => Object.fromEntries([...step].filter(([id]) => shown.has(id)).sort()));
}

/** What was counted of none is not there: in a step without a shard it was asked for nothing. */
export function shardsIn(counts: Counts): Map<string, ShardPoint> {
  const found = new Map<string, ShardPoint>();
  for (const [name, count] of counts) {
    const [kind, id = "", what] = name.split("|");
    if (kind !== "shard" || !isKind(what)) continue;
    found.set(id, { ...(found.get(id) ?? { hits: 0, misses: 0, errors: 0 }), [what]: count });
  }
  return found;
}
