// A Redis behind its breaker: what opens it, and what tells nothing of the database.

import { expect, test } from "vitest";
import { instant, type Millis, millis } from "../../shared/core/units.ts";
import { guardedRedis } from "../../shared/mid-tier/guarded.ts";
import { createOriginBudget } from "../../shared/mid-tier/origin-budget.ts";
import type { RedisOutcome } from "../../shared/ports/redis.ts";

const LIMITS = { failures: 3, pause: millis(500), tells: millis(500) };
const [TAKE, READ] = [millis(300), millis(500)];

/** One that answers after so many milliseconds, where it is let; or refuses at once. */
function database() {
  let now = 0;
  const set = { after: 0, refuses: false, early: 0 };
  const clock = {
    now: () => instant(now),
    surely: () => instant(now),
    backwardSteps: () => 0,
    wall: () => now,
  };
  const run = async (_: unknown, deadline: Millis): Promise<RedisOutcome> => {
    if (set.refuses) return { kind: "unavailable", reason: "refused", undone: true };
    now += Math.min(set.after, deadline - set.early);
    return set.after >= deadline
      ? { kind: "unavailable", reason: "timeout" }
      : { kind: "replies", replies: [] };
  };
  const redis = guardedRedis({ run }, clock, LIMITS);
  const ask = async (times: number, deadline: Millis) => {
    for (let time = 0; time < times; time++) await redis.run([["PING"]], deadline);
    return redis.isOpen();
  };
  return { set, ask, redis, clock };
}

test("three calls that had the time of a read open it", async () => {
  const { set, ask } = database();
  set.after = 10_000;
  expect(await ask(2, READ)).toBe(false);
  expect(await ask(1, READ)).toBe(true);
});

test("calls that are given up sooner leave a slow database to those who can wait", async () => {
  const { set, ask, redis } = database();
  set.after = 400;
  expect(await ask(20, TAKE)).toBe(false);
  expect(await redis.run([["GET", "k"]], READ)).toEqual({ kind: "replies", replies: [] });
  expect(redis.counters).toMatchObject({ calls: 21, errors: 20, spared: 0 });
});

test("so do those whose timer is a moment early", async () => {
  const { set, ask } = database();
  Object.assign(set, { after: 400, early: 0.9 });
  expect(await ask(20, TAKE)).toBe(false);
});

test("nor do they make those forgotten that tell of it", async () => {
  const { set, ask } = database();
  set.after = 10_000;
  expect(await ask(2, READ)).toBe(false);
  expect(await ask(5, TAKE)).toBe(false);
  expect(await ask(1, READ)).toBe(true);
});

test("what refuses a short call at once has told as much as if it had been a long one", async () => {
  const { set, ask } = database();
  set.refuses = true;
  expect(await ask(3, TAKE)).toBe(true);
});

test("while it is open a call that is given up sooner neither closes it nor lets others pass", async () => {
  const { set, ask, redis } = database();
  set.after = 10_000;
  await ask(3, READ);
  expect(await ask(4, TAKE)).toBe(true);
  expect(redis.counters.spared).toBeGreaterThan(0);
});

test("the budget's takes are spared by a breaker of their own, which closes nothing for others", async () => {
  const { set, redis, clock } = database();
  const budget = createOriginBudget(redis, { clock, deadline: TAKE, breaker: LIMITS });
  const asked = { buckets: [{ name: "shop", rate: 1, burst: 1, cost: 1, reserve: 0 }], patience: millis(0) };
  set.after = 400;
  for (let taken = 0; taken < 10; taken++)
    expect(await budget.take(asked)).toMatchObject({ kind: "unavailable" });
  expect(redis.counters.calls).toBe(LIMITS.failures);
  expect(await redis.run([["GET", "k"]], READ)).toMatchObject({ kind: "replies" });
});
