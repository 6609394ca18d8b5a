// What scripts call inside Redis on the ways that are gone most: some tariffs may count it (docs/scaling.md).
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { ShardMap } from "../../shared/core/shard-map.ts";
import { millis, minutes } from "../../shared/core/units.ts";
import { NOTHING_VARIES } from "../../shared/core/vary.ts";
import { createBudgets } from "../../shared/mid-tier/budgets.ts";
import type { NamedReport } from "../../shared/mid-tier/fold-reports.ts";
import { createJournalLedger } from "../../shared/mid-tier/journal-ledger.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMetrics } from "../../shared/mid-tier/metrics.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import { admitShard } from "../../shared/mid-tier/shard-admission.ts";
import type { MidTier } from "../../shared/ports/mid-tier.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { systemClock, systemDigest } from "../../shared/runtime/system.ts";
import { alone, oneShard } from "../support/one-shard.ts";
import { replyTo, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const DEADLINE = millis(5000);
const POSITION = { epoch: 1, seq: 1 };
const MAP: ShardMap = { version: 1, shards: [{ id: "one", weight: 1, state: "serving", life: 1 }] };

let rest: ServerFixture;
let redis: Redis;
let midTier: MidTier;
let sent = 0;

beforeAll(async () => {
  rest = await startServerRest();
  const through = rest.redis;
  redis = {
    run(commands, deadline) {
      sent += commands.length;
      return through.run(commands, deadline);
    },
  };
  midTier = createMidTier({
    ...oneShard(redis),
    ...{ map: () => MAP, digest: systemDigest, readDeadline: DEADLINE, fillDeadline: DEADLINE },
    variantsPerKey: 3,
  });
});
afterAll(() => rest.stop());
beforeEach(async () => {
  await replyTo(redis, "FLUSHALL");
  await admitShard(redis, { id: "one", version: 1 }, DEADLINE);
});

/** What was sent, and what was called inside of that. */
async function counted(act: () => Promise<unknown>): Promise<{ sent: number; inside: number }> {
  const before = await executed();
  sent = 0;
  await act();
  const asked = sent;
  return { sent: asked, inside: (await executed()) - before - asked };
}

/** All that the server has executed so far, by clients and scripts, but what asks for it. */
async function executed(): Promise<number> {
  const stats = String(await replyTo(redis, "INFO", "commandstats"));
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
  return calls.reduce((sum, [, name, count]) => sum + (name === "info" ? 0 : Number(count)), 0);
}

const read = (key: string) =>
  midTier.read({
    ...{ ...alone(key), need: POSITION, asOf: POSITION, not: null },
    lease: { token: "mine", duration: DEADLINE, patience: millis(0) },
  });

async function fill(key: string): Promise<void> {
  const leased = await read(key);
  if (leased.kind !== "leased") throw new Error(leased.kind);
  await fillBy(key, leased.granted);
}

async function fillBy(key: string, granted: Parameters<MidTier["fill"]>[0]["granted"]): Promise<void> {
  const body = new Uint8Array(10);
  const outcome = await midTier.fill({
    ...{ key, primary: key, leaseKey: key, mark: NOTHING_VARIES, token: "mine", granted },
    ...{ answer: storedAnswer({ id: `of ${key}`, asOf: POSITION, length: body.length }), body },
    ...{ budget: alone(key).budget, keepFor: minutes(10) },
  });
  expect(outcome.kind).toBe("stored");
}

test("a miss calls five and its fill eight, a hit five and four from then on", async () => {
  // Whatever there is one of per class and database is there by then.
  await fill("before");
  let leased: Awaited<ReturnType<typeof read>> | null = null;
  const miss = await counted(async () => {
    leased = await read("a");
  });
  expect(miss).toEqual({ sent: 1, inside: 5 });
  if (leased === null) throw new Error("nothing was read");
  const { kind, ...rest } = leased as Extract<Awaited<ReturnType<typeof read>>, { kind: "leased" }>;
  expect(kind).toBe("leased");
  expect(await counted(() => fillBy("a", rest.granted))).toEqual({ sent: 1, inside: 8 });
  expect(await counted(() => read("a"))).toEqual({ sent: 1, inside: 5 });
  expect(await counted(() => read("a"))).toEqual({ sent: 1, inside: 4 });
});

test("a token of one bucket calls four", async () => {
  const budget = createOriginBudget(redis, {
    clock: systemClock(),
    deadline: DEADLINE,
    breaker: LIMITS.breaker,
  });
  const bucket = { name: "shop", rate: 10, burst: 10, cost: 1, reserve: 0 };
  const take = () => budget.take({ buckets: [bucket], patience: millis(0) });
  await take();
  expect(await counted(take)).toEqual({ sent: 1, inside: 4 });
});

const reportOf = (edge: string, counters: Record<string, number>): NamedReport => ({
  edge,
  report: {
    ...{ edge, boot: "boot", region: "here", position: "1-1", aliveMs: 1000, knownAgeMs: 5, tookMs: 1 },
    ...{ memoryBytes: 1, memoryEntries: 1, counters, audit: null, hot: null },
  },
});
const NOW = 1_800_000_000_000;

test("all edges' reports are one command, and cost five calls each, whatever they have counted", async () => {
  const metrics = createMetrics(redis, DEADLINE);
  const fold = (edges: number, names: number, value: number) => () =>
    metrics.fold(
      Array.from({ length: edges }, (_, i) =>
        reportOf(`edge-${i}`, Object.fromEntries(Array.from({ length: names }, (_, n) => [`c${n}`, value]))),
      ),
      NOW,
    );
  await fold(8, 50, 1)();
  const one = await counted(fold(1, 50, 2));
  expect(one).toEqual({ sent: 1, inside: 19 });
  expect(await counted(fold(8, 50, 3))).toEqual({ sent: 1, inside: one.inside + 7 * 5 });
});

test("of reports that are folded together each counts by itself, and one that comes twice counts once", async () => {
  const metrics = createMetrics(redis, DEADLINE);
  const gauge = "gauge|most";
  const folded = await metrics.fold(
    [
      reportOf("one", { asked: 5, [gauge]: 3 }),
      reportOf("two", { asked: 7, [gauge]: 9 }),
      reportOf("one", { asked: 5, [gauge]: 3 }),
      reportOf("one", { asked: 6, [gauge]: 4 }),
    ],
    NOW,
  );
  expect(folded).toEqual({ kind: "folded" });
  await metrics.fold([reportOf("two", { asked: 8, [gauge]: 2 })], NOW);
  const read = await metrics.sum(minutes(1), NOW);
  if (read.kind !== "sums") throw new Error(read.kind);
  expect(Object.fromEntries(read.sums)).toMatchObject({ asked: 14, reports: 5, [gauge]: 9 });
  const ever = await metrics.ever();
  expect(ever.kind === "counts" && ever.counts.get("asked")).toBe(14);
});

test("more counters than a script can take at once are folded all the same", async () => {
  const metrics = createMetrics(redis, DEADLINE);
  const names = Array.from({ length: 5000 }, (_, n) => `counter-${n}`);
  const counters = Object.fromEntries(names.map((name, n) => [name, n + 1]));
  expect(await metrics.fold([reportOf("one", counters)], NOW)).toEqual({ kind: "folded" });
  const read = await metrics.sum(minutes(1), NOW);
  expect(read.kind === "sums" && read.sums.get("counter-4999")).toBe(5000);
});

test("however much is noted, that is a few calls, and of each bucket the greatest stays", async () => {
  const metrics = createMetrics(redis, DEADLINE);
  const noted = (value: number) => ({
    found: new Map(Array.from({ length: 40 }, (_, i) => [`noted-${i}`, value + i] as const)),
    told: new Map(),
  });
  await metrics.note(noted(5), NOW);
  expect(await counted(() => metrics.note(noted(7), NOW))).toEqual({ sent: 1, inside: 12 });
  await metrics.note(noted(6), NOW);
  const sums = await metrics.sum(minutes(1), NOW);
  expect(sums.kind === "sums" && sums.sums.get("gauge|noted-39")).toBe(7 + 39);
  const ever = await metrics.ever();
  expect(ever.kind === "counts" && ever.noted.get("noted-39")).toBe(6 + 39);
});

test("a pull of the log calls three", async () => {
  const log = createLog(redis, LOG_LIMITS);
  const known = await log.snapshot(0);
  if (known.kind !== "snapshot") throw new Error(known.kind);
  expect(await counted(() => log.since(known.head, 1000))).toEqual({ sent: 1, inside: 3 });
});

test("a journal in which nothing waits is known by four calls", async () => {
  const databases = new Map([["one", { redis }]]);
  const journal = createJournalLedger({ databases, deadline: DEADLINE, dueFor: millis(500) });
  expect(await counted(() => journal.tend())).toEqual({ sent: 1, inside: 4 });
});

test("accounts that are in order are left alone for longer and longer, and looked at each time once they are not", async () => {
  await fill("a");
  const budgets = createBudgets(new Map([["one", { redis }]]), {
    ...{ members: 10, keys: 100, restsMost: 4, deadline: DEADLINE },
  });
  const turns = async (count: number): Promise<string> => {
    let seen = "";
    for (let i = 0; i < count; i++) seen += (await counted(() => budgets.tend())).sent === 0 ? "." : "x";
    return seen;
  };
  expect(await turns(15)).toBe("x.x..x....x....");
  // Gone behind the account's back.
  await replyTo(redis, "DEL", "tg:a:a");
  expect((await turns(4)).startsWith("xx.x")).toBe(true);
});
