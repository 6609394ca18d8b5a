// What the log tells while replicas are waited for: its scripts against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import { createAudits } from "../../shared/mid-tier/audits.ts";
import { createConfigurationHistories } from "../../shared/mid-tier/configuration-history.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createLogTail } from "../../shared/mid-tier/log-tail.ts";
import type { AppendOutcome, Log, LogHead } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { REPLICAS_FIELD } from "../../shared/wire/configuration.ts";
import { BACKENDS, type startEmbeddedRest, type startServerRest } from "../support/redis-server.ts";

const DEADLINE = millis(2000);
const KEY = "s e" as Selector;
const HARD: LogPayload = { kind: "invalidate", mode: "hard", selectors: [KEY] };
const SOFT: LogPayload = { kind: "invalidate", mode: "soft", selectors: [KEY] };
const set = (field: string, value: string | null): LogPayload => ({
  kind: "config",
  field,
  value,
  selectors: [],
});

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: Awaited<ReturnType<typeof startServerRest>> | Awaited<ReturnType<typeof startEmbeddedRest>>;
  let redis: Redis;
  let log: Log;
  /** How many replicas a WAIT finds. */
  let have = 0;
  let operations = 0;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    log = createLog(
      withReplicas(redis, () => have),
      { ...LOG_LIMITS, entriesKept: 5 },
    );
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
    have = 0;
  });

  const run = async (...command: RedisArgument[]): Promise<unknown> => {
    const outcome = await redis.run([command], DEADLINE);
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    return outcome.replies[0];
  };
  const queryOf = (payload: LogPayload, replicas: number) => {
    operations += 1;
    const operationId = `operation-${operations}`;
    const rest = { requestDigest: "d", actor: "test", action: "purge", detail: "{}", preceding: 9 };
    return { ...rest, operationId, payload, replicas };
  };
  const append = (payload: LogPayload, replicas = 1): Promise<AppendOutcome> =>
    log.append(queryOf(payload, replicas));
  /** Appended, and on its replicas, but not confirmed. */
  const replicated = async (payload: LogPayload): Promise<LogHead> => {
    have = 1;
    const outcome = await append(payload);
    have = 0;
    if (outcome.kind !== "appended" || outcome.entry === null) throw new Error(outcome.kind);
    expect(outcome.told).toBe(false);
    return outcome.entry;
  };
  const snapshot = async () => {
    const outcome = await log.snapshot(0);
    if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
    return outcome;
  };
  const since = async (known: LogHead) => {
    const outcome = await log.since(known, 100);
    return outcome.kind === "entries"
      ? { told: outcome.entries.map(({ seq }) => seq), head: outcome.head.seq }
      : outcome;
  };

  test("an entry that too few replicas have is told to nobody, however they ask", async () => {
    const { head } = await snapshot();
    expect(await append(HARD)).toEqual({ kind: "unreplicated" });
    expect(await since(head)).toEqual({ told: [], head: 0 });
    expect((await snapshot()).head).toEqual(head);
    const limits = { entries: 9, bytes: 9999, deadline: DEADLINE };
    expect(await createLogTail(redis, limits)(head)).toEqual([]);
    expect(await createAudits(redis, DEADLINE).recent(null, 9)).toMatchObject({
      ...{ head: 0, page: { entries: [] } },
    });
  });

  test("replicas that have it do not make it told before it is confirmed; then all before it is told too", async () => {
    const { head } = await snapshot();
    await append(HARD);
    const entry = await replicated(HARD);
    expect(await since(head)).toEqual({ told: [], head: 0 });
    expect(await log.confirm(entry, 0)).toEqual({ kind: "confirmed" });
    expect(await since(head)).toEqual({ told: [1, 2], head: 2 });
    await replicated(HARD);
    expect(await log.confirm(entry, 0)).toEqual({ kind: "confirmed" });
    expect((await snapshot()).head).toMatchObject({ seq: 2, hash: entry.hash });
  });

  test("it is acknowledged only when replicas know that it may be told", async () => {
    const entry = await replicated(HARD);
    expect(await log.confirm(entry, 1)).toEqual({ kind: "unreplicated" });
    have = 1;
    expect(await log.confirm(entry, 1)).toEqual({ kind: "confirmed" });
  });

  test("the same operation, sent again when replicas are back, is confirmed", async () => {
    const query = queryOf(HARD, 1);
    expect(await appendConfirmed(log, query)).toEqual({ kind: "unreplicated" });
    have = 1;
    expect(await appendConfirmed(log, query)).toMatchObject({ kind: "appended", position: { seq: 1 } });
    expect((await snapshot()).head.seq).toBe(1);
    expect(await log.append(query)).toMatchObject({ kind: "appended", told: true });
  });

  test("what nobody has confirmed is found, and confirmed once", async () => {
    expect(await log.untold(1)).toEqual({ kind: "nothing" });
    await append(HARD);
    await append(HARD);
    expect(await log.untold(1)).toEqual({ kind: "unreplicated" });
    have = 1;
    const found = await log.untold(1);
    expect(found).toMatchObject({ kind: "untold", head: { seq: 2 } });
    if (found.kind === "untold") await log.confirm(found.head, 1);
    expect([(await snapshot()).head.seq, await log.untold(1)]).toEqual([2, { kind: "nothing" }]);
  });

  test("who asks for no replicas is not told of before the others where the log asks for some", async () => {
    const first = await append(set(REPLICAS_FIELD, "1"));
    expect([first, await append(HARD, 0)]).toEqual([{ kind: "unreplicated" }, { kind: "unreplicated" }]);
    expect((await snapshot()).head.seq).toBe(0);
    await confirmAll();
    expect((await snapshot()).head.seq).toBe(2);
    // Nor once it is no news any more.
    expect([await append(HARD, 0), (await snapshot()).head.seq]).toEqual([{ kind: "unreplicated" }, 2]);
  });

  test("a log that asks for none any more tells of everything at once", async () => {
    await append(set(REPLICAS_FIELD, "1"));
    await append(HARD);
    expect(await append(set(REPLICAS_FIELD, null), 0)).toMatchObject({ kind: "appended", told: true });
    expect(await append(HARD, 0)).toMatchObject({ told: true });
    expect((await snapshot()).head.seq).toBe(4);
  });

  const confirmAll = async (): Promise<void> => {
    have = 1;
    const found = await log.untold(1);
    if (found.kind === "untold") await log.confirm(found.head, 1);
    have = 0;
  };

  test("who is further than the log tells is at its head, while the log holds what he has", async () => {
    const { head } = await snapshot();
    const first = await replicated(HARD);
    const second = await replicated(HARD);
    expect(await since(first)).toEqual({ told: [], head: 1 });
    expect(await since(second)).toEqual({ told: [], head: 2 });
    expect((await snapshot()).head.epoch).toBe(head.epoch);
    expect(await since({ ...first, hash: "f".repeat(40) })).toEqual({ kind: "unknown", reason: "epoch" });
    expect((await snapshot()).head.epoch).toBeGreaterThan(head.epoch);
  });

  test("however many entries nobody may be told of, whoever has what may be is at the head", async () => {
    await append(HARD, 0);
    const { head } = await snapshot();
    for (let i = 0; i < 8; i++) await append(HARD);
    expect(await since(head)).toEqual({ told: [], head: 1 });
    await confirmAll();
    expect(await since(head)).toEqual({ kind: "unknown", reason: "trimmed" });
    expect((await snapshot()).head).toMatchObject({ epoch: head.epoch, seq: 9 });
  });

  test("an entry that is not told hits all the same; nothing is verified up to it", async () => {
    const { head } = await snapshot();
    const other: LogPayload = { kind: "invalidate", mode: "hard", selectors: ["s t x" as Selector] };
    const entry = await replicated(other);
    expect(await log.check([KEY], head)).toEqual({ kind: "ok", position: { epoch: head.epoch, seq: 0 } });
    expect(await log.check([KEY], entry)).toMatchObject({ kind: "ok", position: { seq: 1 } });
    await replicated(SOFT);
    expect(await log.check([KEY], head)).toMatchObject({ kind: "soft", position: { seq: 0 } });
    await replicated(HARD);
    expect(await log.check([KEY], head)).toEqual({ kind: "hit" });
  });

  test("a snapshot has the configuration as far as it is told", async () => {
    await append(set("a", "1"), 0);
    await append(set("gone", "x"), 0);
    await append(set("a", "2"));
    const third = await replicated(set("a", "3"));
    await append(set("a", "4"));
    await append(set("new", "x"));
    await append(set("gone", null));
    const configuration = async () => Object.fromEntries((await snapshot()).configuration);
    expect(await configuration()).toEqual({ a: "1", gone: "x" });
    await log.confirm(third, 0);
    expect(await configuration()).toEqual({ a: "3", gone: "x" });
    await confirmAll();
    expect(await configuration()).toEqual({ a: "4", new: "x" });
  });

  test("a change counts as made when it is told: until then edges live by what was before", async () => {
    await append(set("a", "1"), 0);
    await append(set("a", "2"));
    await append(set("b", "1"));
    await run("ZADD", "tg:configuration:before", 1, await memberOf("a"));
    await confirmAll();
    const outcome = await createConfigurationHistories(redis, DEADLINE).read();
    if (outcome.kind !== "history") throw new Error(outcome.kind);
    const { changes, now } = outcome.history;
    expect(changes.map(({ field, before }) => [field, before])).toEqual([
      ["a", null],
      ["a", "1"],
      ["b", null],
    ]);
    expect(changes.map(({ at }) => now - at < 60_000)).toEqual([true, true, true]);
  });

  /** What is kept of the last change of a field. */
  async function memberOf(field: string): Promise<string> {
    const outcome = await redis.run([["ZRANGE", "tg:configuration:before", 0, -1]], DEADLINE);
    const [reply] = outcome.kind === "replies" ? outcome.replies : [];
    const members = reply?.kind === "reply" && Array.isArray(reply.reply) ? reply.reply.map(String) : [];
    const found = members.filter((member) => member.split(" ")[2] === field).at(-1);
    if (found === undefined) throw new Error(`nothing is kept of ${field}`);
    return found;
  }

  test("an epoch that begins has the configuration as it stands, and nothing is owed from before", async () => {
    const { head } = await snapshot();
    const entry = await replicated(set("a", "1"));
    await log.snapshot(head.epoch + 1);
    expect((await snapshot()).configuration).toEqual(new Map([["a", "1"]]));
    expect(await log.confirm(entry, 0)).toEqual({ kind: "confirmed" });
    expect([(await snapshot()).head.seq, await log.untold(0)]).toEqual([0, { kind: "nothing" }]);
  });

  test("what the log has lost can't be confirmed", async () => {
    const entry = await replicated(HARD);
    expect(await log.confirm({ ...entry, hash: "f".repeat(40) }, 0)).toMatchObject({ kind: "unavailable" });
    expect(await log.confirm({ ...entry, seq: 2 }, 0)).toMatchObject({ kind: "unavailable" });
    expect((await snapshot()).head.seq).toBe(0);
    await run("FLUSHALL");
    expect(await log.confirm(entry, 0)).toMatchObject({ kind: "unavailable" });
  });

  test("a log from before there was such a mark has told of everything, and goes on from there", async () => {
    const { head } = await snapshot();
    await append(HARD, 0);
    await run("HDEL", "tg:log:head", "durable", "durable-hash");
    expect(await since(head)).toEqual({ told: [1], head: 1 });
    await append(HARD);
    expect(await since(head)).toEqual({ told: [1], head: 1 });
  });
});

/** Of which so many answer a WAIT. */
const withReplicas = (redis: Redis, have: () => number): Redis => ({
  async run(commands, deadline) {
    const outcome = await redis.run(
      commands.filter(([name]) => name !== "WAIT"),
      deadline,
    );
    if (outcome.kind === "unavailable") return outcome;
    const replies = [...outcome.replies];
    for (const [at, [name]] of commands.entries())
      if (name === "WAIT") replies.splice(at, 0, { kind: "reply", reply: have() });
    return { kind: "replies", replies };
  },
});
