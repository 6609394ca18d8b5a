// Replays a trace through the mid-tier's own scripts on a real redis-server, as edges without any memory would.

import { createHash } from "node:crypto";
import { Redis as Connection } from "ioredis";
import type { L2Budget } from "../shared/core/rules.ts";
import { loneShard } from "../shared/core/shard-map.ts";
import type { StoredAnswer } from "../shared/core/stored-answer.ts";
import { bytes, hours, instant, millis, type Selector, seconds } from "../shared/core/units.ts";
import { NOTHING_VARIES } from "../shared/core/vary.ts";
import { createBudgets } from "../shared/mid-tier/budgets.ts";
import { KnownShards } from "../shared/mid-tier/known-shards.ts";
import { createMidTier } from "../shared/mid-tier/mid-tier.ts";
import { MissingCopies } from "../shared/mid-tier/missing-copies.ts";
import type { Digest } from "../shared/ports/identity.ts";
import type { Granted, MidTier, ReadOutcome } from "../shared/ports/mid-tier.ts";
import type { CommandReply, Redis, RedisArgument, RedisReply } from "../shared/ports/redis.ts";
import { systemDigest } from "../shared/runtime/system.ts";
import type { Capacity } from "./eviction/replay.ts";
import type { Access } from "./eviction/trace.ts";

export interface L2Replay {
  readonly requests: number;
  readonly hitRatio: number;
  readonly byteHitRatio: number;
  /** At the end. */
  readonly keys: number;
  readonly chargedBytes: number;
  readonly budgetBytes: number;
  readonly evictions: number;
  /** Too large for the budget. */
  readonly refused: number;
}

const CLASS = "replayed";
const SHARD = "one";
const TOKEN = "replay";
const POSITION = { epoch: 1, seq: 1 };
const DEADLINE = seconds(30);
/** In one write to the socket. */
const BATCH = 128;
/** Of every answer where sizes don't count. */
const BODY = 200;

interface Run {
  readonly midTier: MidTier;
  readonly budget: L2Budget;
  readonly sized: boolean;
  readonly digests: Map<string, string>;
  readonly count: { requests: number; hits: number; bytes: number; hitBytes: number; refused: number };
}

/** The database is emptied first. */
export async function replayThroughL2(
  port: number,
  trace: Iterable<Access> | AsyncIterable<Access>,
  capacity: Capacity,
): Promise<L2Replay> {
  const connection = new Connection({ port, host: "127.0.0.1", stringNumbers: false });
  try {
    await connection.config("SET", "appendonly", "no");
    const redis = direct(connection);
    const budget = await budgetOf(redis, capacity);
    await connection.flushall();
    const run = begin(redis, budget, capacity.unit === "bytes");
    await replayInBatches(run, trace);
    return await summarise(redis, run);
  } finally {
    connection.disconnect();
  }
}

function begin(redis: Redis, budget: L2Budget, sized: boolean): Run {
  const map = loneShard(SHARD);
  const midTier = createMidTier({
    shards: new Map([[SHARD, redis]]),
    map: () => map,
    digest: DIGEST,
    clock: { now: () => instant(0), surely: () => instant(0), backwardSteps: () => 0, wall: () => 0 },
    readDeadline: DEADLINE,
    fillDeadline: DEADLINE,
    failoverAfter: DEADLINE,
    failoverTries: 1,
    variantsPerKey: 1,
    missing: new MissingCopies(1),
    known: new KnownShards({ clockRemembered: DEADLINE, silenceRemembered: DEADLINE }),
    mapSettlesIn: millis(0),
    traffic: () => ({ hits: 0, misses: 0, corrupt: 0 }),
  });
  const count = { requests: 0, hits: 0, bytes: 0, hitBytes: 0, refused: 0 };
  return { midTier, budget, sized, digests: new Map(), count };
}

/** So many answers of one size fit exactly: what one is charged is asked of Redis. */
async function budgetOf(redis: Redis, { amount, unit }: Capacity): Promise<L2Budget> {
  const budget = { class: CLASS, eviction: "sieve" as const, bytes: bytes(amount) };
  if (unit === "bytes") return budget;
  const run = begin(redis, { ...budget, bytes: bytes(2 ** 30) }, false);
  await replayInBatches(run, [{ key: "probe", size: null }]);
  const { chargedBytes } = await summarise(redis, run);
  return { ...budget, bytes: bytes(amount * chargedBytes) };
}

async function replayInBatches(run: Run, trace: Iterable<Access> | AsyncIterable<Access>): Promise<void> {
  let batch: Access[] = [];
  for await (const access of trace) {
    batch.push(access);
    if (batch.length >= BATCH) batch = await replayBatch(run, batch);
  }
  while (batch.length > 0) batch = await replayBatch(run, batch);
}

/** Those whose answer somebody of the same batch was just fetching: they come again, and find it. */
async function replayBatch(run: Run, batch: readonly Access[]): Promise<Access[]> {
  const outcomes = await Promise.all(batch.map((access, i) => read(run, access, `${TOKEN}-${i}`)));
  const again: Access[] = [];
  const fills: Promise<void>[] = [];
  for (const [i, access] of batch.entries()) {
    const outcome = outcomes[i];
    if (outcome?.kind === "taken") again.push(access);
    else if (outcome?.kind === "hit" || outcome?.kind === "leased") {
      count(run, access, outcome.kind === "hit");
      if (outcome.kind === "leased") fills.push(fill(run, access, { ...outcome, token: `${TOKEN}-${i}` }));
    } else throw new Error(`a read of the replay: ${JSON.stringify(outcome)}`);
  }
  await Promise.all(fills);
  return again;
}

function count({ count }: Run, access: Access, hit: boolean): void {
  const size = sizeOf(access);
  count.requests += 1;
  count.bytes += size;
  if (!hit) return;
  count.hits += 1;
  count.hitBytes += size;
}

const sizeOf = ({ size }: Access): number => size ?? BODY;

function digestOf({ digests }: Run, key: string): string {
  const known = digests.get(key);
  if (known !== undefined) return known;
  const digest = createHash("sha256").update(key).digest("hex");
  digests.set(key, digest);
  return digest;
}

function read(run: Run, { key }: Access, token: string): Promise<ReadOutcome> {
  const digest = digestOf(run, key);
  return run.midTier.read({
    ...{ key: digest, home: digest, replicas: 1, spread: false, budget: run.budget },
    ...{
      need: POSITION,
      asOf: POSITION,
      not: null,
      lease: { token, duration: hours(1), patience: millis(0) },
    },
  });
}

async function fill(
  run: Run,
  access: Access,
  { granted, token }: { readonly granted: Granted; readonly token: string },
): Promise<void> {
  const key = digestOf(run, access.key);
  const body = new Uint8Array(run.sized ? sizeOf(access) : BODY);
  const outcome = await run.midTier.fill({
    ...{ key, primary: key, leaseKey: key, mark: NOTHING_VARIES, granted, budget: run.budget },
    ...{ token, answer: answerOf(key, body.length), body, keepFor: hours(24) },
  });
  if (outcome.kind === "no-room") run.count.refused += 1;
  else if (outcome.kind !== "stored") throw new Error(`a fill of the replay: ${JSON.stringify(outcome)}`);
}

/** Synchronous beneath: a thread's turn for each of a million small digests would take longer than all the rest. */
const DIGEST: Digest = {
  ...systemDigest,

  async sha256Base64(parts) {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  },
};

/** As short as an answer's record gets, and as long for every key. */
const answerOf = (key: string, length: number): StoredAnswer => ({
  version: 2,
  id: key.slice(0, 22),
  key,
  status: 200,
  headers: [],
  class: CLASS,
  selectors: [key as Selector],
  asOf: POSITION,
  vary: [],
  part: { kind: "whole" },
  length,
  dirty: false,
  fresh: hours(24),
  staleWhileRevalidate: millis(0),
  staleIfError: millis(0),
  ageWhenSent: millis(0),
  receivedAtWall: 0,
  lease: TOKEN,
});

async function summarise(redis: Redis, { count, budget }: Run): Promise<L2Replay> {
  const budgets = createBudgets(new Map([[SHARD, { redis }]]), {
    members: 0,
    keys: 0,
    restsMost: 0,
    deadline: DEADLINE,
  });
  const account = (await budgets.read()).get(SHARD);
  const held = account?.kind === "account" ? account.classes.get(CLASS) : undefined;
  return {
    requests: count.requests,
    hitRatio: count.hits / Math.max(1, count.requests),
    byteHitRatio: count.hitBytes / Math.max(1, count.bytes),
    keys: held?.keys ?? 0,
    chargedBytes: held?.bytes ?? 0,
    budgetBytes: budget.bytes,
    evictions: held?.evictions ?? 0,
    refused: count.refused,
  };
}

/** Without REST between, and scripts by their digest: thousands of calls go into each write to the socket. */
function direct(connection: Connection): Redis {
  const digests = new Map<string, string>();
  const call = async (command: readonly RedisArgument[]): Promise<CommandReply> => {
    const [, script = "", ...rest] = command.map(String);
    const known = digests.get(script);
    const digest = known ?? createHash("sha1").update(script).digest("hex");
    digests.set(script, digest);
    const reply = await (known === undefined
      ? connection.call("EVAL", script, ...rest)
      : connection.call("EVALSHA", digest, ...rest));
    return { kind: "reply", reply: reply as RedisReply };
  };
  return {
    run: async (commands) => ({ kind: "replies", replies: await Promise.all(commands.map(call)) }),
  };
}
