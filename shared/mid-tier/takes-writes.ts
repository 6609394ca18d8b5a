// Whether a database takes writes: found out by one that changes nothing where it does, and is refused where it does not.

import type { CommandReply, RedisArgument } from "../ports/redis.ts";
import { PROBE } from "./keys.ts";
import { writeRefusal } from "./script.ts";

/** Takes room, so that a full database refuses it too; and is done once for all, so that neither file nor replica has more of it. */
export const WRITE_PROBE: readonly RedisArgument[] = ["SET", PROBE, "1", "NX"];

export const TAKEN = "taken";

/** `taken`, or why it takes none; null where the reply tells nothing of that. */
export function writesIn(reply: CommandReply | undefined): string | null {
  if (reply === undefined) return null;
  return reply.kind === "reply" ? TAKEN : writeRefusal(reply);
}
