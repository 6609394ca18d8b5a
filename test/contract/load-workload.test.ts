// Workloads as data: the same requests for the same seed, in the shares that they say, over as many keys as a site has.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { LOAD_FLAGS, loadFlagIn, readLoadFlags } from "../../bench/load/flags.ts";
import { isWorkload, WORKLOADS, type WorkloadName } from "../../bench/load/names.ts";
import { EXPIRES_EVERY_S, groupsOf } from "../../bench/load/site.ts";
import { askOf, CROWD_PATH, mostFactor, rateFactor, type Workload } from "../../bench/load/workload.ts";
import { workloadOf } from "../../bench/load/workloads.ts";
import { zipfRanks } from "../../bench/outside/pick.ts";

const ZIPF: Workload = { kind: "zipf", part: "hot", keys: 100, s: 0.99 };

const pathsOf = (workload: Workload, count: number, more: { seed?: number; afterMs?: number } = {}) => {
  const ask = askOf(workload, more.seed ?? 1);
  return Array.from({ length: count }, (_, number) => ask(number, more.afterMs ?? 0).path);
};

/** How far counts are from what they should be: about as much as there are degrees of freedom, where they are right. */
function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, at) => {
    const should = expected[at] ?? 0;
    return sum + (count - should) ** 2 / should;
  }, 0);
}

test.each([0, 0.5, 0.99, 1, 1.5])("ranks are drawn in proportion to 1 / r^s, s = %d", (s) => {
  const [count, draws] = [50, 100_000];
  const rankOf = zipfRanks({ count, s, seed: 3 });
  const counts = Array.from({ length: count }, () => 0);
  for (let number = 0; number < draws; number++) {
    const rank = rankOf(number);
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  const weights = counts.map((_, rank) => (rank + 1) ** -s);
  const whole = weights.reduce((sum, one) => sum + one, 0);
  // 49 degrees of freedom: what is right is above 95 once in ten thousand seeds, and this one is fixed.
  const expected = weights.map((weight) => (draws * weight) / whole);
  expect(chiSquare(counts, expected)).toBeLessThan(95);
  const other = weights.map((_, rank) => (rank + 1) ** -(s + 0.1));
  const otherWhole = other.reduce((sum, one) => sum + one, 0);
  const wrong = other.map((weight) => (draws * weight) / otherWhole);
  expect(chiSquare(counts, wrong)).toBeGreaterThan(95);
});

test("a million keys are drawn from without looking at each, the last ones too", () => {
  const keys = 1_000_000;
  const rankOf = zipfRanks({ count: keys, s: 0, seed: 1 });
  const draws = 200_000;
  const tenths = Array.from({ length: 10 }, () => 0);
  const began = performance.now();
  for (let number = 0; number < draws; number++) {
    const tenth = Math.floor((10 * rankOf(number)) / keys);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  // Looking at half a million each would take minutes.
  expect(performance.now() - began).toBeLessThan(5000);
  expect(
    chiSquare(
      tenths,
      tenths.map(() => draws / 10),
    ),
  ).toBeLessThan(40);
});

test.each(Object.keys(WORKLOADS).filter((name) => name !== "replay"))(
  "%s is the same for the same seed",
  async (name) => {
    if (!isWorkload(name)) throw new Error("no such workload");
    const workload = await workloadOf(flagsFor(name));
    const first = pathsOf(workload, 300, { seed: 5 });
    expect(pathsOf(workload, 300, { seed: 5 })).toEqual(first);
    const asked = new Set(first.map((path) => path.split("/")[1]));
    const groups = groupsOf(["hot", "standard", "immutable", "expiry", "session"]);
    for (const part of asked) expect(groups.map(({ below }) => below)).toContain(`/${part}/`);
  },
);

test("another seed draws other keys", () => {
  expect(pathsOf(ZIPF, 100, { seed: 2 })).not.toEqual(pathsOf(ZIPF, 100, { seed: 1 }));
});

test("the hot set moves on by so many keys each time, and comes round", () => {
  const moving: Workload = { ...ZIPF, kind: "moving", everyMs: 1000, by: 30 };
  const [key] = pathsOf(moving, 1).map((path) => Number(path.split("/")[2]));
  const later = (afterMs: number) => Number(pathsOf(moving, 1, { afterMs })[0]?.split("/")[2]);
  expect(later(999)).toBe(key);
  expect(later(1000)).toBe(((key ?? 0) + 30) % 100);
  expect(later(4000)).toBe(((key ?? 0) + 120) % 100);
});

test("a crowd comes on top of what comes anyway, for one key, and goes again", () => {
  const crowd: Workload = { kind: "crowd", of: ZIPF, fromMs: 1000, forMs: 500, times: 3 };
  expect([0, 999, 1000, 1499, 1500].map((at) => rateFactor(crowd, at))).toEqual([1, 1, 4, 4, 1]);
  expect(mostFactor(crowd)).toBe(4);
  const share = (afterMs: number): number =>
    pathsOf(crowd, 10_000, { afterMs }).filter((path) => path === CROWD_PATH).length / 10_000;
  expect(share(999)).toBe(0);
  expect(share(1200)).toBeCloseTo(3 / 4, 1);
  expect(share(1500)).toBe(0);
});

test("a scan asks for every key once before any again", () => {
  const paths = pathsOf({ kind: "scan", part: "standard", keys: 40 }, 80);
  expect(new Set(paths.slice(0, 40)).size).toBe(40);
  expect(paths.slice(40)).toEqual(paths.slice(0, 40));
});

test("writes are the share that was asked for", () => {
  const ask = askOf({ kind: "writes", of: ZIPF, share: 0.05 }, 1);
  const writes = Array.from({ length: 20_000 }, (_, number) => ask(number, 0).write).filter(Boolean).length;
  // 1000 are expected, give or take 31.
  expect(Math.abs(writes - 1000)).toBeLessThan(4 * 31);
});

test("every viewer writes where it is before it reads, and reads one time in four after", () => {
  const ask = askOf({ kind: "heartbeats", sessions: 50, reads: 0.25 }, 1);
  const asked = Array.from({ length: 20_000 }, (_, number) => ask(number, 0));
  expect(asked.slice(0, 50).every(({ write }) => write)).toBe(true);
  expect(new Set(asked.slice(0, 50).map(({ path }) => path)).size).toBe(50);
  const reads = asked.filter(({ write }) => !write).length;
  expect(Math.abs(reads - 5000)).toBeLessThan(4 * 62);
});

test("a mix has its shares, and each part goes its own way whole", () => {
  const mix: Workload = {
    kind: "mix",
    parts: [
      { share: 3, of: ZIPF },
      { share: 1, of: { kind: "scan", part: "standard", keys: 500 } },
    ],
  };
  const scanned = pathsOf(mix, 2000).filter((path) => path.startsWith("/standard/"));
  expect(Math.abs(scanned.length - 500)).toBeLessThan(4 * 20);
  expect(scanned.slice(0, 400)).toEqual(pathsOf({ kind: "scan", part: "standard", keys: 500 }, 400));
});

test("all that expires does so at the same instants, whenever it was asked for", () => {
  const [group] = groupsOf(["expiry"]);
  if (typeof group?.headers !== "function") throw new Error("its lives depend on the instant");
  const lives = Number(/max-age=(\d+)/.exec(group.headers("/expiry/1")["cache-control"] ?? "")?.[1]);
  const endsAt = performance.now() / 1000 + lives;
  const off = endsAt % EXPIRES_EVERY_S;
  // Lives are whole seconds.
  expect(Math.min(off, EXPIRES_EVERY_S - off)).toBeLessThanOrEqual(1.1);
});

test("a trace is replayed in its order, over and over, with the sizes that it names", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-trace-"));
  try {
    const file = join(dir, "t.gz");
    writeFileSync(file, gzipSync("a\nb,3000\na\nc/d e,7\n"));
    const workload = await workloadOf({ ...flagsFor("replay"), trace: file });
    const paths = pathsOf(workload, 5);
    expect(paths).toEqual([
      "/replay/0/a",
      "/replay/3000/b",
      "/replay/0/a",
      "/replay/7/c%2Fd%20e",
      "/replay/0/a",
    ]);
    const [group] = groupsOf(["replay"]);
    const octets = group?.octets;
    expect(typeof octets === "function" ? octets("/replay/3000/b") : null).toBe(3000);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

function flagsFor(workload: WorkloadName) {
  const flags = readLoadFlags({ keys: "200" }, { quick: true, trace: null });
  return { ...flags, workload };
}

const read = (values: Record<string, string>, trace: string | null = null) =>
  readLoadFlags(values, { quick: false, trace });

test("flags say what is run", () => {
  expect(read({})).toMatchObject({ workload: "zipf", s: 0.99, rate: 300, seconds: 60, given: null });
  expect(read({ workload: "scan", keys: "1000000", rate: "2000", seconds: "5", zipf: "1.2" })).toMatchObject({
    ...{ workload: "scan", keys: 1_000_000, rate: 2000, seconds: 5, s: 1.2 },
  });
  expect(read({}, "t.gz")).toMatchObject({ workload: "replay", trace: "t.gz" });
  const given = read({
    edges: "http://127.0.0.1:8787,http://127.0.0.1:8788",
    url: "http://shop.test/p/{key}",
  });
  expect(given.given?.edges).toEqual([{ url: "http://127.0.0.1:8787" }, { url: "http://127.0.0.1:8788" }]);
  expect(given.given?.url.host).toBe("shop.test");
});

test.each<[string, Record<string, string>]>([
  ["--workload", { workload: "zipff" }],
  ["--seconds", { seconds: "0" }],
  ["--seconds", { seconds: "1.5" }],
  ["--warm-up", { "warm-up": "-1" }],
  ["--rate", { rate: "many" }],
  ["--zipf", { zipf: "6" }],
  ["--keys", { keys: "1000001" }],
  ["--purges", { purges: "1e3" }],
  ["--seed", { seed: "x" }],
  ["--arrivals", { arrivals: "bursty" }],
  ["--edges", { edges: "localhost:8787", url: "http://a.test/{key}" }],
  ["--edges", { edges: "http://127.0.0.1:1/path", url: "http://a.test/{key}" }],
  ["--url", { edges: "http://127.0.0.1:1" }],
  ["--url", { edges: "http://127.0.0.1:1", url: "http://a.test/none" }],
  ["--url", { url: "http://a.test/{key}" }],
  ["--purges", { edges: "http://127.0.0.1:1", url: "http://a.test/{key}", purges: "1" }],
  ["--workload writes", { edges: "http://127.0.0.1:1", url: "http://a.test/{key}", workload: "writes" }],
  ["--trace", { workload: "replay" }],
])("a wrong %s is named: %j", (flag, values) => {
  expect(() => read(values)).toThrow(TypeError);
  expect(() => read(values)).toThrow(flag);
});

test("whatever flag is given is told, so that it is not given to another benchmark", () => {
  for (const flag of Object.keys(LOAD_FLAGS)) expect(loadFlagIn({ [flag]: "1" })).toBe(flag);
  expect(loadFlagIn({})).toBeNull();
});
