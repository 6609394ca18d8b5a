// Calls of many requests to one database: those that come in one turn of the event loop while another is under way are sent as one.

import { elapsed, type Instant, type Millis, millis } from "../core/units.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { ReadQuery } from "../ports/mid-tier.ts";
import type { CommandReply, Redis, RedisArgument, RedisOutcome, RedisReply } from "../ports/redis.ts";
import { waitAtMost } from "../ports/wait.ts";

export interface Gathering {
  readonly clock: Pick<Clock, "now">;
  readonly timers: Timers;
  /** Callers that share one call, at most. */
  readonly most: number;
  /** Characters that their replies may have together, as large as replies have been lately. */
  readonly characters: number;
  /** Whoever gathers sends within this time, or is gone with its request. */
  readonly turnAtMost: Millis;
}

type Command = readonly RedisArgument[];

/** One call: whoever began it sends it, as its own request's, for all who have joined by then. */
interface Shared {
  readonly begun: Instant;
  readonly deadline: Millis;
  readonly commands: Command[];
  /** Of those who have joined. */
  readonly wakes: (() => void)[];
  outcome: RedisOutcome | null;
}

const ONE_TURN = millis(0);
/** By each call: ten small ones behind a large one are taken for small again, more or less. */
const FADING = 0.8;
const LATE: RedisOutcome = { kind: "unavailable", reason: "TimeoutError" };

/**
 * For reads of tasks that outlive their clients: what is sent ends with the request that sends it. A call that finds no
 * other under way goes at once. Those of one call share its fate; each has a timer of its own, whatever becomes of it.
 */
export function gatheredRedis(
  redis: Redis,
  { clock, timers, most, characters, turnAtMost }: Gathering,
): Redis {
  let open: Shared | null = null;
  let newest: Shared | null = null;
  /** Characters of a large reply as they come at present. */
  let usual = 0;

  const mayShare = (): number => Math.min(most, Math.floor(characters / Math.max(1, usual)));

  const isUnderWay = (now: Instant): boolean =>
    newest !== null && elapsed(newest.begun, now) <= newest.deadline;

  const joinable = (deadline: Millis, now: Instant): Shared | null =>
    open !== null && open.deadline === deadline && elapsed(open.begun, now) <= turnAtMost ? open : null;

  async function join(shared: Shared, commands: readonly Command[]): Promise<RedisOutcome> {
    const from = shared.commands.length;
    shared.commands.push(...commands);
    const { over, wake } = waitAtMost(shared.deadline, timers);
    shared.wakes.push(wake);
    if (shared.wakes.length + 1 >= mayShare()) open = null;
    await over;
    return partOf(shared.outcome ?? LATE, from, commands.length);
  }

  async function send(shared: Shared): Promise<RedisOutcome> {
    newest = shared;
    const outcome = await redis.run(shared.commands, shared.deadline);
    shared.outcome = outcome;
    if (newest === shared) newest = null;
    // One that has failed may have been too much: the next go alone, and more together again as those succeed.
    usual = Math.max(usual * FADING, outcome.kind === "replies" ? largestIn(outcome.replies) : characters);
    for (const wake of shared.wakes) wake();
    return outcome;
  }

  async function gather(shared: Shared): Promise<RedisOutcome> {
    const { length } = shared.commands;
    open = shared;
    await timers.sleep(ONE_TURN);
    if (open === shared) open = null;
    return partOf(await send(shared), 0, length);
  }

  return {
    run(commands, deadline) {
      const now = clock.now();
      const there = joinable(deadline, now);
      if (there !== null) return join(there, commands);
      const shared: Shared = { begun: now, deadline, commands: [...commands], wakes: [], outcome: null };
      return isUnderWay(now) && mayShare() > 1 ? gather(shared) : send(shared);
    },
  };
}

/** By what a database is read. */
export type ReadBy = (
  database: { readonly id: string; readonly redis: Redis },
  query: Pick<ReadQuery, "looking">,
) => Redis;

export function readTogether(shards: ReadonlyMap<string, Redis>, gathering: Gathering): ReadBy {
  const gathered = new Map([...shards].map(([id, redis]) => [id, gatheredRedis(redis, gathering)]));
  // Who only looks on may be gone before he has his answer: nobody waits for his call.
  return ({ id, redis }, { looking }) => (looking === true ? redis : (gathered.get(id) ?? redis));
}

const largestIn = (replies: readonly CommandReply[]): number =>
  replies.reduce((most, one) => Math.max(most, one.kind === "reply" ? charactersOf(one.reply) : 0), 0);

function charactersOf(reply: RedisReply): number {
  if (typeof reply === "string") return reply.length;
  return Array.isArray(reply) ? reply.reduce<number>((sum, part) => sum + charactersOf(part), 0) : 0;
}

function partOf(outcome: RedisOutcome, from: number, count: number): RedisOutcome {
  if (outcome.kind === "unavailable" || outcome.replies.length === count) return outcome;
  return { kind: "replies", replies: outcome.replies.slice(from, from + count) };
}
