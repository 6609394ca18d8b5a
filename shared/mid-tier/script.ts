// Lua scripts as commands: their text, their keys, and the one reply they give.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { CommandReply, Redis, RedisArgument, RedisOutcome, RedisReply } from "../ports/redis.ts";

export const evalCommand = (
  script: string,
  keys: readonly string[],
  args: readonly RedisArgument[],
): readonly RedisArgument[] => ["EVAL", script, keys.length, ...keys, ...args];

/** Without comments and indents: the text travels with each call, and Redis hashes all of it. */
export const compact = (script: string): string => script.replace(/^ *--.*\n/gm, "").replace(/^ +/gm, "");

/** The same, but for the line that it opens with: by that whoever listens to Redis tells one script from another. */
export function compactScript(script: string): string {
  const rest = script.indexOf("\n") + 1;
  return script.slice(0, rest) + compact(script.slice(rest));
}

export type ScriptReply =
  | { readonly kind: "strings"; readonly strings: readonly string[] }
  | { readonly kind: "unavailable"; readonly reason: string };

/** The reply at `index` as the flat list of strings that all our scripts answer with. */
export function scriptReply(outcome: RedisOutcome, index = 0): ScriptReply {
  if (outcome.kind === "unavailable") return outcome;
  const reply = outcome.replies[index];
  if (reply === undefined) return { kind: "unavailable", reason: "missing reply" };
  // A script that fails is a tier that can't be trusted: never an absence.
  if (reply.kind === "error") return { kind: "unavailable", reason: errorName(reply) };
  return isStrings(reply.reply)
    ? { kind: "strings", strings: reply.reply }
    : { kind: "unavailable", reason: "malformed reply" };
}

/** The reason of what is refused because the database has no room for it. */
export const FULL = "full";

/** As Redis says it, in a script's error too, and as Upstash does. */
const NO_ROOM = /\bOOM command not allowed|DB capacity quota exceeded/;

/** Its disk fails, it lacks replicas, or it is one itself: it may answer reads all the same. */
const REFUSAL = /^(?:ERR .*: -)?(MISCONF|NOREPLICAS|READONLY)\b/;

/** Why a database takes no writes, as it says: `full`, or Redis' own word. Null where the reply tells nothing of that. */
export function writeRefusal(reply: CommandReply): string | null {
  if (reply.kind !== "error") return null;
  return NO_ROOM.test(reply.message) ? FULL : (REFUSAL.exec(reply.message)?.[1] ?? null);
}

export const isWriteRefusal = (reason: string): boolean => reason === FULL || REFUSAL.test(reason);

/** The leading word of an error, which never holds a value. */
export const errorName = (reply: CommandReply & { kind: "error" }): string =>
  writeRefusal(reply) ?? reply.message.split(/\s/, 1)[0] ?? "error";

const isStrings = (reply: RedisReply): reply is readonly string[] =>
  Array.isArray(reply) && reply.every((item) => typeof item === "string");

/** What `TIME` answers, in milliseconds. */
export const millisecondsOf = ([seconds, micros]: readonly string[]): number =>
  Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);

/** Sends scripts that merge, each of which may come again; the first that did not go through, where one did not. */
export async function mergeAll(
  redis: Redis,
  commands: readonly (readonly RedisArgument[])[],
  deadline: Millis,
): Promise<{ readonly kind: "merged" } | Unavailable> {
  if (commands.length === 0) return { kind: "merged" };
  const outcome = await redis.run(commands, deadline);
  for (const [index] of commands.entries()) {
    const reply = scriptReply(outcome, index);
    if (reply.kind === "unavailable") return reply;
  }
  return { kind: "merged" };
}
