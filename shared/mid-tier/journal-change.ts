// What somebody decides of one operation of the journal: that it is sent again, or no more.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { JOURNAL_OPERATIONS, JOURNAL_PARKED, journalOperationKey } from "./keys.ts";
import { JOURNAL_WITHDRAW_PRELUDE } from "./preludes.ts";
import { evalCommand, scriptReply } from "./script.ts";
import changeScript from "./scripts/journal-change.lua";

const CHANGE = JOURNAL_WITHDRAW_PRELUDE + changeScript;

export type JournalChange =
  /** `behind`: it is sent when what is before it of its key has been delivered or dropped. */
  | { readonly kind: "retried" | "behind" | "dropped" | "absent" }
  /** It is on its way to the origin right now. */
  | { readonly kind: "busy" }
  | Unavailable;

interface Config {
  readonly databases: ReadonlyMap<string, { readonly redis: Redis }>;
  readonly deadline: Millis;
}

export async function changeOperation(
  { databases, deadline }: Config,
  { id, shard }: { readonly id: string; readonly shard: string },
  to: "retry" | "drop",
): Promise<JournalChange> {
  const redis = databases.get(shard)?.redis;
  if (redis === undefined) return { kind: "unavailable", reason: "no database" };
  const keys = [journalOperationKey(id), JOURNAL_OPERATIONS, JOURNAL_PARKED];
  const reply = scriptReply(await redis.run([evalCommand(CHANGE, keys, [id, to])], deadline));
  if (reply.kind === "unavailable") return reply;
  const [kind] = reply.strings;
  switch (kind) {
    case "retried":
    case "behind":
    case "dropped":
    case "absent":
    case "busy":
      return { kind };
    default:
      return { kind: "unavailable", reason: "malformed reply" };
  }
}
