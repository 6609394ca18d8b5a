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
      /** Of which it is known to the end, for this lap: classes, and "" for the keys. */
      readonly ended: readonly string[];
    }
  | Unavailable;

export interface TendLimits {
  /** Of each class and policy, how many are looked at in one call. */
  readonly members: number;
  /** Keys looked at in one call for answers that are on no account. */
  readonly keys: number;
  /** Turns at most that a shard is left alone after a lap on which nothing had to be set right: one, and twice as many each time. */
  readonly restsMost: number;
  readonly deadline: Millis;
}

/** Turns that are left of this rest, how many the next one has, and what has been looked at to its end since then. */
interface Rest {
  readonly left: number;
  readonly next: number;
  readonly ended: ReadonlySet<string>;
}

const NO_REST: Rest = { left: 0, next: 1, ended: new Set() };

/** Only between laps, so that each of them is as short as ever. */
function restAfter({ next, ended }: Rest, outcome: AccountOutcome, most: number): Rest {
  if (outcome.kind === "unavailable" || outcome.mended > 0) return NO_REST;
  const all = new Set([...ended, ...outcome.ended]);
  const isWhole = ["", ...outcome.classes.keys()].every((name) => all.has(name));
  return isWhole
    ? { left: Math.min(next, most), next: 2 * next, ended: NO_REST.ended }
    : { left: 0, next, ended: all };
}

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
          const rest = rests.get(id) ?? NO_REST;
          rests.set(id, { ...rest, left: rest.left - 1 });
          if (rest.left > 0) return null;
          const outcome = await callTend(redis, limits);
          rests.set(id, restAfter(rest, outcome, limits.restsMost));
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
  const [mended, scanned, ...rows] = reply.strings;
  const classes = new Map<string, ClassAccount>();
  const ended = scanned === "1" ? [""] : [];
  for (let i = 0; i + 5 < rows.length; i += 6) {
    const [name = "", ...figures] = rows.slice(i, i + 6);
    const [bytes = 0, budgetBytes = 0, keys = 0, evictions = 0, lap] = figures.map(Number);
    classes.set(name, { bytes, budgetBytes, keys, evictions });
    if (lap === 1) ended.push(name);
  }
  return { kind: "account", classes, mended: Number(mended), ended };
}
