// What edges have observed, merged in Redis: against a real redis-server and the embedded store alike.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addFigure, figureOf, noFigures } from "../../shared/core/traffic-figures.ts";
import { hours, millis } from "../../shared/core/units.ts";
import { OBSERVED, OBSERVED_RANK } from "../../shared/mid-tier/keys.ts";
import {
  createObservations,
  type EdgeObservations,
  type Observations,
} from "../../shared/mid-tier/observations.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { BACKENDS, type RestFixture, replyTo } from "../support/redis-server.ts";

const HALF_LIFE = hours(6);
const MOST = 4;

let number = 0;
function batch(requests: Record<string, number>, more: Partial<EdgeObservations> = {}): EdgeObservations {
  number += 1;
  const rows = Object.entries(requests).map(([pattern, count]) => {
    const figures = noFigures();
    addFigure(figures, "requests", count);
    addFigure(figures, "comparedMs", 123_456);
    return { site: "default", pattern, figures };
  });
  return { edge: "one", boot: "boot", batch: { number, rows }, ...more };
}

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  let redis: Redis;
  let observations: Observations;

  beforeAll(async () => {
    rest = await start();
    redis = rest.redis;
    observations = createObservations(redis, { deadline: millis(2000), halfLife: HALF_LIFE, most: MOST });
  });
  afterAll(() => rest?.stop());
  beforeEach(async () => {
    await run("FLUSHALL");
  });

  const run = (...command: RedisArgument[]): Promise<RedisReply> => replyTo(redis, ...command);
  const read = async () => {
    const outcome = await observations.read();
    if (outcome.kind !== "observations") throw new Error(outcome.reason);
    return outcome.observations;
  };
  const requests = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await read())
        .map(({ pattern, figures }) => [pattern, Math.round(figureOf(figures, "requests"))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  /** As if it had been merged so much earlier. */
  async function age(pattern: string, by: number): Promise<void> {
    const name = `default ${pattern}`;
    const [since, begun, sums] = String(await run("HGET", OBSERVED, name)).split(" ");
    await run("HSET", OBSERVED, name, [Number(since) - by, Number(begun) - by, sums].join(" "));
  }

  test("edges are added up, and a batch that comes again counts once", async () => {
    const first = batch({ "/a": 80, "/b": 8 });
    for (let i = 0; i < 3; i++) await observations.merge([first]);
    await observations.merge([batch({ "/a": 20 }, { edge: "two" })]);
    expect(await requests()).toEqual({ "/a": 100, "/b": 8 });
    const [one] = await read();
    expect(figureOf(one?.figures ?? [], "comparedMs")).toBeGreaterThan(123_000);
  });

  test("what was seen counts half after a half-life, also where more comes", async () => {
    await observations.merge([batch({ "/a": 80, "/b": 80 })]);
    for (const pattern of ["/a", "/b"]) await age(pattern, HALF_LIFE);
    await observations.merge([batch({ "/a": 5 })]);
    expect(await requests()).toEqual({ "/a": 45, "/b": 40 });
    const b = (await read()).find(({ pattern }) => pattern === "/b");
    // 40 by now, of something that was counted for one half-life: half of what the rate would amount to in the end.
    const rate = figureOf(b?.figures ?? [], "requests") * (b?.perSecond ?? 0);
    expect(rate).toBeCloseTo(40 / ((HALF_LIFE / 1000 / Math.LN2) * 0.5), 5);
  });

  test("those asked for least give way, and are gone from both", async () => {
    await observations.merge([batch({ "/a": 50, "/b": 10, "/c": 40, "/d": 30 })]);
    await observations.merge([batch({ "/e": 20 })]);
    expect(Object.keys(await requests())).toEqual(["/a", "/c", "/d", "/e"]);
    expect(await run("ZCARD", OBSERVED_RANK)).toBe(MOST);
  });

  test("what another release has written is passed over, and begun anew", async () => {
    await run("HSET", OBSERVED, "default /a", "1 1 1,2,3");
    expect(await requests()).toEqual({});
    await observations.merge([batch({ "/a": 8 })]);
    expect(await requests()).toEqual({ "/a": 8 });
  });
});
