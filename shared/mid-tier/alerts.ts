// Alerts as Redis keeps them: texts by key, changed by one evaluation at a time, and what was said of and about them.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { ALERT_ACKS, ALERTS, ALERTS_TOLD } from "./keys.ts";
import { evalCommand, millisecondsOf, scriptReply } from "./script.ts";
import COMMIT_ALERTS from "./scripts/commit-alerts.lua";

export type Texts = ReadonlyMap<string, string>;

export interface StoredAlerts {
  /** Redis TIME, milliseconds. */
  readonly now: number;
  /** What a commit has to name. */
  readonly revision: string;
  /** As it was committed last; null before the first. */
  readonly evaluation: string | null;
  readonly alerts: Texts;
  /** By the alert's id. */
  readonly acks: Texts;
  /** By the alert's key. */
  readonly told: Texts;
}

export interface AlertChanges {
  readonly revision: string;
  readonly evaluation: string;
  readonly set: Texts;
  readonly forget: readonly string[];
  readonly forgetAcks: readonly string[];
}

export type AlertsOutcome = ({ readonly kind: "alerts" } & StoredAlerts) | Unavailable;
/** `overtaken`: another evaluation has come first, and this one has changed nothing. */
export type CommitOutcome = { readonly kind: "kept" | "overtaken" } | Unavailable;
export type NotedOutcome = { readonly kind: "noted" } | Unavailable;

export interface AlertStore {
  read(): Promise<AlertsOutcome>;
  commit(changes: AlertChanges): Promise<CommitOutcome>;
  acknowledge(id: string, text: string): Promise<NotedOutcome>;
  tell(set: Texts, forget: readonly string[]): Promise<NotedOutcome>;
}

export function createAlertStore(redis: Redis, deadline: Millis): AlertStore {
  const note = async (commands: readonly (readonly RedisArgument[])[]): Promise<NotedOutcome> => {
    if (commands.length === 0) return { kind: "noted" };
    const outcome = await redis.run(commands, deadline);
    if (outcome.kind === "unavailable") return outcome;
    const failed = outcome.replies.some(({ kind }) => kind === "error");
    return failed ? { kind: "unavailable", reason: "the alerts could not be written" } : { kind: "noted" };
  };
  return {
    read: () => readAlerts(redis, deadline),
    async commit(changes) {
      const reply = scriptReply(await redis.run([commitCommand(changes)], deadline));
      if (reply.kind === "unavailable") return reply;
      return { kind: reply.strings[0] === "kept" ? "kept" : "overtaken" };
    },
    acknowledge: (id, text) => note([["HSET", ALERT_ACKS, id, text]]),
    tell: (set, forget) =>
      note([
        ...[...set].map(([key, text]) => ["HSET", ALERTS_TOLD, key, text]),
        ...(forget.length === 0 ? [] : [["HDEL", ALERTS_TOLD, ...forget]]),
      ]),
  };
}

async function readAlerts(redis: Redis, deadline: Millis): Promise<AlertsOutcome> {
  const hashes = [ALERTS, ALERT_ACKS, ALERTS_TOLD].map((key) => ["HGETALL", key]);
  const outcome = await redis.run([["TIME"], ...hashes], deadline);
  const [time, alerts, acks, told] = [0, 1, 2, 3].map((index) => scriptReply(outcome, index));
  for (const reply of [time, alerts, acks, told]) if (reply?.kind === "unavailable") return reply;
  const texts = textsIn(alerts);
  const [revision = "0", evaluation = null] = ["/revision", "/evaluation"].map((name) => texts.get(name));
  for (const name of ["/revision", "/evaluation"]) texts.delete(name);
  return {
    kind: "alerts",
    now: millisecondsOf(time?.kind === "strings" ? time.strings : []),
    ...{ revision, evaluation, alerts: texts, acks: textsIn(acks), told: textsIn(told) },
  };
}

function textsIn(reply: ReturnType<typeof scriptReply> | undefined): Map<string, string> {
  const strings = reply?.kind === "strings" ? reply.strings : [];
  const texts = new Map<string, string>();
  for (let i = 0; i + 1 < strings.length; i += 2) texts.set(strings[i] ?? "", strings[i + 1] ?? "");
  return texts;
}

function commitCommand({
  revision,
  evaluation,
  set,
  forget,
  forgetAcks,
}: AlertChanges): readonly RedisArgument[] {
  const args = [revision, evaluation, set.size, ...[...set].flat(), forget.length, ...forget, ...forgetAcks];
  return evalCommand(COMMIT_ALERTS, [ALERTS, ALERT_ACKS], args);
}
