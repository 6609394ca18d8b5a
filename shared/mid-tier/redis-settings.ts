// How a database is set up, as far as it says: what Upstash leaves out of INFO is not known, and no fault.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { CommandReply, Redis } from "../ports/redis.ts";
import { errorName, millisecondsOf } from "./script.ts";
import { WRITE_PROBE, writesIn } from "./takes-writes.ts";

/** Null: not said. */
export interface RedisSettings {
  readonly kind: "settings";
  readonly version: string | null;
  /** `npm start`'s own, in one process. */
  readonly embedded: boolean;
  readonly usedBytes: number | null;
  /** 0 where there is no limit. */
  readonly limitBytes: number | null;
  readonly policy: string | null;
  readonly evicted: number | null;
  readonly appendOnly: boolean | null;
  readonly replicas: number | null;
  /** Redis TIME, milliseconds. */
  readonly now: number | null;
  /** `taken`, or the word of the error with which it refuses them. */
  readonly writes: string | null;
}

export async function readRedisSettings(
  redis: Redis,
  deadline: Millis,
): Promise<RedisSettings | Unavailable> {
  const outcome = await redis.run([["TIME"], ["INFO"], WRITE_PROBE], deadline);
  if (outcome.kind === "unavailable") return outcome;
  const [time, info, probe] = outcome.replies;
  const said = info?.kind === "reply" && typeof info.reply === "string" ? fieldsIn(info.reply) : new Map();
  const number = (name: string): number | null => {
    const text = said.get(name);
    return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
  };
  const appendOnly = number("aof_enabled");
  return {
    kind: "settings",
    version: said.get("redis_version") ?? null,
    embedded: said.get("tidegate_store") === "embedded",
    usedBytes: number("used_memory"),
    limitBytes: number("maxmemory"),
    policy: said.get("maxmemory_policy") ?? null,
    evicted: number("evicted_keys"),
    appendOnly: appendOnly === null ? null : appendOnly === 1,
    replicas: number("connected_slaves"),
    now: nowIn(time),
    writes: probe?.kind === "error" ? errorName(probe) : writesIn(probe),
  };
}

function fieldsIn(info: string): Map<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => !line.startsWith("#") && line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

const nowIn = (time: CommandReply | undefined): number | null =>
  time?.kind === "reply" && Array.isArray(time.reply) && time.reply.every((part) => typeof part === "string")
    ? millisecondsOf(time.reply as readonly string[])
    : null;
