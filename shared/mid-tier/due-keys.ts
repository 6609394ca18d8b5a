// The due set: keys whose answers are worth renewing before they expire, by when that is, with what renewing them is worth.

import { hours, type Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../ports/redis.ts";
import { decodeHotKey, encodeHotKey, type HotCount, type HotKey } from "../wire/hot.ts";
import type { Renewal } from "../wire/renewal.ts";
import { DUE, DUE_ANSWERS, DUE_RATES } from "./keys.ts";
import { evalCommand, scriptReply } from "./script.ts";
import NOTE_DUE from "./scripts/note-due.lua";
import SETTLE_DUE from "./scripts/settle-due.lua";
import TAKE_DUE from "./scripts/take-due.lua";

/** Nobody renews what nobody has asked for in so long. */
const KEPT = hours(2);
const KEYS = [DUE, DUE_RATES, DUE_ANSWERS] as const;

export interface DueKey {
  readonly id: string;
  readonly key: HotKey;
}

export interface DueSettled {
  readonly id: string;
  /** Null: it is not to be renewed any more. */
  readonly renewal: Renewal | null;
}

export type DueOutcome =
  | {
      readonly kind: "due";
      /** Dearest first. */
      readonly keys: readonly DueKey[];
      /** Left to expire, since nobody is expected to ask for them within another life. */
      readonly idle: number;
      /** Expired before anybody came to renew them. */
      readonly missed: number;
    }
  | Unavailable;

type Done = { readonly kind: "done" } | Unavailable;

export interface DueKeys {
  /** What edges have counted; of what none holds an answer to be renewed, only what is known already counts. */
  note(counts: readonly HotCount[]): Promise<Done>;
  /** What is taken comes again after a while unless it is settled. */
  take(most: number): Promise<DueOutcome>;
  settle(settled: readonly DueSettled[]): Promise<Done>;
}

export interface DueKeysLimits {
  readonly deadline: Millis;
  /** After which a request counts half. */
  readonly halfLife: Millis;
  readonly most: number;
  /** How long before their end keys are due. */
  readonly lead: Millis;
  /** How long after it they are given up. */
  readonly late: Millis;
  /** When what was taken and not settled comes again. */
  readonly again: Millis;
  /** Keys looked at in one call. */
  readonly looked: number;
  /** Answers that live for less are fetched by those who ask for them. */
  readonly leastLife: Millis;
}

export function createDueKeys(redis: Redis, limits: DueKeysLimits): DueKeys {
  const run = async (script: string, args: readonly RedisArgument[]): Promise<Done> => {
    const reply = scriptReply(await redis.run([evalCommand(script, KEYS, args)], limits.deadline));
    return reply.kind === "unavailable" ? reply : { kind: "done" };
  };
  return {
    async note(counts) {
      if (counts.length === 0) return { kind: "done" };
      const { halfLife, most, leastLife } = limits;
      const args: RedisArgument[] = [halfLife, most, KEPT];
      for (const { requests, renewal, ...key } of counts) {
        const fits = renewal !== null && renewal.lifeMs >= leastLife ? renewal : null;
        args.push(encodeHotKey(key), requests, ...answerOf(fits));
      }
      return run(NOTE_DUE, args);
    },
    async take(most) {
      const { halfLife, lead, late, again, looked } = limits;
      const take = evalCommand(TAKE_DUE, KEYS, [halfLife, lead, late, again, looked, most]);
      const reply = scriptReply(await redis.run([take], limits.deadline));
      if (reply.kind === "unavailable") return reply;
      const [idle, missed, ...ids] = reply.strings;
      const keys = ids.flatMap((id): DueKey[] => {
        const key = decodeHotKey(id);
        return key === null ? [] : [{ id, key }];
      });
      return { kind: "due", keys, idle: Number(idle), missed: Number(missed) };
    },
    async settle(settled) {
      if (settled.length === 0) return { kind: "done" };
      return run(
        SETTLE_DUE,
        settled.flatMap(({ id, renewal }) => [id, ...answerOf(renewal)]),
      );
    },
  };
}

const answerOf = (renewal: Renewal | null): RedisArgument[] =>
  renewal === null ? ["", 0, 0] : [renewal.inMs, renewal.tookMs, renewal.lifeMs];
