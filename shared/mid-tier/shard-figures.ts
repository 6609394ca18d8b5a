// What a database says of its own memory and keys, and whether it takes writes.

import type { Millis } from "../core/units.ts";
import type { CommandReply, Redis } from "../ports/redis.ts";
import { WRITE_PROBE, writesIn } from "./takes-writes.ts";

/** Null: not said. */
export interface ShardFigures {
  readonly memoryBytes: number | null;
  readonly memoryLimitBytes: number | null;
  readonly keys: number | null;
  readonly evictions: number | null;
  /** `taken`, or why it takes none: `full`, or Redis' word. */
  readonly writes: string | null;
}

function readFigures(
  replies: Record<"memory" | "stats" | "size" | "probe", CommandReply | undefined>,
): ShardFigures {
  const limit = infoNumber(replies.memory, "maxmemory");
  return {
    memoryBytes: infoNumber(replies.memory, "used_memory"),
    memoryLimitBytes: limit === 0 ? null : limit,
    keys: integer(replies.size),
    evictions: infoNumber(replies.stats, "evicted_keys"),
    writes: writesIn(replies.probe),
  };
}

function infoNumber(reply: CommandReply | undefined, name: string): number | null {
  if (reply?.kind !== "reply" || typeof reply.reply !== "string") return null;
  const value = new RegExp(`^${name}:(\\d+)\\s*$`, "m").exec(reply.reply)?.[1];
  return value === undefined ? null : Number(value);
}

const integer = (reply: CommandReply | undefined): number | null =>
  reply?.kind === "reply" && typeof reply.reply === "number" ? reply.reply : null;

export const UNKNOWN_FIGURES: ShardFigures = {
  memoryBytes: null,
  memoryLimitBytes: null,
  keys: null,
  evictions: null,
  writes: null,
};

export async function readShardFigures(redis: Redis, deadline: Millis): Promise<ShardFigures> {
  const outcome = await redis.run([["INFO", "memory"], ["INFO", "stats"], ["DBSIZE"], WRITE_PROBE], deadline);
  if (outcome.kind === "unavailable") return UNKNOWN_FIGURES;
  const [memory, stats, size, probe] = outcome.replies;
  return readFigures({ memory, stats, size, probe });
}
