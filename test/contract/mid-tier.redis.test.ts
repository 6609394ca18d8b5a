// The Lua scripts through the mid-tier's own interface, against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { Position } from "../../shared/core/position.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { NOTHING_VARIES, parseMark } from "../../shared/core/vary.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { createMidTier } from "../../shared/mid-tier/mid-tier.ts";
import type { ShardTraffic } from "../../shared/mid-tier/shard.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { AppendQuery, FillQuery, Log, MidTier, ReadQuery } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { systemDigest } from "../../shared/runtime/system.ts";
import { alone, GRANTED, oneShard, ROOMY, THERE } from "../support/one-shard.ts";
import { BACKENDS, type startEmbeddedRest, type startServerRest } from "../support/redis-server.ts";
import { storedAnswer } from "../support/stored-answer.ts";

const EPOCH = 1_000;
const at = (seq: number): Position => ({ epoch: EPOCH, seq });
const body = new Uint8Array(256).map((_, i) => i) as Uint8Array<ArrayBuffer>;

const answerOf = (id: string, asOf: Position, more: Partial<StoredAnswer> = {}): StoredAnswer =>
  storedAnswer({ id, asOf, length: body.length, headers: [["x-name", "Grüße"]], ...more });

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: Awaited<ReturnType<typeof startServerRest>> | Awaited<ReturnType<typeof startEmbeddedRest>>;
  let redis: Redis;
  let midTier: MidTier;
  let log: Log;
  let traffic: ShardTraffic;
  let keys = 0;
  let key = "";

  beforeAll(async () => {
    rest = await start();
    redis = upstashRedis(rest);
    midTier = createMidTier({
      ...oneShard(redis, () => traffic),
      digest: systemDigest,
      readDeadline: millis(2000),
      fillDeadline: millis(2000),
      variantsPerKey: 3,
    });
    log = createLog(redis, { ...LOG_LIMITS, entriesKept: 20, selectorsKept: 30 });
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
    traffic = { hits: 0, misses: 0, corrupt: 0 };
    keys += 1;
    key = `key-${keys}`;
  });

  const run = async (...command: RedisArgument[]): Promise<unknown> => {
    const outcome = await redis.run([command], millis(2000));
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    return outcome.replies[0];
  };
  const read = (more: Partial<ReadQuery> = {}) =>
    midTier.read({
      ...alone(key),
      need: at(0),
      asOf: at(5),
      lease: lease("mine"),
      not: null,
      ...more,
    });
  const lease = (token: string) => ({ token, duration: millis(5000), patience: millis(10_000) });
  const fill = (token: string, answer: StoredAnswer, more: Partial<FillQuery> = {}) => {
    const place = { key, primary: key, leaseKey: key, mark: NOTHING_VARIES, granted: GRANTED, budget: ROOMY };
    return midTier.fill({ ...place, token, answer, body, keepFor: millis(60_000), ...more });
  };

  const leftOfLease = async () => ((await run("PTTL", `tg:l:${key}`)) as { reply: number }).reply;

  describe("read-or-lease", () => {
    test("one asker gets the lease, the next is told to wait, and a retry of the first gets it again", async () => {
      expect(await read()).toEqual({ kind: "leased", granted: GRANTED });
      expect((await read({ lease: lease("theirs") })).kind).toBe("taken");
      expect(await read()).toEqual({ kind: "leased", granted: GRANTED });
    });

    test("a lease older than an invalidation that the caller knows of is taken over", async () => {
      await read({ asOf: at(5) });
      expect((await read({ lease: lease("theirs"), need: at(5) })).kind).toBe("taken");
      expect(await read({ lease: lease("theirs"), need: at(6), asOf: at(6) })).toEqual({
        kind: "leased",
        granted: GRANTED,
      });
      expect(await fill("mine", answerOf("late", at(5)))).toEqual({ kind: "refused", reason: "lease" });
    });

    test("it is taken over once, so that somebody gets to fill, unless the epoch is another", async () => {
      await read({ asOf: at(5) });
      await read({ lease: lease("theirs"), need: at(6), asOf: at(6) });
      const third = { lease: lease("a third's"), need: at(7), asOf: at(7) };
      expect((await read(third)).kind).toBe("taken");
      expect(await fill("theirs", answerOf("a", at(6)))).toEqual({ kind: "stored", displaced: 0 });
      expect((await read({ ...third, not: "a" })).kind).toBe("leased");
      expect((await read({ lease: lease("a fourth's"), not: "a", need: at(8), asOf: at(8) })).kind).toBe(
        "leased",
      );
      const anew = { epoch: at(8).epoch + 1, seq: 0 };
      expect((await read({ lease: lease("a fifth's"), not: "a", need: anew, asOf: anew })).kind).toBe(
        "leased",
      );
    });

    test("a clock set back by five minutes has nobody wait for a dead holder for so long", async () => {
      await read();
      // To the lease, that is a clock set back.
      await run("PEXPIRE", `tg:l:${key}`, 305_000);
      expect(await read({ lease: lease("theirs") })).toMatchObject({ kind: "taken", remaining: 5000 });
      expect(await leftOfLease()).toBeLessThanOrEqual(5000);
      // Who asks again does not put off its end.
      await run("PEXPIRE", `tg:l:${key}`, 2000);
      await read({ lease: lease("theirs") });
      expect(await leftOfLease()).toBeLessThanOrEqual(2000);
    });

    test("a filled answer comes back octet for octet, with its residence counted from the lease", async () => {
      await read();
      expect(await fill("mine", answerOf("a", at(5)))).toEqual({ kind: "stored", displaced: 0 });
      const outcome = await read({ lease: null });
      if (outcome.kind !== "hit") throw new Error(outcome.kind);
      expect([...outcome.found.body]).toEqual([...body]);
      expect(outcome.found.answer).toEqual(answerOf("a", at(5)));
      expect(outcome.found.verifiedTo).toEqual(at(5));
      expect(outcome.found.residence).toBeGreaterThanOrEqual(0);
      expect(outcome.found.residence).toBeLessThan(5000);
    });

    test("an answer that the caller has found unusable is passed over, and its successor is not", async () => {
      await read();
      await fill("mine", answerOf("a", at(5)));
      expect(await read({ not: "a" })).toEqual({ kind: "leased", granted: GRANTED });
      await fill("mine", answerOf("b", at(6)));
      expect((await read({ not: "a" })).kind).toBe("hit");
    });

    test("without a wish for a lease an absence is told as one", async () => {
      expect(await read({ lease: null })).toEqual({ kind: "absent" });
    });

    test.each(["uncacheable", "large", "validated", "failing"] as const)(
      "a key known to be %s makes nobody wait",
      async (kind) => {
        await read();
        await midTier.release({ key, token: "mine", marker: { kind, for: millis(5000) }, at: THERE });
        expect(await read({ lease: lease("theirs") })).toEqual({ kind });
      },
    );

    test("a lease given back is free, and only its holder can give it back", async () => {
      await read();
      await midTier.release({ key, token: "theirs", marker: null, at: THERE });
      expect((await read({ lease: lease("theirs") })).kind).toBe("taken");
      await midTier.release({ key, token: "mine", marker: null, at: THERE });
      expect(await read({ lease: lease("theirs") })).toEqual({ kind: "leased", granted: GRANTED });
    });
  });

  test("a lease given back late leaves what others have found since", async () => {
    await read();
    await run("DEL", `tg:l:${key}`);
    await read({ lease: lease("theirs") });
    const uncacheable = { kind: "uncacheable", for: millis(5000) } as const;
    await midTier.release({ key, token: "theirs", marker: uncacheable, at: THERE });
    await midTier.release({ key, token: "mine", marker: { kind: "failing", for: millis(5000) }, at: THERE });
    await midTier.release({ key, token: "mine", marker: null, at: THERE });
    expect(await read({ lease: lease("third") })).toEqual({ kind: "uncacheable" });
  });

  describe("fill", () => {
    test("a retried fill answers as the first did", async () => {
      await read();
      expect(await fill("mine", answerOf("a", at(5)))).toEqual({ kind: "stored", displaced: 0 });
      expect(await fill("mine", answerOf("a", at(5)))).toEqual({ kind: "stored", displaced: 0 });
    });

    test("without the token nothing is stored", async () => {
      await read();
      expect(await fill("other", answerOf("a", at(5)))).toEqual({ kind: "refused", reason: "lease" });
      expect((await read({ lease: null })).kind).toBe("taken");
    });

    test("an answer with a newer as-of is not replaced by an older one", async () => {
      await read();
      await fill("mine", answerOf("new", at(9)));
      await read({ not: "new", lease: lease("again") });
      expect(await fill("again", answerOf("old", at(5)))).toEqual({ kind: "refused", reason: "as-of" });
      expect((await read({ lease: null })).kind).toBe("hit");
    });

    test("whoever only looks is in no figures, whether there is something or not", async () => {
      const looking = { lease: null, looking: true } as const;
      expect((await read(looking)).kind).toBe("absent");
      await read();
      await fill("mine", answerOf("a", at(5)));
      expect(traffic).toEqual({ hits: 0, misses: 1, corrupt: 0 });
      expect((await read(looking)).kind).toBe("hit");
      expect(traffic).toEqual({ hits: 0, misses: 1, corrupt: 0 });
    });

    test("a dirty value is never replaced", async () => {
      await run("HSET", `tg:a:${key}`, "id", "d", "dirty", "1");
      await run("SET", `tg:l:${key}`, `mine ${EPOCH} 5 0`);
      expect(await fill("mine", answerOf("a", at(5)))).toEqual({ kind: "refused", reason: "dirty" });
    });

    test.each([
      ["a body that changed", ["HSET", "b", "AAAA"]],
      ["a record that changed", ["HSET", "m", "{}"]],
      ["a field that is gone", ["HDEL", "d"]],
      ["an instant that is none", ["HSET", "at", "soon"]],
      ["an instant that has not come yet", ["HSET", "at", "99999999999999"]],
    ])("%s is discarded, counted and never answered", async (_what, [command = "", ...args]) => {
      await read();
      await fill("mine", answerOf("a", at(5)));
      await run(command, `tg:a:${key}`, ...args);
      expect((await read({ lease: lease("theirs") })).kind).toBe("leased");
      expect(traffic.corrupt).toBe(1);
    });

    test("a lease is renewed for its holder alone, and never taken back once it is another's", async () => {
      const renew = (token: string, duration = 20_000) =>
        midTier.renew({ key, token, duration: millis(duration), at: "one" });
      const remaining = async () => {
        const outcome = await read({ lease: { ...lease("theirs"), duration: millis(20_000) } });
        return outcome.kind === "taken" ? outcome.remaining : Number.NaN;
      };
      expect(await renew("mine")).toBe("lost");
      await read();
      expect(await remaining()).toBeLessThanOrEqual(5000);
      expect(await renew("theirs")).toBe("lost");
      expect(await renew("mine")).toBe("renewed");
      expect(await remaining()).toBeGreaterThan(5000);
      await midTier.release({
        key,
        token: "mine",
        marker: { kind: "uncacheable", for: millis(5000) },
        at: ["one"],
      });
      expect(await renew("mine")).toBe("lost");
      expect(await renew("uncacheable")).toBe("lost");
    });

    test("a value of another type in the answer's place is removed, not stumbled over", async () => {
      await run("SET", `tg:a:${key}`, "graffiti");
      expect(await read()).toEqual({ kind: "leased", granted: GRANTED });
      expect(await fill("mine", answerOf("a", at(5)))).toEqual({ kind: "stored", displaced: 0 });
    });

    test("what a check found is recorded for that very answer, and never backwards", async () => {
      await read();
      await fill("mine", answerOf("a", at(5)));
      await midTier.verified({ shard: "one", key, id: "other", position: at(9) });
      await midTier.verified({ shard: "one", key, id: "a", position: at(8) });
      await midTier.verified({ shard: "one", key, id: "a", position: at(7) });
      const outcome = await read();
      expect(outcome.kind === "hit" && outcome.found.verifiedTo).toEqual(at(8));
    });
  });

  describe("variants", () => {
    const variantOf = (name: string) => `${key}-${name}`;
    /** Stores a variant under a lease of its own; `more` may say how it varies and how long it is kept. */
    const fillVariant = async (name: string, more: { mark?: string; keepFor?: number } = {}) => {
      const variant = variantOf(name);
      await read({ key: variant, home: key, not: name });
      const place = { key: variant, leaseKey: variant, mark: parseMark(more.mark ?? "x") };
      return fill("mine", answerOf(name, at(5)), { ...place, keepFor: millis(more.keepFor ?? 60_000) });
    };
    const kept = async (...names: string[]): Promise<string[]> => {
      const outcomes = await Promise.all(
        names.map((name) => read({ key: variantOf(name), home: key, lease: null })),
      );
      return names.filter((_, i) => outcomes[i]?.kind === "hit");
    };
    const expire = (name: string) => run("ZADD", `tg:v:${key}`, 1, `tg:a:${variantOf(name)}`);

    test("tell their resource how it varies, under the lease of the resource too", async () => {
      const mark = parseMark("accept-language =de");
      await read();
      const answer = answerOf("de", at(5), { vary: [["accept-language", "=de"]] });
      const stored = await fill("mine", answer, { key: variantOf("de"), mark });
      expect(stored).toEqual({ kind: "stored", displaced: 0 });
      expect(await read()).toEqual({ kind: "varies", mark });
      expect(await kept("de")).toEqual(["de"]);
    });

    test("are known by the union of what was ever said of them, so that none hides another", async () => {
      await fillVariant("a", { mark: "accept-language =de" });
      await fillVariant("b", { mark: "accept-encoding accept-language =en =de gzip<br+gzip" });
      await fillVariant("c", { mark: "x" });
      const mark = parseMark("accept-encoding accept-language x =de =en gzip<br+gzip");
      expect(await read()).toEqual({ kind: "varies", mark });
    });

    test("take the place of an answer that varied on nothing", async () => {
      await read();
      await fill("mine", answerOf("whole", at(5)));
      await fillVariant("a");
      expect(await read()).toEqual({ kind: "varies", mark: parseMark("x") });
    });

    test("don't take the place of a dirty value, and tell nobody to look below it", async () => {
      await run("HSET", `tg:a:${key}`, "id", "d", "dirty", "1");
      await fillVariant("a");
      expect(await run("HGET", `tg:a:${key}`, "id")).toMatchObject({ reply: "d" });
      expect(await run("HEXISTS", `tg:a:${key}`, "vary")).toMatchObject({ reply: 0 });
    });

    test("are remembered for as long as the longest kept of them", async () => {
      await fillVariant("a", { keepFor: 600_000 });
      await fillVariant("b", { keepFor: 1000 });
      for (const place of ["a", "v"]) {
        const left = (await run("PTTL", `tg:${place}:${key}`)) as { reply: number };
        expect(left.reply).toBeGreaterThan(500_000);
      }
    });

    test("beyond the limit make the one that expires first give way, and are counted", async () => {
      await fillVariant("a", { keepFor: 50_000 });
      await fillVariant("b", { keepFor: 40_000 });
      expect(await fillVariant("c", { keepFor: 60_000 })).toEqual({ kind: "stored", displaced: 0 });
      expect(await fillVariant("d", { keepFor: 70_000 })).toEqual({ kind: "stored", displaced: 1 });
      expect(await kept("a", "b", "c", "d")).toEqual(["a", "c", "d"]);
      expect(await fillVariant("e", { keepFor: 80_000 })).toEqual({ kind: "stored", displaced: 1 });
      expect(await kept("a", "b", "c", "d", "e")).toEqual(["c", "d", "e"]);
    });

    test("never give way to none: the newest stays, though it expires first", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name, { keepFor: 60_000 });
      await fillVariant("d", { keepFor: 10_000 });
      expect(await kept("d")).toEqual(["d"]);
    });

    test("are no more than the limit where the newest expires first", async () => {
      for (const [i, name] of ["a", "b", "c"].entries())
        await fillVariant(name, { keepFor: 50_000 + i * 1000 });
      expect(await fillVariant("d", { keepFor: 10_000 })).toEqual({ kind: "stored", displaced: 1 });
      expect(await kept("a", "b", "c", "d")).toEqual(["b", "c", "d"]);
    });

    test("are counted once, however often they are filled", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name);
      await read({ key: variantOf("a"), not: "a" });
      const again = { key: variantOf("a"), leaseKey: variantOf("a"), mark: parseMark("x") };
      const refilled = await fill("mine", answerOf("a2", at(6)), again);
      expect(refilled).toEqual({ kind: "stored", displaced: 0 });
      expect(await kept("a", "b", "c")).toEqual(["a", "b", "c"]);
    });

    test("that have expired don't count", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name);
      await expire("b");
      expect(await fillVariant("d")).toEqual({ kind: "stored", displaced: 0 });
      expect(await kept("a", "c", "d")).toEqual(["a", "c", "d"]);
    });

    test("that are dirty don't give way", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name);
      for (const name of ["a", "b", "c"]) await run("HSET", `tg:a:${variantOf(name)}`, "dirty", "1");
      expect(await fillVariant("d", { keepFor: 90_000 })).toEqual({ kind: "stored", displaced: 0 });
      expect(await kept("a", "b", "c", "d")).toEqual(["a", "b", "c", "d"]);
    });

    test("of another resource don't count", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name);
      await read({ key: "elsewhere" });
      const place = { key: "elsewhere", leaseKey: "elsewhere", primary: "other", mark: parseMark("x") };
      expect(await fill("mine", answerOf("z", at(5)), place)).toEqual({ kind: "stored", displaced: 0 });
      expect(await kept("a", "b", "c")).toEqual(["a", "b", "c"]);
    });

    test("refused for want of a lease leave no trace", async () => {
      const place = { key: variantOf("a"), leaseKey: variantOf("a"), mark: parseMark("x") };
      expect((await fill("mine", answerOf("a", at(5)), place)).kind).toBe("refused");
      expect(await read({ lease: null })).toEqual({ kind: "absent" });
      expect(await run("EXISTS", `tg:v:${key}`)).toMatchObject({ reply: 0 });
    });

    test("are listed anew where something else was written in the list's place", async () => {
      await run("SET", `tg:v:${key}`, "graffiti");
      expect(await fillVariant("a")).toEqual({ kind: "stored", displaced: 0 });
      expect(await run("ZCARD", `tg:v:${key}`)).toMatchObject({ reply: 1 });
    });

    test("a retried fill displaces nothing more", async () => {
      for (const name of ["a", "b", "c"]) await fillVariant(name);
      const place = { key: variantOf("d"), leaseKey: variantOf("d"), mark: parseMark("x") };
      await read({ key: variantOf("d") });
      const first = await fill("mine", answerOf("d", at(5)), place);
      expect(first).toEqual({ kind: "stored", displaced: 1 });
      expect(await fill("mine", answerOf("d", at(5)), place)).toEqual({ kind: "stored", displaced: 0 });
    });
  });

  describe("the log", () => {
    let operations = 0;
    const invalidate = (selector: string, mode: "hard" | "soft" = "hard"): LogPayload => ({
      kind: "invalidate",
      mode,
      selectors: [selector as Selector],
    });
    const append = (payload: LogPayload, more: Partial<AppendQuery> = {}) => {
      operations += 1;
      const operationId = `operation-${operations}`;
      const query = {
        operationId,
        requestDigest: "d",
        actor: "test",
        action: "purge",
        detail: "{}",
        replicas: 0,
      };
      return log.append({ ...query, payload, ...more });
    };
    const appended = async (payload: LogPayload): Promise<Position> => {
      const outcome = await append(payload);
      if (outcome.kind !== "appended") throw new Error(outcome.kind);
      return outcome.position;
    };
    const head = async () => {
      const outcome = await log.snapshot(0);
      if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
      return outcome.head;
    };

    test("an operation is appended once, however often it is sent, and conflicts with another of its id", async () => {
      const first = await append(invalidate("s e"), { operationId: "one" });
      const second = await append(invalidate("s e"), { operationId: "one" });
      expect(first.kind === "appended" && first.position.seq).toBe(1);
      // As it is in the log, so that it can be pushed once more.
      expect(second).toMatchObject({ kind: "appended", position: { seq: 1 }, entry: { seq: 1 } });
      expect(second.kind === "appended" && { ...second.entry, age: 0 }).toEqual(
        first.kind === "appended" && first.entry,
      );
      expect(await append(invalidate("s e"), { operationId: "one", requestDigest: "x" })).toEqual({
        kind: "conflict",
      });
      expect((await head()).seq).toBe(1);
    });

    test("since answers contiguous, chained entries up to its limit, and the head", async () => {
      const start = await head();
      for (let i = 0; i < 5; i++) await append(invalidate(`s t tag-${i}`));
      const page = await log.since(start, 3);
      if (page.kind !== "entries") throw new Error(page.kind);
      expect(page.entries.map((entry) => entry.seq)).toEqual([1, 2, 3]);
      expect(page.head.seq).toBe(5);
      expect(page.entries.map((entry) => entry.previous)).toEqual([
        start.hash,
        page.entries[0]?.hash,
        page.entries[1]?.hash,
      ]);
      expect(page.entries[0]?.payload).toEqual(invalidate("s t tag-0"));
    });

    test.each([
      ["a cursor ahead of the log", { seq: 99 }],
      ["another hash at the head", { hash: "f".repeat(40) }],
      ["a greater epoch", { epoch: 9e15 }],
    ])("%s begins a new epoch, after everything that anybody knew", async (_what, wrong) => {
      await append(invalidate("s e"));
      const known = { ...(await head()), ...wrong };
      expect(await log.since(known, 10)).toEqual({ kind: "unknown", reason: "epoch" });
      const after = await head();
      expect(after.epoch).toBeGreaterThan(known.epoch);
      expect(after.seq).toBe(0);
    });

    test("another hash in the middle is a fork", async () => {
      for (let i = 0; i < 3; i++) await append(invalidate("s e"));
      const now = await head();
      const outcome = await log.since({ ...now, seq: 1, hash: "f".repeat(40) }, 10);
      expect(outcome).toEqual({ kind: "unknown", reason: "epoch" });
    });

    test.each([
      ["another hash in its place", 2, "f".repeat(40)],
      ["nothing in its place", 9, "f".repeat(40)],
    ])("what is held beyond a gap is a loss with %s", async (_what, seq, hash) => {
      const start = await head();
      for (let i = 0; i < 3; i++) await append(invalidate("s e"));
      const beyond = { ...start, seq, hash };
      expect(await log.since({ ...start, beyond }, 10)).toEqual({ kind: "unknown", reason: "epoch" });
      expect((await head()).epoch).toBeGreaterThan(start.epoch);
    });

    test("what is held beyond a gap, and stands in the log, changes nothing", async () => {
      const start = await head();
      for (let i = 0; i < 3; i++) await append(invalidate("s e"));
      const plain = await log.since(start, 10);
      expect(plain.kind === "entries" && plain.entries.length).toBe(3);
      for (const { epoch, seq, hash } of plain.kind === "entries" ? plain.entries : [])
        expect(await log.since({ ...start, beyond: { epoch, seq, hash } }, 10)).toMatchObject({
          kind: "entries",
        });
    });

    test("an older epoch changes nothing and is told that it is one", async () => {
      await append(invalidate("s e"));
      const now = await head();
      expect(await log.since({ ...now, epoch: 1 }, 10)).toEqual({ kind: "unknown", reason: "epoch" });
      expect(await head()).toEqual(now);
    });

    test("a flushed database begins a new epoch, and a cold view begins there", async () => {
      await append(invalidate("s e"));
      const before = await head();
      await run("FLUSHALL");
      expect(await log.since(before, 10)).toEqual({ kind: "unknown", reason: "epoch" });
      const outcome = await log.snapshot(before.epoch);
      expect(outcome.kind === "snapshot" && outcome.head.epoch).toBeGreaterThan(before.epoch);
    });

    test("a log trimmed past the asker says so", async () => {
      const start = await head();
      for (let i = 0; i < 30; i++) await append(invalidate("s e"));
      expect(await log.since(start, 100)).toEqual({ kind: "unknown", reason: "trimmed" });
    });

    test("configuration travels in entries and in the snapshot, and can be removed", async () => {
      await append({ kind: "config", field: "policy/a", value: "{}", selectors: [] });
      await append({ kind: "config", field: "policy/b", value: "[]", selectors: [] });
      await append({ kind: "config", field: "policy/a", value: null, selectors: [] });
      const outcome = await log.snapshot(0);
      expect(outcome.kind === "snapshot" && [...outcome.configuration]).toEqual([["policy/b", "[]"]]);
    });

    test("configuration that is lost apart from the log begins a new epoch, whoever comes first", async () => {
      const change = (): LogPayload => ({ kind: "config", field: "policy/a", value: "{}", selectors: [] });
      for (const next of ["a reader", "a purge", "a purge by what it said"]) {
        const position = await appended(change());
        await run("DEL", "tg:configuration");
        const expected = { position, of: "configuration" } as const;
        if (next === "a purge") await append(invalidate("s e"));
        if (next === "a purge by what it said")
          expect(await append(invalidate("s e"), { expected })).toEqual({ kind: "outdated" });
        const anew = await log.snapshot(0);
        if (anew.kind !== "snapshot") throw new Error(anew.kind);
        expect(anew.head.epoch, next).toBeGreaterThan(position.epoch);
        expect([...anew.configuration]).toEqual([]);
        // It is noticed once.
        expect((await head()).epoch).toBe(anew.head.epoch);
      }
    });

    describe("in an epoch that began after the last change of configuration", () => {
      /** As one who knows more than the log has; as one who has heard of a later epoch. */
      const beginners: Readonly<Record<string, () => Promise<void>>> = {
        async "by what followed its head"() {
          const now = await head();
          await log.since({ ...now, seq: now.seq + 5 }, 10);
        },
        async "by a cold view"() {
          await log.snapshot((await head()).epoch + 1);
        },
      };

      test.each(Object.entries(beginners))(
        "its loss begins another one, and its being there none: %s",
        async (_, begin) => {
          await append({ kind: "config", field: "policy/a", value: "{}", selectors: [] });
          const first = await head();
          await begin();
          const second = await head();
          expect(second.epoch).toBeGreaterThan(first.epoch);
          expect((await appended(invalidate("s e"))).epoch).toBe(second.epoch);
          await run("DEL", "tg:configuration");
          const third = await appended(invalidate("s e"));
          expect(third.epoch).toBeGreaterThan(second.epoch);
          expect((await head()).epoch).toBe(third.epoch);
        },
      );

      test.each(Object.entries(beginners))(
        "nothing is known of what a release has changed that notes nothing: %s",
        async (_, begin) => {
          await append({ kind: "config", field: "policy/a", value: "{}", selectors: [] });
          await begin();
          await run("HSET", "tg:log:head", "configured", "1");
          await run("DEL", "tg:configuration");
          await begin();
          const epoch = await run("HGET", "tg:log:head", "epoch");
          expect(epoch).toMatchObject({ reply: String((await appended(invalidate("s e"))).epoch) });
        },
      );
    });

    test("configuration invalidates what it takes names from, in the very entry", async () => {
      const start = await head();
      const selectors = ["s p h/a" as Selector, "s e" as Selector];
      await append(invalidate("s e", "soft"));
      await append({ kind: "config", field: "policy/a", value: null, selectors });
      const position = { epoch: start.epoch, seq: 1 };
      for (const selector of selectors)
        expect(await log.check([selector], position)).toEqual({ kind: "hit" });
      expect(await log.check(["s t x" as Selector], position)).toMatchObject({ kind: "ok" });
      const since = await log.since(start, 10);
      expect(since.kind === "entries" && since.entries.map(({ payload }) => payload)).toMatchObject([
        { kind: "invalidate" },
        { kind: "config", field: "policy/a", value: null, selectors },
      ]);
    });

    test("what was worked out from a configuration that has changed since is refused", async () => {
      const change = (value: string): LogPayload => ({
        kind: "config",
        field: "policy/a",
        value,
        selectors: [],
      });
      const all = (position: Position) => ({ position, of: "configuration" }) as const;
      const first = await appended(change("1"));
      await append(invalidate("s e"));
      const second = await append(change("2"), { operationId: "second", expected: all(first) });
      expect(second).toMatchObject({ kind: "appended", position: { seq: 3 } });
      const outdated = { kind: "outdated" };
      const before = { ...first, epoch: first.epoch - 1 };
      expect(await append(change("3"), { expected: all(first) })).toEqual(outdated);
      expect(await append(change("3"), { expected: all(before) })).toEqual(outdated);
      expect((await head()).seq).toBe(3);
      // A repetition of what was appended is no news.
      expect(await append(change("2"), { operationId: "second", expected: all(first) })).toEqual({
        ...second,
        entry: { ...(second.kind === "appended" && second.entry), age: expect.any(Number) },
      });
      await run("FLUSHALL");
      expect(await append(change("3"), { expected: all(first) })).toEqual(outdated);
    });

    test("what was worked out from the sites alone is refused only where those have changed since", async () => {
      const change = (field: string): LogPayload => ({ kind: "config", field, value: "{}", selectors: [] });
      const sites = (position: Position) => ({ position, of: "sites" }) as const;
      const first = await appended(change("site/a"));
      await append(change("policy/a/b"));
      const second = await append(invalidate("s e"), { expected: sites(first) });
      expect(second).toMatchObject({ kind: "appended", position: { seq: 3 } });
      await append(change("site/b"));
      expect(await append(invalidate("s e"), { expected: sites(first) })).toEqual({ kind: "outdated" });
      await run("FLUSHALL");
      const begun = await head();
      await append(change("policy/a/b"));
      expect(await append(invalidate("s e"), { expected: sites(begun) })).toMatchObject({ kind: "appended" });
    });

    test("check says what has hit an answer since a position", async () => {
      const start = await head();
      const position = (seq: number): Position => ({ epoch: start.epoch, seq });
      await append(invalidate("s t hard"));
      await append(invalidate("s t soft", "soft"));
      await append(invalidate("s t both"));
      await append(invalidate("s t both", "soft"));
      const check = (selector: string, seq: number) => log.check([selector as Selector], position(seq));
      expect(await check("s t none", 0)).toEqual({ kind: "ok", position: position(4) });
      expect(await check("s t hard", 0)).toEqual({ kind: "hit" });
      expect(await check("s t hard", 1)).toEqual({ kind: "ok", position: position(4) });
      expect(await check("s t soft", 0)).toMatchObject({ kind: "soft", position: position(4) });
      // A later soft invalidation must not hide the hard one before it.
      expect(await check("s t both", 0)).toEqual({ kind: "hit" });
      expect(await check("s t both", 3)).toMatchObject({ kind: "soft" });
      expect(await check("s t none", 5)).toEqual({ kind: "unknown" });
      expect(await log.check(["s e" as Selector], { epoch: 1, seq: 0 })).toEqual({ kind: "unknown" });
    });

    test("below what the pruned index reaches back to, nothing is known", async () => {
      const first = await appended(invalidate("s t 0"));
      for (let i = 1; i < 40; i++) await append(invalidate(`s t ${i}`));
      expect(await log.check(["s t never" as Selector], first)).toEqual({ kind: "unknown" });
    });

    test("where the index is gone, nothing passes for checked that was stored before it began anew", async () => {
      const start = await head();
      const position = (seq: number): Position => ({ epoch: start.epoch, seq });
      const check = (selector: string, seq: number) => log.check([selector as Selector], position(seq));
      await append(invalidate("s t old"));
      await run("DEL", "tg:log:index");
      expect(await check("s t old", 0)).toEqual({ kind: "unknown" });
      expect(await check("s t old", 1)).toEqual({ kind: "unknown" });
      await append(invalidate("s t new"));
      expect(await check("s t old", 0)).toEqual({ kind: "unknown" });
      expect(await check("s t old", 1)).toEqual({ kind: "ok", position: position(2) });
      expect(await check("s t new", 1)).toEqual({ kind: "hit" });
    });

    test.each(["hard", "soft"] as const)(
      "a damaged mark in the index is replaced by a %s one",
      async (mode) => {
        const start = await head();
        const check = (seq: number) => log.check(["s e" as Selector], { epoch: start.epoch, seq });
        await append(invalidate("s t other"));
        await run("HSET", "tg:log:index", "s e", "graffiti");
        expect(await check(1)).toEqual({ kind: "unknown" });
        expect((await append(invalidate("s e", mode))).kind).toBe("appended");
        expect(await check(1)).toEqual({ kind: "hit" });
        expect((await check(2)).kind).toBe("ok");
      },
    );
  });
});

test("a gateway that is not there is unavailable, and never an absence", async () => {
  const gone = upstashRedis({ url: "http://127.0.0.1:9", token: "t" });
  expect(await gone.run([["GET", "x"]], millis(500))).toMatchObject({ kind: "unavailable" });
});
