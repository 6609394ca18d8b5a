// How much of L2 an invalidation would hit: a count where all can be read in time, else an honest estimate.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Routing } from "../../shared/core/routing.ts";
import { compileRouting } from "../../shared/core/routing.ts";
import { selectorsOf } from "../../shared/core/selector.ts";
import type { StoredAnswer } from "../../shared/core/stored-answer.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { type AnswerSamples, createAnswerSamples } from "../../shared/mid-tier/answer-sample.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { systemClock, systemRandom } from "../../shared/runtime/system.ts";
import { encodeAnswer } from "../../shared/wire/stored-answer.ts";
import { BACKENDS, type RestFixture } from "../support/redis-server.ts";

const site = { name: "default", hosts: ["*"], aliases: [], canonicalHost: "h.test" };
const routing: Routing = compileRouting([site], []);

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let head: LogHead;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    const outcome = await createLog(redis, LOG_LIMITS).snapshot(0);
    if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
    head = outcome.head;
  });
  afterEach(() => run([["FLUSHALL"]]));

  async function run(commands: readonly (readonly RedisArgument[])[]): Promise<void> {
    const outcome = await redis.run(commands, millis(10_000));
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  }

  const samples = (answers = 200, over: Redis = redis): AnswerSamples =>
    createAnswerSamples(
      { redis: over, shards: () => [over], clock: systemClock(), random: systemRandom },
      { answers, scan: 1000, pages: 5, deadline: millis(5000) },
    );

  const answerAt = (path: string): StoredAnswer => ({
    ...{ version: 2, id: path, key: path, status: 200, headers: [], class: "standard", vary: [] },
    selectors: selectorsOf({
      site: "default",
      host: "h.test",
      pathAndQuery: path,
      class: "standard",
      tags: [],
    }),
    asOf: head,
    ...{ part: { kind: "whole" }, length: 10, dirty: false, fresh: millis(60_000), lease: "lease" },
    ...{
      staleWhileRevalidate: millis(0),
      staleIfError: millis(0),
      ageWhenSent: millis(0),
      receivedAtWall: 0,
    },
  });

  /** As `fill.lua` writes them. */
  const store = (paths: readonly string[]): Promise<void> =>
    run(
      paths.map((path) => [
        ...[
          "HSET",
          `tg:a:${Buffer.from(path).toString("hex")}`,
          "id",
          path,
          "ve",
          head.epoch,
          "vs",
          head.seq,
        ],
        ...["m", encodeAnswer(answerAt(path)), "b", "", "d", ""],
      ]),
    );

  const look = async (selector: string, by: AnswerSamples = samples()) => {
    const outcome = await by.look([selector as Selector], routing);
    if (outcome.kind === "unavailable") throw new Error(outcome.reason);
    return outcome.look;
  };

  test("every database that answers counts, and one that doesn't is left out", async () => {
    await store(["/a/1", "/b"]);
    const silent: Redis = { run: async () => ({ kind: "unavailable", reason: "away" }) };
    const over = (shards: readonly Redis[]): AnswerSamples =>
      createAnswerSamples(
        { redis, shards: () => shards, clock: systemClock(), random: systemRandom },
        { answers: 200, scan: 1000, pages: 5, deadline: millis(5000) },
      );
    const everything = "default e" as Selector;
    expect(await look(everything, over([redis, silent]))).toMatchObject({ entries: 2, of: 2 });
    expect(await look(everything, over([redis, redis]))).toMatchObject({ entries: 4, of: 4 });
  });

  test("a few answers are counted, whatever else there is, and what can't be read is none", async () => {
    await store(["/a/1", "/a/2", "/b"]);
    await run([
      ["HSET", "tg:a:marker", "vary", "accept-language"],
      ["HSET", "tg:a:damaged", "m", "{}", "ve", "1", "vs", "1"],
      ["SET", "tg:a:foreign", "text"],
      ["SET", "other", "text"],
    ]);
    expect(await look("default p h.test/a")).toEqual({ entries: 2, bytes: 20, sampled: 3, of: 3 });
    expect(await look("default e")).toMatchObject({ entries: 3 });
    expect(await look("shop e")).toMatchObject({ entries: 0, sampled: 3, of: 3 });
  });

  test("nothing is none", async () => {
    expect(await look("default e")).toEqual({ entries: 0, bytes: 0, sampled: 0, of: 0 });
  });

  test("what the log has put out of date is not hit once more", async () => {
    await store(["/a", "/b"]);
    await createLog(redis, LOG_LIMITS).append({
      ...{
        operationId: "p",
        requestDigest: "x",
        actor: "test",
        action: "invalidate",
        detail: "",
        replicas: 0,
      },
      payload: { kind: "invalidate", mode: "hard", selectors: ["default u h.test/a" as Selector] },
    });
    expect(await look("default e")).toMatchObject({ entries: 1, of: 2 });
    await run([["HSET", `tg:a:${Buffer.from("/b").toString("hex")}`, "ve", head.epoch - 1]]);
    expect(await look("default e")).toMatchObject({ entries: 0, of: 2 });
  });

  test("of many, some are read, and their share of all keys tells how many there are", async () => {
    const paths = Array.from({ length: 6000 }, (_, i) => `/${i % 4 === 0 ? "fourth" : "other"}/${i}`);
    for (let at = 0; at < paths.length; at += 500) {
      await store(paths.slice(at, at + 500));
      await run(Array.from({ length: 250 }, (_, i) => ["SET", `other:${at + i}`, "x"]));
    }
    const found = await look("default p h.test/fourth");
    expect(found.sampled).toBe(200);
    expect(found.of).toBeGreaterThan(5000);
    expect(found.of).toBeLessThan(7000);
    expect(found.entries / found.sampled).toBeGreaterThan(0.1);
    expect(found.entries / found.sampled).toBeLessThan(0.4);
    expect(found.bytes).toBe(found.entries * 10);
  }, 30_000);

  test("while Redis does not answer, nothing is said, and in good time", async () => {
    await store(["/a"]);
    const silent: Redis = {
      run: (_commands, deadline) =>
        new Promise((resolve) =>
          setTimeout(() => resolve({ kind: "unavailable", reason: "timeout" }), deadline),
        ),
    };
    const by = createAnswerSamples(
      { redis: silent, shards: () => [silent], clock: systemClock(), random: systemRandom },
      { answers: 10, scan: 10, pages: 5, deadline: millis(50) },
    );
    expect(await by.look(["default e" as Selector], routing)).toEqual({
      kind: "unavailable",
      reason: "timeout",
    });
  });
});
