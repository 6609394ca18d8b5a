// The shard map as a field of the configuration.

import * as z from "zod";
import { loneShard, type ShardMap } from "../core/shard-map.ts";
import { parseJson } from "./json.ts";

export const SHARD_MAP_FIELD = "shards";

export const SHARD_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** The greatest weight: a shard that should have a thousand times what another has is a mistake. */
export const MAX_WEIGHT = 1000;

const version = z.number().int().positive();

const schema = z.strictObject({
  version,
  shards: z
    .array(
      z.strictObject({
        id: z.string().regex(SHARD_ID),
        weight: z.number().positive().max(MAX_WEIGHT),
        state: z.enum(["serving", "warming", "down", "out"]),
        life: version,
      }),
    )
    .min(1),
});

export const encodeShardMap = (map: ShardMap): string => JSON.stringify(map);

export function decodeShardMap(text: string): ShardMap | null {
  const read = schema.safeParse(parseJson(text));
  return read.success ? read.data : null;
}

/** The map that this isolate goes by: the lone database of its environment until the log tells of another. */
export class KnownShardMap {
  current: ShardMap;
  private text = "";

  constructor(lone: string) {
    this.current = loneShard(lone);
  }

  /** What can't be read leaves the map as it was. */
  configure(fields: ReadonlyMap<string, string>): void {
    const text = fields.get(SHARD_MAP_FIELD);
    if (text === undefined || text === this.text) return;
    this.text = text;
    this.current = decodeShardMap(text) ?? this.current;
  }
}
