// What answers take up on each shard, by class: its accounts, kept right by a little work now and then.

import type { Millis } from "../core/units.ts";
import type { Unavailable } from "../ports/mid-tier.ts";
import type { Redis } from "../ports/redis.ts";
import { QUEUES, SHARD } from "./keys.ts";
import { SHARD_PRELUDE } from "./preludes.ts";
import { compact, evalCommand, type ScriptReply, scriptReply } from "./script.ts";
import BUDGET_PRELUDE from "./scripts/budget-prelude.lua";
import tendScript from "./scripts/tend.lua";

const TEND = SHARD_PRELUDE + compact(BUDGET_PRELUDE) + tendScript;

export interface ClassAccount {
  /** Charged, overhead included. */
  readonly bytes: number;
  readonly budgetBytes: number;
  /** Answers, and resources known to vary. */
  readonly keys: number;
  /** That had to give way, since the shard began; those that expired don't count. */
  readonly evictions: number;
}

export type AccountOutcome =
  | {
      readonly kind: "account";
      readonly classes: ReadonlyMap<string, ClassAccount>;
      /** How much was not as charged, and was set right. */
      readonly mended: number;
    }
  | Unavailable;

export interface TendLimits {
  /** Of each class and policy, how many are looked at in one call. */
  readonly members: number;
  /** Keys looked at in one call for answers that are on no account. */
  readonly keys: number;
  /** Turns at most that a shard is left alone in which nothing had to be set right: one, and twice as many each time. */
  readonly restsMost: number;
  readonly deadline: Millis;
}

/** Turns that are left of this rest, and how many the next one has. */
interface Rest {
  readonly left: number;
  readonly next: number;
}

const NO_REST: Rest = { left: 0, next: 1 };

export interface Budgets {
  /** Takes what is gone off the accounts, and puts on them what they have lost. Called by turns, one a beat. */
  tend(): Promise<{ readonly kind: "done" } | Unavailable>;
  /** By the shard's id. */
  read(): Promise<ReadonlyMap<string, AccountOutcome>>;
}

export function createBudgets(
  databases: ReadonlyMap<string, { readonly redis: Redis }>,
  limits: TendLimits,
): Budgets {
  const nothing = { ...limits, members: 0, keys: 0 };
  const rests = new Map<string, Rest>();
  return {
    async tend() {
      const outcomes = await Promise.all(
        [...databases].map(async ([id, { redis }]): Promise<AccountOutcome | null> => {
          const { left, next } = rests.get(id) ?? NO_REST;
          rests.set(id, { left: left - 1, next });
          if (left > 0) return null;
          const outcome = await callTend(redis, limits);
          const isInOrder = outcome.kind === "account" && outcome.mended === 0;
          rests.set(id, isInOrder ? { left: Math.min(next, limits.restsMost), next: 2 * next } : NO_REST);
          return outcome;
        }),
      );
      if (outcomes.every((outcome) => outcome === null)) return { kind: "done" };
      // One of several that is away is told by whoever watches over them.
      if (outcomes.some((outcome) => outcome?.kind === "account")) return { kind: "done" };
      return outcomes.find((outcome) => outcome?.kind === "unavailable") ?? { kind: "done" };
    },
    async read() {
      const accounts = [...databases].map(
        async ([id, { redis }]) => [id, await callTend(redis, nothing)] as const,
      );
      return new Map(await Promise.all(accounts));
    },
  };
}

async function callTend(redis: Redis, { members, keys, deadline }: TendLimits): Promise<AccountOutcome> {
  // No map is told: which life is the shard's present one it knows best itself.
  const command = evalCommand(TEND, [QUEUES, SHARD], [members, keys, 0, 0]);
  return readAccount(scriptReply(await redis.run([command], deadline)));
}

/** How much was set right, then `name, bytes, budget, answers, evictions` of each class. */
function readAccount(reply: ScriptReply): AccountOutcome {
  if (reply.kind === "unavailable") return reply;
  const classes = new Map<string, ClassAccount>();
  for (let i = 1; i + 4 < reply.strings.length; i += 5) {
    const [name = "", ...figures] = reply.strings.slice(i, i + 5);
    const [bytes = 0, budgetBytes = 0, keys = 0, evictions = 0] = figures.map(Number);
    classes.set(name, { bytes, budgetBytes, keys, evictions });
  }
  return { kind: "account", classes, mended: Number(reply.strings[0]) };
}
