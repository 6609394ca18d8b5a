// The shard map in the log: read with the place it was read at, and replaced only where it still is what was read.

import type { Position } from "../../shared/core/position.ts";
import type { MappedShard, ShardMap } from "../../shared/core/shard-map.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Asked } from "../../shared/ports/asked.ts";
import type { Log, Unavailable } from "../../shared/ports/mid-tier.ts";
import { decodeShardMap, encodeShardMap, SHARD_MAP_FIELD } from "../../shared/wire/shard-map.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface KnownMap {
  readonly kind: "known";
  /** Null where there is none yet. */
  readonly map: ShardMap | null;
  readonly at: Position;
}

export async function readShardMap(log: Log): Promise<KnownMap | Unavailable> {
  const outcome = await log.snapshot(0);
  if (outcome.kind === "unavailable") return outcome;
  return { kind: "known", map: shardMapIn(outcome.configuration), at: outcome.head };
}

export function shardMapIn(configuration: ReadonlyMap<string, string>): ShardMap | null {
  const text = configuration.get(SHARD_MAP_FIELD);
  return text === undefined ? null : decodeShardMap(text);
}

export async function writeShardMap(
  { log, digest, settings }: Pick<ControlPlane, "log" | "digest" | "settings">,
  {
    known,
    next,
    actor,
    asked,
  }: {
    readonly known: KnownMap;
    readonly next: ShardMap;
    readonly actor: string;
    readonly asked?: Asked | undefined;
  },
): Promise<{ readonly kind: "done" } | Unavailable> {
  const value = encodeShardMap(next);
  const operationId = await digest.sha256Hex(JSON.stringify(["shards", known.at, value]));
  const outcome = await appendConfirmed(log, {
    operationId,
    requestDigest: operationId,
    actor,
    ...(asked !== undefined && { asked }),
    action: "shards.put",
    facts: { version: next.version, shards: next.shards.map(describe) },
    payload: { kind: "config", field: SHARD_MAP_FIELD, value, selectors: [] },
    detail: SHARD_MAP_FIELD,
    replicas: settings.replicas,
    expected: { position: known.at, of: "configuration" },
  });
  // Outdated: somebody else has changed the configuration. The next look begins from that.
  if (outcome.kind === "unavailable") return outcome;
  return outcome.kind === "appended" ? { kind: "done" } : { kind: "unavailable", reason: outcome.kind };
}

const describe = ({ id, state, weight }: MappedShard): string => `${id} ${state} ${weight}`;
