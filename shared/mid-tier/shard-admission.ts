// What a shard says of itself, and its admission to a new life under a map.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { SHARD } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import ADMIT from "./scripts/admit.lua";

export type ShardStatus =
  | {
      readonly kind: "status";
      /** Null where it was never admitted, or was emptied since. */
      readonly life: number | null;
      /** The latest map that it has heard of; 0 where none. */
      readonly map: number;
    }
  | Unavailable;

export async function readShardStatus(redis: Redis, deadline: Millis): Promise<ShardStatus> {
  const outcome = await redis.run([["HMGET", SHARD, "life", "map"]], deadline);
  if (outcome.kind === "unavailable") return outcome;
  const [fields] = outcome.replies;
  if (fields?.kind !== "reply" || !Array.isArray(fields.reply))
    return { kind: "unavailable", reason: "malformed reply" };
  const [life, map] = fields.reply as readonly unknown[];
  return { kind: "status", life: countIn(life), map: countIn(map) ?? 0 };
}

const countIn = (text: unknown): number | null =>
  typeof text === "string" && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;

export type AdmitOutcome = { readonly kind: "admitted" | "outdated" } | Unavailable;

/** `version`: of the map that is about to be appended; it becomes the shard's life. */
export async function admitShard(
  redis: Redis,
  { id, version }: { readonly id: string; readonly version: number },
  deadline: Millis,
): Promise<AdmitOutcome> {
  const reply = scriptReply(await redis.run([evalCommand(ADMIT, [SHARD], [id, version])], deadline));
  if (reply.kind === "unavailable") return reply;
  return { kind: reply.strings[0] === "admitted" ? "admitted" : "outdated" };
}
