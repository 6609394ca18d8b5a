// Figures of many edges and sites against a real redis-server: what a round costs, and what is counted after something got lost.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { readSeries, type SeriesOutcome } from "../../control-plane/metrics/series.ts";
import { stepFigures } from "../../control-plane/metrics/series-point.ts";
import { SettledSteps } from "../../control-plane/metrics/settled-steps.ts";
import { noRegisters, STANDARD_ERROR, touch, writeRegisters } from "../../shared/core/distinct.ts";
import { millis, minutes } from "../../shared/core/units.ts";
import { createDistinctCounts } from "../../shared/mid-tier/distinct-counts.ts";
import { EDGES, METRIC_TOTALS } from "../../shared/mid-tier/keys.ts";
import { bucketsOver } from "../../shared/mid-tier/metric-buckets.ts";
import { millisecondsOf } from "../../shared/mid-tier/script.ts";
import type { Redis, RedisArgument } from "../../shared/ports/redis.ts";
import { ask, replyTo, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane } from "./control-harness.ts";

let rest: ServerFixture;
let redis: Redis;
let edges: FakeEdge[];
let plane: TestPlane;

/** Counters of each script that took some in, by the calls in which they were sent. */
const calls: number[][] = [];
/** Whether what takes in counters gets an answer. */
let folds = true;

const isFold = (command: readonly RedisArgument[]): boolean =>
  command[0] === "EVAL" && command.some((part) => String(part).startsWith(METRIC_TOTALS));

function noting(to: Redis): Redis {
  return {
    run(commands, deadline) {
      const counters = commands.filter(isFold).map(countersIn);
      if (counters.length > 0) calls.push(counters);
      if (counters.length > 0 && !folds) return Promise.resolve({ kind: "unavailable", reason: "timeout" });
      return to.run(commands, deadline);
    },
  };
}

const countersIn = (command: readonly RedisArgument[]): number =>
  command.filter((part) => /^[a-zA-Z]+\|/.test(String(part))).length;

/** Every counter that was sent to Redis since this was asked last. */
const sent = (): number =>
  calls
    .splice(0)
    .flat()
    .reduce((sum, count) => sum + count, 0);

beforeAll(async () => {
  rest = await startServerRest();
  redis = rest.redis;
});
afterAll(() => rest.stop());

async function start(count: number): Promise<void> {
  await ask(rest, "/", ["FLUSHALL"]);
  folds = true;
  calls.splice(0);
  edges = await Promise.all(Array.from({ length: count }, (_, at) => startFakeEdge(`e${at}`)));
  plane = await restarted();
}
afterEach(async () => {
  await plane.settled();
  await Promise.all(edges.map((edge) => edge.stop()));
});

const restarted = (by: Redis = noting(redis)): Promise<TestPlane> =>
  startPlane(by, { SITES, EDGES: edges.map(({ id, url }) => ({ id, url })) });

const edge = (): FakeEdge => {
  const [first] = edges;
  if (first === undefined) throw new Error("there is no edge");
  return first;
};

const round = async () => (await collectStatus(plane.plane)).kind;

const figures = async () => (await plane.call("/cache-metrics")).json;
const hits = async (): Promise<number> => (await figures()).classes.hot?.hits ?? 0;

describe("ten edges with two hundred sites", () => {
  const SITES_EACH = 200;
  const NAMES = Array.from({ length: 2 * SITES_EACH }, (_, at) => {
    const of = `site-${at >> 1}|${at % 2 === 0 ? "hot" : "standard"}`;
    const took = Array.from({ length: 8 }, (_, bucket) => `took|${of}|${bucket}`);
    return [`requests|${of}|hit|l2`, `tier|${of}|l2|hits`, ...took];
  }).flat();

  test("send what has grown, in scripts of few counters, and nothing while nothing happens", {
    timeout: 120_000,
  }, async () => {
    await start(10);
    const all = Object.fromEntries(NAMES.map((name) => [name, 1]));
    for (const one of edges) one.counters = all;
    for (let rounds = 0; rounds < 3; rounds++) expect(await round()).toBe("done");
    expect(Math.max(...calls.flat())).toBeLessThanOrEqual(500);
    expect(
      Math.max(...calls.map((scripts) => scripts.reduce((sum, one) => sum + one, 0))),
    ).toBeLessThanOrEqual(2000);
    // All of it, told twice at most: the first word of it was not acknowledged when the second was said.
    expect(sent()).toBeLessThanOrEqual(2 * 10 * NAMES.length);
    expect(await round()).toBe("done");
    // All ten reports in one script.
    expect(calls).toEqual([[0]]);
    expect(sent()).toBe(0);
    edge().counters = { ...all, "requests|site-7|hot|hit|l2": 5, "took|site-7|hot|0": 5 };
    expect(await round()).toBe("done");
    expect(sent()).toBe(2);
    expect(calls).toEqual([]);
    const { classes } = await figures();
    expect(classes.hot.requests).toBe(10 * SITES_EACH + 4);
    expect(classes.standard.requests).toBe(10 * SITES_EACH);
  });
});

describe("a report", () => {
  beforeEach(() => start(1));

  test("that could not be folded comes again, and costs none of what comes with it", async () => {
    edge().counters = { "requests|shop|hot|hit|l2": 3 };
    edge().hot = {
      ...{ number: 1, total: 1 },
      keys: [
        {
          ...{ site: "shop", class: "hot", url: "https://shop.test/a", headers: [] },
          ...{ requests: 1, renewal: null },
        },
      ],
    };
    folds = false;
    expect(await round()).toBe("unavailable");
    expect(plane.plane.hotLedger.newsFor("e0").counted).toEqual({ boot: "boot-of-e0", number: 1 });
    folds = true;
    expect(await round()).toBe("done");
    expect(await hits()).toBe(3);
  });

  test("counts once, whoever takes it in and however often its acknowledgement is lost", async () => {
    edge().counters = { "requests|shop|hot|hit|l2": 3 };
    await round();
    plane = await restarted();
    await round();
    edge().counters = { "requests|shop|hot|hit|l2": 5 };
    await round();
    plane = await restarted();
    expect(await hits()).toBe(5);
  });

  test("of a new life begins from nought, that of the one before stays as it was", async () => {
    edge().counters = { "requests|shop|hot|hit|l2": 3 };
    for (let at = 0; at < 2; at++) await round();
    edge().boot = "second";
    edge().counters = { "requests|shop|hot|hit|l2": 2 };
    for (let at = 0; at < 2; at++) await round();
    expect(await hits()).toBe(5);
  });
});

describe("what was counted long ago is not counted anew", () => {
  beforeEach(() => start(1));
  const DAY = 86_400_000;

  /** Served for a day, and told all along. */
  async function served(): Promise<void> {
    edge().counters = { "requests|shop|hot|hit|l2": 500, "requests|shop|hot|stale|l2": 70 };
    for (let at = 0; at < 2; at++) await round();
    edge().aliveMs = DAY;
  }

  test("when Redis comes back empty: only what comes after counts, of whichever counter", async () => {
    await served();
    await replyTo(redis, "FLUSHALL");
    for (let at = 0; at < 3; at++) await round();
    expect((await figures()).classes).toEqual({});
    edge().counters = { "requests|shop|hot|hit|l2": 501, "requests|shop|hot|stale|l2": 72 };
    await round();
    expect((await figures()).classes.hot).toMatchObject({ requests: 3, hits: 1, stale: 2 });
  });

  test("nor by a control plane that begins at the same time and has acknowledged nothing", async () => {
    await served();
    await replyTo(redis, "FLUSHALL");
    plane = await restarted();
    edge().counters = { "requests|shop|hot|hit|l2": 503, "requests|shop|hot|stale|l2": 70 };
    await round();
    expect((await figures()).classes).toEqual({});
    edge().counters = { "requests|shop|hot|hit|l2": 503, "requests|shop|hot|stale|l2": 71 };
    await round();
    expect((await figures()).classes.hot).toMatchObject({ requests: 1, stale: 1 });
  });

  test("when an edge comes back that was silent for so long that its totals are forgotten", async () => {
    await served();
    const before = await hits();
    const [totals] = (await replyTo(redis, "KEYS", `${METRIC_TOTALS}*`)) as string[];
    await replyTo(redis, "DEL", totals ?? "");
    edge().counters = { "requests|shop|hot|hit|l2": 900, "requests|shop|hot|stale|l2": 70 };
    await round();
    expect(await hits()).toBe(before);
  });

  test("when an edge is asked for the first time that has long been there, in as many reports as that takes", async () => {
    edge().aliveMs = DAY;
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`requests|s${at}|hot|hit|l2`, count]));
    edge().counters = many(10);
    for (let at = 0; at < 4; at++) await round();
    expect((await figures()).classes).toEqual({});
    edge().counters = many(11);
    for (let at = 0; at < 4; at++) await round();
    expect(await hits()).toBe(5000);
  });

  test("but all of a life is that began while nobody asked", async () => {
    await round();
    const seen = String(await replyTo(redis, "HGET", EDGES, "e0"));
    const [at = "", report = ""] = seen.split(/ (.*)/s);
    await replyTo(redis, "HSET", EDGES, "e0", `${Number(at) - 3_600_000} ${report}`);
    edge().boot = "second";
    edge().aliveMs = 3_500_000;
    edge().counters = { "requests|shop|hot|hit|l2": 40 };
    await round();
    expect(await hits()).toBe(40);
  });
});

describe("buckets of many sites", () => {
  const FIGURES = 12_000;
  const SPAN = minutes(20);

  /** So many settled buckets of the finest, each with a hit of every class of many sites. */
  async function filled(count: number): Promise<number> {
    const now = millisecondsOf((await replyTo(redis, "TIME")) as string[]);
    const { buckets } = bucketsOver(SPAN, now);
    const fields = Array.from({ length: FIGURES }, (_, at) => [`requests|s${at}|hot|hit|l2`, 1]).flat();
    for (const { key } of buckets.slice(10, 10 + count))
      await replyTo(redis, "HSET", key, ...fields, "gauge|originConcurrencyMax", 3);
    return now;
  }

  beforeEach(() => start(1));

  test("are read for a chart few at a time, and what was read is not read again after a call that failed", async () => {
    await filled(6);
    /** The keys of each call that was made to read buckets. */
    const read: string[][] = [];
    let answers = 2;
    plane = await restarted({
      run(commands, deadline) {
        const keys = commands.filter(([name, key]) => name === "HGETALL" && /:bucket:/.test(String(key)));
        if (keys.length === 0) return redis.run(commands, deadline);
        read.push(keys.map(([, key]) => String(key)));
        return answers-- > 0
          ? redis.run(commands, deadline)
          : Promise.resolve({ kind: "unavailable", reason: "timeout" });
      },
    });
    expect((await readSeries(plane.plane, SPAN, null)).kind).toBe("unavailable");
    const kept = read.splice(0).slice(0, 2).flat();
    expect(kept.length).toBeGreaterThan(10);
    answers = Number.POSITIVE_INFINITY;
    const series = await readSeries(plane.plane, SPAN, null);
    if (series.kind !== "series") throw new Error(series.reason);
    const after = read.splice(0).flat();
    expect(after.filter((key) => kept.includes(key))).toEqual([]);
    expect(new Set([...kept, ...after]).size).toBeGreaterThanOrEqual(series.series.points.length);
    expect(series.series.points.map(({ requests }) => requests).filter((one) => one > 0)).toEqual(
      Array.from({ length: 6 }, () => FIGURES),
    );
    await readSeries(plane.plane, SPAN, null);
    expect(read.flat().length).toBeLessThan(5);
  });

  test("are remembered as points: of one site as of all, and of no more than there is room for", async () => {
    await filled(2);
    const ofOne = await readSeries(plane.plane, SPAN, "s7");
    const ofAll = await readSeries(plane.plane, SPAN, null);
    const requests = (of: SeriesOutcome) =>
      of.kind === "series" ? of.series.points.reduce((sum, point) => sum + point.requests, 0) : null;
    expect([requests(ofOne), requests(ofAll)]).toEqual([2, 2 * FIGURES]);
    const few = new SettledSteps(3);
    const figures = stepFigures(0, new Map());
    for (let at = 0; at < 5; at++) few.keep(`bucket-${at}`, null, figures);
    expect([few.size, few.of("bucket-1", null), few.of("bucket-4", null)]).toEqual([3, null, figures]);
    expect(few.of("bucket-4", "s7")).toBeNull();
  });

  test("are added up by Redis while they are small, and read where they are not", async () => {
    const now = await filled(2);
    const small = bucketsOver(SPAN, now).buckets.slice(0, 5);
    for (const { key } of small)
      await replyTo(redis, "HSET", key, "requests|s1|hot|hit|l2", 10, "gauge|originConcurrencyMax", 9);
    const sums = await plane.plane.metrics.sum(SPAN, now);
    if (sums.kind !== "sums") throw new Error(sums.reason);
    expect(sums.sums.size).toBe(FIGURES + 1);
    expect(sums.sums.get("requests|s1|hot|hit|l2")).toBe(5 * 10 + 2);
    expect(sums.sums.get("gauge|originConcurrencyMax")).toBe(9);
    expect(sums.unfinished).toBe(0);
  });
});

test("different keys of many sites are merged few at a time, and read without reading each site's", async () => {
  await start(1);
  const commands: (readonly RedisArgument[])[] = [];
  const counting: Redis = {
    run(given, deadline) {
      commands.push(...given);
      return redis.run(given, deadline);
    },
  };
  const counts = createDistinctCounts(counting, millis(1500));
  const now = millisecondsOf((await replyTo(redis, "TIME")) as string[]);
  const registersOf = (site: number): string => {
    const registers = noRegisters();
    for (let at = 0; at < 100; at++) touch(registers, `s${site} /${at}`);
    return writeRegisters(registers);
  };
  const distinct = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`s${at}`, registersOf(at)]));
  for (let times = 0; times < 2; times++)
    expect(await counts.take([{ report: { distinct } }], now)).toEqual({ kind: "merged" });
  const sites = commands.map((command) => command.filter((part) => /^(?:s\d+)?$/.test(String(part))).length);
  expect(sites.every((count) => count <= 20)).toBe(true);
  const close = (estimate: number, to: number) => Math.abs(estimate - to) / to < 4 * STANDARD_ERROR;
  commands.splice(0);
  const all = await counts.count(minutes(1), { now, site: null });
  const one = await counts.count(minutes(1), { now, site: "s7" });
  expect(all.kind === "count" && close(all.estimate, 5000)).toBe(true);
  expect(one.kind === "count" && close(one.estimate, 100)).toBe(true);
  expect(commands.every(([name]) => name === "HGET")).toBe(true);
});
