// What an edge shows of single requests to whoever watches, and what it costs those that nobody watches.

import { beforeEach, describe, expect, test } from "vitest";
import { formatSelector } from "../../shared/core/selector.ts";
import type { TailFilter, ToldWatch } from "../../shared/wire/request-tail.ts";
import { HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const ALL: TailFilter = { results: null, classes: null, sites: null, statuses: null, path: null };
const watch = (more: Partial<ToldWatch> = {}, filter: Partial<TailFilter> = {}): ToldWatch => ({
  ...{ id: "w", forMs: 5000, ratePerSecond: 50 },
  ...more,
  filter: { ...ALL, ...filter },
});

let lone: LoneEdge;
let status: number;

beforeEach(async () => {
  lone = loneEdge([{ key_pattern: "/hot/*", class: "hot", ttl: "60s" }]);
  status = 200;
  lone.origin = () => ({
    ...{ kind: "answer", status, headers: [["cache-control", "max-age=60"]] },
    body: { kind: "bytes", bytes: new TextEncoder().encode("0123456789") },
  });
  await lone.beat();
});

const told = async (...watches: ToldWatch[]) => (await lone.beat({ tail: watches })).tail ?? null;
const lines = async (...watches: ToldWatch[]) =>
  ((await told(...watches))?.rows ?? []).map(({ line }) => line);

test("a request is told with what it got, from where and why, and with no value of its query", async () => {
  await told(watch());
  await lone.get("/hot/1?token=secret&q=a%20b&bare", { headers: [["cookie", "session=secret"]] });
  await lone.settled();
  await lone.get("/hot/1?token=secret&q=a%20b&bare");
  const [miss, hit] = await lines(watch());
  expect(miss).toEqual({
    ...{ at: expect.any(Number), site: "default", method: "GET", host: HOST, path: "/hot/1?token&q&…" },
    ...{ status: 200, class: "hot", policy: "0", result: "miss", tier: "origin", ms: 0, bytes: 10 },
    ...{ cacheStatus: expect.stringMatching(/^tidegate-l/), why: "nothing was held" },
  });
  expect(hit).toMatchObject({ result: "hit", tier: "l1Memory", why: "fresh in memory" });
  expect(JSON.stringify([miss, hit])).not.toContain("secret");
});

test("nothing is kept before anybody watches, after he was last named, and beyond his time", async () => {
  await lone.get("/a");
  expect(await told(watch())).toBeNull();
  await lone.get("/b");
  lone.now += 5001;
  await lone.get("/c");
  expect((await lines()).map(({ path }) => path)).toEqual(["/b"]);
  await lone.get("/d");
  expect(await told()).toBeNull();
});

test("a purge is told as the reason of a miss, and a write as one of its own", async () => {
  await lone.get("/hot/1");
  await lone.settled();
  await told(watch());
  const selectors = [formatSelector("default", { kind: "url", host: HOST, pathAndQuery: "/hot/1" })];
  lone.append({ kind: "invalidate", mode: "hard", selectors });
  await lone.beat({ tail: [watch()] });
  await lone.get("/hot/1");
  await lone.settled();
  await lone.get("/other", { method: "POST" });
  const shown = await lines(watch());
  expect(shown.map(({ why }) => why)).toEqual(["held in memory, but purged", "POST goes to the origin"]);
});

describe("filters", () => {
  const cases: [string, Partial<TailFilter>, string[]][] = [
    ["result", { results: ["hit"] }, ["/hot/1"]],
    ["class", { classes: ["hot"] }, ["/hot/1", "/hot/1"]],
    ["site", { sites: ["another"] }, []],
    ["status, of a hundred", { statuses: ["4xx"] }, ["/missing"]],
    ["status", { statuses: ["404", "500"] }, ["/missing"]],
    ["path", { path: "/h*/1" }, ["/hot/1", "/hot/1"]],
    ["path in another spelling", { path: "/h%6ft/1" }, ["/hot/1", "/hot/1"]],
  ];
  test.each(cases)("by %s", async (_, filter, paths) => {
    await told(watch({}, filter));
    await lone.get("/hot/1");
    await lone.settled();
    await lone.get("/hot/1");
    status = 404;
    await lone.get("/missing");
    expect((await lines(watch({}, filter))).map(({ path }) => path)).toEqual(paths);
  });

  test("each watch has its own sample, and one line serves all", async () => {
    const [wide, narrow] = [
      watch({ id: "wide", ratePerSecond: 5 }),
      watch({ id: "narrow" }, { statuses: ["404"] }),
    ];
    await told(wide, narrow);
    for (let i = 0; i < 100; i++) await lone.get(`/p/${i}`);
    status = 404;
    await lone.get("/missing");
    const batch = await told(wide, narrow);
    expect(batch?.seen).toEqual({ wide: 101, narrow: 1 });
    expect(batch?.rows.filter((row) => row.for.includes("wide"))).toHaveLength(5);
    expect(batch?.rows.filter((row) => row.for.includes("narrow")).map(({ line }) => line.path)).toEqual([
      "/missing",
    ]);
  });
});

test("a report holds no more than its limit, and says of how many", async () => {
  const many = watch({ ratePerSecond: 200 });
  await told(many);
  for (let i = 0; i < 200; i++) await lone.get(`/${"x".repeat(500)}${i}`);
  const batch = await told(many);
  expect(batch?.seen).toEqual({ w: 200 });
  expect(batch?.rows.length).toBeGreaterThan(40);
  expect(JSON.stringify(batch).length).toBeLessThan(66_000);
});
