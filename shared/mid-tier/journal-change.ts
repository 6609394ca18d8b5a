// What somebody decides of one operation of the journal: that it is sent again, or no more.

import { type Millis, millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { JOURNAL_OPERATIONS, JOURNAL_PARKED, journalOperationKey } from "./keys.ts";
import { JOURNAL_WITHDRAW_PRELUDE } from "./preludes.ts";
import { replicasOf, replicated } from "./replicated.ts";
import { evalCommand, scriptReply } from "./script.ts";
import changeScript from "./scripts/journal-change.lua";

const CHANGE = JOURNAL_WITHDRAW_PRELUDE + changeScript;

export type JournalChange =
  /** `behind`: it is sent when what is before it of its key has been delivered or dropped. */
  | { readonly kind: "retried" | "behind" | "dropped" | "absent" }
  /** It is on its way to the origin right now. */
  | { readonly kind: "busy" }
  /** It is done, but too few replicas have it: a failover may undo it. */
  | { readonly kind: "unreplicated" }
  | Unavailable;

/** What a decision waits for. */
export interface Replication {
  readonly replicas: number;
  readonly replicationDeadline: Millis;
}

interface Config {
  readonly databases: ReadonlyMap<string, { readonly redis: Redis }>;
  readonly deadline: Millis;
  /** Without it, for no replica. */
  readonly replication?: Replication;
}

const NOBODY: Replication = { replicas: 0, replicationDeadline: millis(0) };

export async function changeOperation(
  { databases, deadline, replication = NOBODY }: Config,
  { id, shard }: { readonly id: string; readonly shard: string },
  to: "retry" | "drop",
): Promise<JournalChange> {
  const redis = databases.get(shard)?.redis;
  if (redis === undefined) return { kind: "unavailable", reason: "no database" };
  const keys = [journalOperationKey(id), JOURNAL_OPERATIONS, JOURNAL_PARKED];
  const { replicas, replicationDeadline } = replication;
  const commands = replicated(evalCommand(CHANGE, keys, [id, to]), replicas, replication);
  const outcome = await redis.run(commands, millis(deadline + (replicas > 0 ? replicationDeadline : 0)));
  const reply = scriptReply(outcome);
  if (reply.kind === "unavailable") return reply;
  const [kind] = reply.strings;
  switch (kind) {
    case "retried":
    case "behind":
    case "dropped":
      return replicasOf(outcome) < replicas ? { kind: "unreplicated" } : { kind };
    case "absent":
    case "busy":
      return { kind };
    default:
      return { kind: "unavailable", reason: "malformed reply" };
  }
}
