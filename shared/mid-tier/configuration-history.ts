// What the configuration was before its latest changes: edges that have not heard of those still live by it.

import type { Position } from "../core/position.ts";
import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { CONFIGURATION, CONFIGURATION_BEFORE, CONFIGURATION_TRACES } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import FORGET_CONFIGURATION from "./scripts/forget-configuration.lua";
import READ_CONFIGURATION from "./scripts/read-configuration.lua";

/** One field that was replaced or removed. Times are Redis TIME, milliseconds. */
export interface ConfigurationChange {
  readonly position: Position;
  readonly at: number;
  readonly field: string;
  /** Null where there was none. */
  readonly before: string | null;
}

export interface ConfigurationHistory {
  readonly now: number;
  /** In force now. */
  readonly configuration: ReadonlyMap<string, string>;
  /** Oldest first. */
  readonly changes: readonly ConfigurationChange[];
  /** Changes up to then were too many to be kept; null where none has been dropped. */
  readonly forgottenAt: number | null;
}

export type HistoryOutcome =
  | { readonly kind: "history"; readonly history: ConfigurationHistory }
  | Unavailable;

export interface ConfigurationHistories {
  read(): Promise<HistoryOutcome>;
  /** Forgets the changes up to a time. */
  forget(upTo: number): Promise<{ readonly kind: "forgotten" } | Unavailable>;
}

export function createConfigurationHistories(redis: Redis, deadline: Millis): ConfigurationHistories {
  return {
    async read() {
      const keys = [CONFIGURATION, CONFIGURATION_BEFORE, CONFIGURATION_TRACES];
      const reply = scriptReply(await redis.run([evalCommand(READ_CONFIGURATION, keys, [])], deadline));
      return reply.kind === "unavailable" ? reply : { kind: "history", history: readHistory(reply.strings) };
    },
    async forget(upTo) {
      const command = evalCommand(FORGET_CONFIGURATION, [CONFIGURATION_BEFORE], [upTo]);
      const reply = scriptReply(await redis.run([command], deadline));
      return reply.kind === "unavailable" ? reply : { kind: "forgotten" };
    },
  };
}

function readHistory([now, ...rest]: readonly string[]): ConfigurationHistory {
  let at = 0;
  const take = (): (readonly [string, string])[] => {
    const end = at + 1 + Number(rest[at]);
    const found: (readonly [string, string])[] = [];
    for (let i = at + 1; i + 1 < end; i += 2) found.push([rest[i] ?? "", rest[i + 1] ?? ""]);
    at = end;
    return found;
  };
  const [configuration, changes, traces] = [take(), take(), new Map(take())];
  const forgotten = traces.get("forgotten");
  return {
    now: Number(now),
    configuration: new Map(configuration),
    changes: changes.flatMap(([text, score]) => readChange(text, Number(score)) ?? []),
    forgottenAt: forgotten === undefined ? null : Number(forgotten),
  };
}

/** `epoch seq field value`, as `append.lua` writes it. */
function readChange(text: string, at: number): ConfigurationChange | null {
  const match = /^(\d+) (\d+) (\S+) (.*)$/s.exec(text);
  if (match === null) return null;
  const [, epoch, seq, field = "", before = ""] = match;
  return {
    position: { epoch: Number(epoch), seq: Number(seq) },
    at,
    field,
    before: before === "" ? null : before,
  };
}
