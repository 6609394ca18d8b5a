// The newest entries of the log, for edges that lack them and can't pull them.

import type { LogEntry } from "../core/log-entry.ts";
import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Redis } from "../ports/redis.ts";
import { decodeStoredEntry } from "../wire/log-payload.ts";
import { LOG_KEYS } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import LOG_PRELUDE from "./scripts/log-prelude.lua";
import LOG_TAIL from "./scripts/log-tail.lua";

/** Without a gap from the position on, as many as the limits allow; none where they are not to be had. Never rejects. */
export type LogTail = (after: Position) => Promise<readonly LogEntry[]>;

export interface TailLimits {
  readonly entries: number;
  readonly bytes: number;
  readonly deadline: Millis;
}

export const createLogTail =
  (redis: Redis, { entries: most, bytes, deadline }: TailLimits): LogTail =>
  async ({ epoch, seq }) => {
    const command = evalCommand(LOG_PRELUDE + LOG_TAIL, LOG_KEYS, [epoch, seq, most, bytes]);
    const reply = scriptReply(await redis.run([command], deadline));
    if (reply.kind === "unavailable") return [];
    const [now, ...pairs] = reply.strings;
    const entries: LogEntry[] = [];
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const at = { epoch, seq: Number(pairs[i]), now: Number(now) };
      const entry = decodeStoredEntry(pairs[i + 1] ?? "", at);
      if (entry === null) break;
      entries.push(entry);
    }
    return entries;
  };
