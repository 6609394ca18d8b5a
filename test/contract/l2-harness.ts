// For tests of what answers may take up in L2: a shard, answers of any size in it, and what it really holds of them.

import type { L2Budget } from "../../shared/core/rules.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { mebibytes, millis, minutes } from "../../shared/core/units.ts";
import { NOTHING_VARIES, parseMark } from "../../shared/core/vary.ts";
import { type ClassAccount, createBudgets } from "../../shared/mid-tier/budgets.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import type { FillOutcome, ReadOutcome } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { GRANTED, oneShard } from "../support/one-shard.ts";
import type { RestFixture } from "../support/redis-server.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const DEADLINE = millis(5000);
const POSITION = { epoch: 1, seq: 1 };

export interface Filling {
  /** Octets of the body. */
  readonly size?: number;
  readonly budget?: L2Budget;
  readonly keepFor?: number;
  /** The resource that it is a variant of. */
  readonly of?: string;
  /** The same one again is a retry. */
  readonly id?: string;
}

export const budgetOf = (bytes: number, more: Partial<L2Budget> = {}): L2Budget => ({
  ...{ class: "standard", eviction: "sieve", bytes: bytes as L2Budget["bytes"] },
  ...more,
});
export const PLENTY = budgetOf(mebibytes(64));

/** What of one class is really there, and what its account says. */
export interface Held {
  /** Of records, bodies and marks. */
  octets: number;
  /** Clean answers that stand in no queue. */
  loose: number;
  used: number;
  /** All members' charges, added up. */
  counted: number;
}

export class TestShard {
  private readonly redis: Redis;
  private readonly midTier;
  private fills = 0;

  constructor(rest: RestFixture) {
    this.redis = rest.redis;
    this.midTier = createMidTier({
      ...oneShard(this.redis),
      ...{ digest: systemDigest, readDeadline: DEADLINE, fillDeadline: DEADLINE, variantsPerKey: 3 },
    });
  }

  async run(...command: RedisArgument[]): Promise<RedisReply> {
    const outcome = await this.redis.run([command], DEADLINE);
    const reply = outcome.kind === "replies" ? outcome.replies[0] : undefined;
    if (reply?.kind !== "reply") throw new Error(JSON.stringify(reply ?? outcome));
    return reply.reply;
  }

  /** Without a wish for a lease. */
  read(key: string, not: string | null = null): Promise<ReadOutcome> {
    return this.ask(key, { not, token: null });
  }

  /** Those of them that are there. */
  async holds(keys: readonly string[]): Promise<string[]> {
    const found = await Promise.all(keys.map((key) => this.run("EXISTS", `tg:a:${key}`)));
    return keys.filter((_, i) => found[i] === 1);
  }

  /** Under a lease of its own. */
  async fill(key: string, filling: Filling = {}): Promise<FillOutcome> {
    this.fills += 1;
    const id = filling.id ?? `answer-${this.fills}`;
    const token = `token-${this.fills}`;
    await this.run("SET", `tg:l:${key}`, `${token} 1 1 ${Date.now()}`, "PX", 60_000);
    const body = new Uint8Array(filling.size ?? 100);
    return this.midTier.fill({
      ...{ key, primary: filling.of ?? key, leaseKey: key, token, granted: GRANTED },
      ...{ mark: filling.of === undefined ? NOTHING_VARIES : parseMark("accept-language") },
      ...{ answer: answerOf(id, body.length), body, budget: filling.budget ?? PLENTY },
      keepFor: filling.keepFor === undefined ? minutes(10) : millis(filling.keepFor),
    });
  }

  async lease(key: string): Promise<ReadOutcome> {
    return this.ask(key, { not: null, token: "somebody" });
  }

  async tend(times = 1): Promise<void> {
    const budgets = createBudgets(new Map([["one", { redis: this.redis }]]), {
      members: 10,
      keys: 100,
      restsMost: 0,
      deadline: DEADLINE,
    });
    for (let i = 0; i < times; i++) {
      const outcome = await budgets.tend();
      if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    }
  }

  async accounts(): Promise<ReadonlyMap<string, ClassAccount>> {
    const budgets = createBudgets(new Map([["one", { redis: this.redis }]]), {
      members: 0,
      keys: 0,
      restsMost: 0,
      deadline: DEADLINE,
    });
    const account = (await budgets.read()).get("one");
    if (account?.kind !== "account") throw new Error(JSON.stringify(account));
    return account.classes;
  }

  async account(name = "standard"): Promise<ClassAccount> {
    return (await this.accounts()).get(name) ?? { bytes: 0, budgetBytes: 0, keys: 0, evictions: 0 };
  }

  async held(): Promise<Map<string, Held>> {
    const words = (await this.run("EVAL", LEDGER, 0)) as readonly string[];
    const held = new Map<string, Held>();
    const of = (name = ""): Held => {
      const there = held.get(name) ?? { octets: 0, loose: 0, used: 0, counted: 0 };
      held.set(name, there);
      return there;
    };
    for (let i = 0; i < words.length; i += 5) {
      const [kind, name, first, second, queued] = words.slice(i, i + 5);
      if (kind === "queue") Object.assign(of(name), { used: Number(first), counted: Number(second) });
      else if (second === "clean") {
        of(name).octets += Number(first);
        if (queued === "loose") of(name).loose += 1;
      }
    }
    return held;
  }

  private ask(key: string, { not, token }: { not: string | null; token: string | null }) {
    return this.midTier.read({
      ...{ key, home: key, replicas: 1, spread: false, budget: PLENTY, not },
      ...{
        need: POSITION,
        asOf: POSITION,
        lease: token === null ? null : { token, duration: DEADLINE, patience: millis(0) },
      },
    });
  }
}

const answerOf = (id: string, length: number): StoredAnswer =>
  storedAnswer({ id, asOf: POSITION, length, fresh: minutes(10) });

/** By fives: `entry`, class, octets, clean or dirty, queued or loose; `queue`, class, used, counted, nothing. */
const LEDGER = `
local reply = {}
local function tell(...)
  for _, word in ipairs({ ... }) do reply[#reply + 1] = tostring(word) end
end
for _, key in ipairs(redis.call('KEYS', 'tg:a:*')) do
  local e = redis.call('HMGET', key, 'q', 'm', 'b', 'vary', 'dirty')
  local octets = #(e[2] or '') + #(e[3] or '') + #(e[4] or '')
  local queued = e[1] and redis.call('ZSCORE', 'tg:q:' .. e[1], string.sub(key, 6))
  tell('entry', e[1] or '', octets, e[5] and 'dirty' or 'clean', queued and 'queued' or 'loose')
end
for _, key in ipairs(redis.call('KEYS', 'tg:q:*')) do
  local counted = 0
  local all = redis.call('ZRANGEBYSCORE', key, '(0', '+inf', 'WITHSCORES')
  for i = 2, #all, 2 do counted = counted + all[i] % 16384 end
  tell('queue', string.sub(key, 6), 0 - (redis.call('ZSCORE', key, '#used') or 0), counted, '')
end
return reply
`;
