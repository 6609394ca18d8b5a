// The refresher: keys whose traffic is spread too thin for any edge to renew them in time are renewed before they expire.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { LIMITS as EDGE_LIMITS } from "../../edge/config.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import { type Selector, seconds } from "../../shared/core/units.ts";
import { HOST } from "../support/lone-edge.ts";
import { type Fleet, startFleet } from "./refresh-fleet.ts";

const LIFE = 30;
const FRESH: HeaderList = [["cache-control", `max-age=${LIFE}`]];
const VALIDATED: HeaderList = [...FRESH, ["etag", '"1"']];
const row = (refresh_strategy: string) => [
  { key_pattern: "/*", class: "standard", refresh_strategy, stale_while_revalidate: 0, window_ms: 5000 },
];

const { hotEvery } = EDGE_LIMITS;
// Each request is counted: by samples it would take minutes until what is asked for seldom is known.
beforeAll(() => void Object.assign(EDGE_LIMITS, { hotEvery: 1 }));
afterAll(() => void Object.assign(EDGE_LIMITS, { hotEvery }));

let fleet: Fleet;
afterEach(() => fleet.stop());

async function started(strategy = "swr", of: Parameters<typeof startFleet>[1] = {}): Promise<void> {
  fleet = await startFleet(row(strategy), of);
  fleet.headers = VALIDATED;
}

interface Run {
  readonly requests: number;
  readonly hitRatio: number;
  /** To the origin, by anybody. */
  readonly asked: number;
}

/** Each key once in `every` seconds, at one edge after another. What the first minute brings is not counted. */
async function play(of: { keys: number; every: number; span: number }): Promise<Run> {
  const { keys, every, span } = of;
  let [requests, hits, before] = [0, 0, 0];
  for (let second = 0; second < span; second++) {
    if (second === 60) before = fleet.asked.length;
    for (let key = second % every; key < keys; key += every) {
      const cacheStatus = await fleet.get(key + Math.floor(second / every), `/thin/${key}`);
      if (second < 60) continue;
      requests += 1;
      if (/ hit/.test(cacheStatus)) hits += 1;
    }
    await fleet.beat();
  }
  return { requests, hitRatio: hits / requests, asked: fleet.asked.length - before };
}

/** One key that is counted, at every edge in turn, often enough to be worth it. */
async function known(path = "/a", times = 60): Promise<void> {
  for (let n = 0; n < times; n++) await fleet.get(n, path);
  await fleet.beat();
}

async function beats(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await fleet.beat();
}

describe("keys that are asked for every ten seconds, at one edge after another", { timeout: 120_000 }, () => {
  const of = { keys: 15, every: 10, span: 180 };

  test("are met expired once a life without the refresher", async () => {
    await started("none");
    const { hitRatio } = await play(of);
    console.log({ without: hitRatio });
    expect(hitRatio).toBeLessThan(0.75);
    expect(fleet.renewed()).toEqual({ fetched: 0, confirmed: 0, shed: 0, failed: 0 });
  });

  test("are hits with it, and what it asks the origin is answered by 304", async () => {
    await started();
    const { hitRatio, requests, asked } = await play(of);
    const { confirmed, fetched } = fleet.renewed();
    console.log({ with: hitRatio, requests, asked, confirmed, fetched });
    expect(hitRatio).toBeGreaterThan(0.95);
    expect(confirmed).toBeGreaterThan(40);
    expect(fetched).toBe(0);
    // Once a life and key; half of what the clients would have asked for at their edges one by one.
    expect(asked).toBeLessThanOrEqual((of.keys * (of.span - 60) * 1.2) / (LIFE - 3));
  });
});

describe("one key", () => {
  test("is renewed before its end, once for all edges, who then have it from L2", async () => {
    await started();
    await known();
    expect(fleet.asked).toHaveLength(1);
    await beats(LIFE - 5);
    expect(fleet.asked).toHaveLength(1);
    await beats(4);
    expect(fleet.asked).toEqual([
      { path: "/a", conditional: false },
      { path: "/a", conditional: true },
    ]);
    await beats(5);
    for (const edge of [0, 1, 2]) expect(await fleet.get(edge, "/a")).toMatch(/hit/);
    expect(fleet.asked).toHaveLength(2);
  });

  test("is renewed life after life while it is asked for, and not much longer", async () => {
    await started("swr", { halfLife: seconds(60) });
    await known("/a", 30);
    await beats(3 * LIFE);
    expect(fleet.asked.length).toBeGreaterThanOrEqual(3);
    await beats(8 * LIFE);
    const after = fleet.asked.length;
    await beats(2 * LIFE);
    expect(fleet.asked.length).toBe(after);
  });

  test("without a validator is fetched whole", async () => {
    await started();
    fleet.headers = FRESH;
    await known();
    await beats(LIFE);
    expect(fleet.asked).toEqual([
      { path: "/a", conditional: false },
      { path: "/a", conditional: false },
    ]);
    expect(fleet.renewed()).toMatchObject({ fetched: 1, confirmed: 0 });
  });

  test("that somebody has fetched meanwhile is left alone", async () => {
    await started();
    await known();
    await beats(LIFE - 6);
    // Purged: whoever asks next fetches it, and what was noted before speaks of the former one.
    const selectors = [`default u ${HOST}/a` as Selector];
    for (const lone of fleet.edges) lone.append({ kind: "invalidate", mode: "hard", selectors });
    for (const lone of fleet.edges) await lone.beat();
    await fleet.get(0, "/a");
    expect(fleet.asked).toHaveLength(2);
    await beats(6);
    expect(fleet.asked).toHaveLength(2);
    expect(fleet.renewed()).toEqual({ fetched: 0, confirmed: 0, shed: 0, failed: 0 });
  });

  test("of which the new answer may not be stored is let go", async () => {
    await started();
    await known();
    fleet.headers = [["cache-control", "no-store"]];
    fleet.status = 203;
    await beats(LIFE);
    const asked = fleet.asked.length;
    expect(asked).toBe(2);
    await beats(2 * LIFE);
    expect(fleet.asked).toHaveLength(asked);
  });

  test("that an origin fails to give is tried a few times, and what is held stays", async () => {
    await started();
    await known();
    fleet.status = 503;
    await beats(LIFE - 2);
    expect(await fleet.get(0, "/a")).toMatch(/hit/);
    await beats(LIFE);
    expect(fleet.renewed().failed).toBeGreaterThan(1);
    expect(fleet.renewed().failed).toBeLessThan(8);
    expect(fleet.missed).toBe(1);
  });

  test("whose edge does not answer comes again at another beat", async () => {
    await started();
    await known();
    fleet.answers = false;
    await beats(LIFE - 2);
    expect(fleet.asked).toHaveLength(1);
    fleet.answers = true;
    await beats(3);
    expect(fleet.asked).toHaveLength(2);
  });

  test.each([
    ["of a policy that renews nothing", "none", FRESH],
    ["that lives for moments", "swr", [["cache-control", "max-age=10"]]],
  ] as const)("%s is not renewed", async (_name, strategy, headers) => {
    await started(strategy);
    fleet.headers = headers;
    await known();
    await beats(2 * LIFE);
    expect(fleet.asked).toHaveLength(1);
  });
});

describe("a batch", () => {
  test("is of no more keys in one beat than there may be", async () => {
    await started();
    const many = LIMITS.refreshBatch + 20;
    for (let key = 0; key < many; key++) for (let n = 0; n < 12; n++) await fleet.get(n, `/k/${key}`);
    await fleet.beat();
    fleet.asked.length = 0;
    const counts: number[] = [];
    for (let n = 0; n < LIFE + 2; n++) {
      const before = fleet.asked.length;
      await fleet.beat();
      counts.push(fleet.asked.length - before);
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(LIMITS.refreshBatch);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThanOrEqual(1);
  }, 30_000);

  test("leaves the tokens of the origin's budget to users", async () => {
    await started("swr", { limits: { rate: 1, burst: 4, share: { rate: 1, burst: 4 } } });
    for (const lone of fleet.edges)
      lone.budget = async ({ buckets }) => {
        // Nothing beyond what has to be left to users.
        const spare = buckets.every(({ reserve }) => reserve === 0);
        return spare ? { kind: "granted", after: 0 as never } : { kind: "refused", wait: 1000 as never };
      };
    await known();
    await beats(LIFE - 1);
    expect(fleet.asked).toHaveLength(1);
    expect(fleet.renewed().shed).toBeGreaterThan(0);
  });
});
