// The control plane looks after the shards: who is left out, who comes back, what an operator changes.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import type { ShardDatabase } from "../../control-plane/control-plane.ts";
import { Refill } from "../../control-plane/hot/refill.ts";
import { ShardWatch } from "../../control-plane/shards/watch.ts";
import { instant } from "../../shared/core/units.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { startEmbeddedRest } from "../support/redis-server.ts";
import { startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

const SECOND = 1000;
let rests: Awaited<ReturnType<typeof startEmbeddedRest>>[];
let away: Set<string>;
let plane: TestPlane;
let watch: ShardWatch;
let refill: Refill;
let now: number;

beforeEach(async () => {
  now = 0;
  away = new Set();
  rests = [await startEmbeddedRest(), await startEmbeddedRest()];
  const clock: Clock = {
    now: () => instant(now),
    surely: () => instant(now),
    backwardSteps: () => 0,
    wall: () => Date.now(),
  };
  const [first, second] = rests.map((rest, at) => unlessAway(`s${at}`, rest.redis));
  if (first === undefined || second === undefined) throw new Error("no databases");
  plane = await startPlane(first, {}, clock);
  // The one beside `control`.
  (plane.plane.databases as Map<string, ShardDatabase>).set("second", { redis: second, weight: 1 });
  refill = new Refill();
  watch = new ShardWatch(refill);
});
afterEach(async () => {
  for (const rest of rests) await rest.stop();
});

const unlessAway = (name: string, redis: Redis): Redis => ({
  run: async (commands, deadline) =>
    away.has(name) ? { kind: "unavailable", reason: "away" } : redis.run(commands, deadline),
});
const shards = async () => (await plane.call("/shards")).json;
const states = async (): Promise<string[]> =>
  (await shards()).items.map(({ state }: { state: string }) => state);
const look = async (after = 0): Promise<string[]> => {
  now += after;
  expect(await watch.look(plane.plane)).toEqual({ kind: "done" });
  expect(await refill.begin(plane.plane)).toEqual({ kind: "begun", begun: 0 });
  return states();
};
const put = (id: string, body: unknown) =>
  plane.ask(`/shards/${id}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("the watch", () => {
  test("begins with all that answer, each in its first life", async () => {
    expect(await shards()).toEqual({ version: 0, items: [], nextCursor: null });
    expect(await look()).toEqual(["serving", "serving"]);
    expect((await shards()).items.map(({ life }: { life: number }) => life)).toEqual([1, 1]);
  });

  test("leaves out one that is silent for long, and has it warm up before it serves again", async () => {
    await look();
    away.add("s1");
    expect(await look(SECOND)).toEqual(["serving", "serving"]);
    expect(await look(LIMITS.shardDownAfter)).toEqual(["serving", "down"]);
    away.clear();
    expect(await look(SECOND)).toEqual(["serving", "warming"]);
    const { version, items } = await shards();
    expect(items[1].life).toBe(version);
    expect(await look(SECOND)).toEqual(["serving", "warming"]);
    expect(await look(LIMITS.shardWarmFor)).toEqual(["serving", "serving"]);
  });

  test("leaves nobody out for the time in which it was not asked", async () => {
    await look();
    away.add("s1");
    // The control plane has stood still, or its clock been set forward, and one call fails.
    expect(await look(3600 * SECOND)).toEqual(["serving", "serving"]);
    away.clear();
    expect(await look(SECOND)).toEqual(["serving", "serving"]);
    away.add("s1");
    expect(await look(SECOND)).toEqual(["serving", "serving"]);
    expect(await look(LIMITS.shardDownAfter)).toEqual(["serving", "down"]);
  });

  test("one that warms up serves when it is refilled, and in the end without that", async () => {
    await look();
    away.add("s1");
    await look(SECOND);
    await look(LIMITS.shardDownAfter);
    away.clear();
    await look(SECOND);
    let goesOn = true;
    refill.isGoingOn = async () => goesOn;
    await look(SECOND);
    expect(await look(LIMITS.shardWarmFor)).toEqual(["serving", "warming"]);
    goesOn = false;
    expect(await look(SECOND)).toEqual(["serving", "serving"]);
    await plane.plane.databases.get("second")?.redis.run([["FLUSHALL"]], LIMITS.shardDeadline);
    goesOn = true;
    await look(SECOND);
    await look(SECOND);
    expect(await look(LIMITS.shardWarmAtMost)).toEqual(["serving", "serving"]);
  });

  test("one that was emptied between two looks begins a new life", async () => {
    await look();
    await plane.plane.databases.get("second")?.redis.run([["FLUSHALL"]], LIMITS.shardDeadline);
    expect(await look(SECOND)).toEqual(["serving", "warming"]);
  });
});

describe("PUT /shards/{id}", () => {
  beforeEach(async () => {
    await look();
  });

  test("takes a shard out, and it comes back as new", async () => {
    expect((await put("second", { out: true })).json.items[1].state).toBe("out");
    expect(await look(LIMITS.shardMapReadEvery)).toEqual(["serving", "out"]);
    await put("second", { out: false, weight: 2.5 });
    expect(await look(LIMITS.shardMapReadEvery)).toEqual(["serving", "warming"]);
    expect((await shards()).items[1].weight).toBe(2.5);
  });

  test.each([
    [{}, "must change something"],
    [{ weight: 0 }, "/weight"],
    [{ weight: 9999 }, "/weight"],
    [{ out: "yes" }, "/out"],
    [{ wieght: 1 }, "wieght"],
  ])("%j is refused by name", async (body, named) => {
    const answer = await put("second", body);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.json.errors)).toContain(named);
  });

  test("a shard that is not there is not found", async () => {
    expect((await put("third", { weight: 1 })).status).toBe(404);
  });
});
