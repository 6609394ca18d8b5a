// The buckets in Redis: what many askers get of them together, over a clock that steps, and what is lost with a reply.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { type Bucket, fullBucket, takeTokens } from "../../shared/core/token-bucket.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import type { BucketAsked, OriginBudget } from "../../shared/ports/origin-budget.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { systemClock } from "../../shared/runtime/system.ts";
import { BACKENDS, type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";

const NOW = millis(0);
const PATIENT = { clock: systemClock(), deadline: millis(2000), breaker: LIMITS.breaker };
const shop: BucketAsked = { name: "shop", rate: 0.001, burst: 3, cost: 1, reserve: 0 };

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let budget: OriginBudget;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    budget = createOriginBudget(redis, PATIENT);
  });
  afterAll(() => rest?.stop());
  beforeEach(() => run("FLUSHALL"));

  const run = async (...command: RedisArgument[]): Promise<unknown> => {
    const outcome = await redis.run([command], millis(2000));
    const [reply] = outcome.kind === "replies" ? outcome.replies : [];
    if (reply?.kind !== "reply") throw new Error(JSON.stringify(outcome));
    return reply.reply;
  };
  const take = (more: Partial<BucketAsked> = {}, patience = NOW) =>
    budget.take({ buckets: [{ ...shop, ...more }], patience });

  test("however many ask at once, no more than its burst is given", async () => {
    const given = await Promise.all(Array.from({ length: 20 }, () => take()));
    expect(given.filter(({ kind }) => kind === "granted")).toHaveLength(3);
    const refused = given.find((one) => one.kind === "refused");
    // The next one comes in a thousand seconds.
    expect(refused).toMatchObject({ wait: expect.closeTo(1_000_000, -4) });
  });

  test("who waits has it taken now, for later: the next one waits longer", async () => {
    const slow = { rate: 0.1, burst: 1 };
    expect(await take(slow)).toEqual({ kind: "granted", after: 0 });
    const [first, second] = [await take(slow, millis(60_000)), await take(slow, millis(60_000))];
    if (first.kind !== "granted" || second.kind !== "granted") throw new Error("both can wait");
    expect(first.after).toBeGreaterThan(0);
    // Ten seconds apart, less what has passed between the two commands.
    expect(second.after).toBeGreaterThan(first.after);
    expect(second.after - first.after).toBeLessThanOrEqual(10_000);
  });

  test("of two buckets both give, or neither", async () => {
    const hot = { ...shop, name: "shop:hot", burst: 1 };
    const both = () => budget.take({ buckets: [shop, hot], patience: NOW });
    expect((await both()).kind).toBe("granted");
    expect((await both()).kind).toBe("refused");
    // The refusal has cost the site's bucket nothing.
    expect([(await take()).kind, (await take()).kind, (await take()).kind]).toEqual([
      "granted",
      "granted",
      "refused",
    ]);
  });

  test("what has to be left to others is left", async () => {
    const kinds = [await take({ reserve: 2 }), await take({ reserve: 2 }), await take(), await take()];
    expect(kinds.map(({ kind }) => kind)).toEqual(["granted", "refused", "granted", "granted"]);
  });

  test("a clock set back by an hour gives nothing, and holds nothing up", async () => {
    for (let i = 0; i < 3; i++) await take({ rate: 100 });
    // The bucket was last seen an hour from now: to it, that is a clock set back.
    const at = Number(await run("HGET", "tg:bucket:shop", "at"));
    await run("HSET", "tg:bucket:shop", "left", 0, "at", at + 3_600_000_000);
    expect((await take({ rate: 100 })).kind).toBe("refused");
    const outcome = await take({ rate: 100 }, millis(1000));
    expect(outcome).toMatchObject({ kind: "granted" });
    if (outcome.kind === "granted") expect(outcome.after).toBeLessThanOrEqual(10);
  });

  test("is forgotten once it is full again, and not before", async () => {
    const begun = performance.now();
    await take({ rate: 1 });
    const left = Number(await run("PTTL", "tg:bucket:shop"));
    // A second until it is full, and one more, less what the two calls took.
    expect(left).toBeGreaterThan(2000 - (performance.now() - begun) - 5);
    expect(left).toBeLessThanOrEqual(2000);
  });

  test("a command that is sent twice takes twice, and gives nothing", async () => {
    const kinds = [await take(), await take(), await take(), await take()];
    expect(kinds.map(({ kind }) => kind)).toEqual(["granted", "granted", "granted", "refused"]);
  });

  test("a bucket that can't be read is away, and not full", async () => {
    await run("SET", "tg:bucket:shop", "garbage");
    expect((await take()).kind).toBe("unavailable");
  });
});

test("the script and the isolate's own bucket count alike, step for step", async () => {
  let wall = 1_800_000_000_000;
  const rest = await startEmbeddedRest(() => wall);
  try {
    const budget = createOriginBudget(rest.redis, PATIENT);
    const terms = { rate: 7.3, burst: 4 };
    const bucket: Bucket = fullBucket(terms, instant(wall));
    for (let step = 0; step < 300; step++) {
      wall += (step * 37) % 211;
      const cost = step % 5 === 0 ? 2 : 1;
      const reserve = step % 7 === 0 ? 1.5 : 0;
      const patience = millis((step % 3) * 90);
      const theirs = await budget.take({ buckets: [{ name: "same", ...terms, cost, reserve }], patience });
      const ours = takeTokens(bucket, { ...terms, cost, reserve, patience }, instant(wall));
      expect({ step, ...theirs }).toEqual({ step, ...ours });
    }
  } finally {
    await rest.stop();
  }
});
