// The judge of outside histories: what breaks the bound is found, and what could have been right is not reported.

import { describe, expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import type { OriginAsk } from "../../bench/outside/versioned-content.ts";
import { judgeOutside, type OutsideHistory, type SentPurge } from "../support/outside/judge.ts";
import { type Named, pathsNamed } from "../support/outside/matching.ts";
import { percentiles, summarize } from "../support/outside/summary.ts";

const EPSILON = 200;
const BOUND = 1000;
const FRESH = 600_000;
const STALE = 5000;

const PATH = "/a";
const rules = new Map([
  [PATH, { boundMs: BOUND, freshMs: FRESH, staleMs: STALE }],
  ["/b", { boundMs: BOUND, freshMs: FRESH, staleMs: 0 }],
]);

/** The origin gave version 1 at 100, version 2 at 5000. */
const given: readonly OriginAsk[] = [
  { path: PATH, version: 1, ask: 1, askedAt: 100, told: "content" },
  { path: PATH, version: 2, ask: 2, askedAt: 5000, told: "content" },
];

const confirmed = (version: number, askedAt: number): OriginAsk => ({
  ...{ path: PATH, version, ask: 3, askedAt, told: "confirmed" },
});

/** A hard purge, sent at 2000 and acknowledged at 2050 unless told otherwise. */
const purge = (differing: Partial<SentPurge> = {}): SentPurge => ({
  ...{ mode: "hard", paths: new Set([PATH]), sentAt: 2000, acknowledgedAt: 2050 },
  ...differing,
});

/** An answer with what the origin gave first, to a request sent at an instant. */
const served = (sentAt: number, ask: OriginAsk | undefined = given[0], path = PATH): Exchange => {
  if (ask === undefined) throw new Error("no such ask");
  const { told: _told, ...stated } = ask;
  const outcome = { kind: "answered", status: 200, cacheStatus: "tidegate-l1; hit", age: 0, stated } as const;
  return { edge: 0, path, scheduledAt: sentAt, sentAt, endedAt: sentAt + 20, outcome };
};

function judge(history: Partial<OutsideHistory>) {
  const whole = { rules, asks: given, purges: [purge()], exchanges: [], ...history };
  const { violations, servedAfterMs } = judgeOutside(whole, EPSILON);
  return { found: violations.map(({ rule, lateMs }) => `${rule} ${lateMs}`), servedAfterMs };
}

const LATEST = 2050 + BOUND + EPSILON;

describe("a hard purge", () => {
  const wrong: [string, Partial<OutsideHistory>, string][] = [
    ["served after the bound and ε", { exchanges: [served(LATEST + 1)] }, "hard 201"],
    ["served long after", { exchanges: [served(60_000)] }, `hard ${60_000 - 2050 - BOUND}`],
    [
      "the first of two that name it counts",
      { purges: [purge({ sentAt: 2500, acknowledgedAt: 2550 }), purge()], exchanges: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "confirmed only before the purge",
      { asks: [...given, confirmed(1, 1999)], exchanges: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "confirmed only when it had been served already",
      { asks: [...given, confirmed(1, LATEST + 22)], exchanges: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "another version confirmed since",
      { asks: [...given, confirmed(2, 2500)], exchanges: [served(LATEST + 1)] },
      "hard 201",
    ],
  ];
  test.each(wrong)("is broken: %s", (_what, history, found) => expect(judge(history).found).toEqual([found]));

  const right: [string, Partial<OutsideHistory>][] = [
    ["sent just within the bound and ε", { exchanges: [served(LATEST)] }],
    ["sent within the bound, answered after", { exchanges: [{ ...served(LATEST), endedAt: LATEST + 5000 }] }],
    ["of content asked for while the purge was under way", { asks: [at(2000)], exchanges: [of(at(2000))] }],
    ["of content asked for after it", { exchanges: [served(60_000, given[1])] }],
    ["never acknowledged", { purges: [purge({ acknowledgedAt: null })], exchanges: [served(60_000)] }],
    ["of another path", { purges: [purge({ paths: new Set(["/b"]) })], exchanges: [served(60_000)] }],
    [
      "confirmed since by the origin (304)",
      { asks: [...given, confirmed(1, 2000)], exchanges: [served(LATEST + 1)] },
    ],
  ];
  test.each(right)("is kept: %s", (_what, history) => expect(judge(history).found).toEqual([]));

  test("how long after its acknowledgement it was served is told, within the bound too", () => {
    const exchanges = [served(2060), served(2040), served(2350), served(6000, given[1])];
    expect(judge({ exchanges }).servedAfterMs).toEqual([10, 300]);
  });
});

function at(askedAt: number): OriginAsk {
  return { path: PATH, version: 1, ask: 1, askedAt, told: "content" };
}

function of(ask: OriginAsk): Exchange {
  return served(60_000, ask);
}

describe("a soft purge", () => {
  const soft = [purge({ mode: "soft" })];

  test("is kept while the declared windows last, counted from its acknowledgement", () => {
    expect(judge({ purges: soft, exchanges: [served(2050 + STALE + EPSILON)] }).found).toEqual([]);
    expect(judge({ purges: soft, exchanges: [served(2050 + STALE + EPSILON + 1)] }).found).toEqual([
      "soft 201",
    ]);
  });

  test("is kept within the bound where no window is declared", () => {
    const asks: OriginAsk[] = [{ path: "/b", version: 1, ask: 1, askedAt: 100, told: "content" }];
    const purges = [purge({ mode: "soft", paths: new Set(["/b"]) })];
    const judged = (sentAt: number) =>
      judge({ asks, purges, exchanges: [served(sentAt, asks[0], "/b")] }).found;
    expect(judged(LATEST)).toEqual([]);
    expect(judged(LATEST + 1)).toEqual(["soft 201"]);
  });

  test("is no hard one: what it names may be confirmed, and its lateness is not told", () => {
    const asks = [...given, confirmed(1, 3000)];
    const judged = judge({ asks, purges: soft, exchanges: [served(60_000), served(2100)] });
    expect(judged).toEqual({ found: [], servedAfterMs: [] });
  });
});

describe("an answer", () => {
  test("is served no longer than its life and its windows", () => {
    const end = 100 + FRESH + STALE + EPSILON;
    expect(judge({ purges: [], exchanges: [served(end)] }).found).toEqual([]);
    expect(judge({ purges: [], exchanges: [served(end + 1)] }).found).toEqual(["life 201"]);
    const asks = [...given, confirmed(1, 50_000)];
    expect(judge({ purges: [], asks, exchanges: [served(end + 1)] }).found).toEqual([]);
  });

  test("of one path is none of another", () => {
    expect(judge({ exchanges: [served(110, given[0], "/b")] }).found).toEqual(["crossing Infinity"]);
  });

  test("is what the origin said, and was said with content", () => {
    const [first] = given;
    if (first === undefined) throw new Error("nothing was given");
    const invented = [
      { ...first, ask: 9 },
      { ...first, version: 7 },
      { ...first, askedAt: 99 },
    ];
    for (const ask of invented)
      expect(judge({ purges: [], exchanges: [served(110, ask)] }).found).toEqual(["invented Infinity"]);
    expect(
      judge({ purges: [], asks: [confirmed(1, 100)], exchanges: [served(110, confirmed(1, 100))] }).found,
    ).toEqual(["invented Infinity"]);
  });

  test("that can't be read is invented where it claims to be one, and a refusal isn't", () => {
    const unread = (status: number): Exchange => {
      const outcome = { kind: "answered", status, cacheStatus: "", age: null, stated: null } as const;
      return { ...served(60_000), outcome };
    };
    expect(judge({ exchanges: [unread(200)] }).found).toEqual(["invented Infinity"]);
    expect(judge({ exchanges: [unread(503)] }).found).toEqual([]);
  });

  test("that never came breaks no bound", () => {
    const none: Exchange[] = [
      { ...served(60_000), outcome: { kind: "silent" } },
      { ...served(60_000), outcome: { kind: "failed", reason: "ECONNRESET" } },
    ];
    expect(judge({ exchanges: none }).found).toEqual([]);
  });
});

describe("which paths an invalidation names", () => {
  const subjects = [
    { path: "/a", class: "hot", tags: ["x"] },
    { path: "/a/b", class: "standard", tags: ["x", "y"] },
    { path: "/ab", class: "standard", tags: [] },
  ];
  const cases: [Named, string[]][] = [
    [{ urls: ["http://site.test/a"] }, ["/a"]],
    [{ urls: ["http://other.test/a"] }, []],
    [{ tags: ["y"] }, ["/a/b"]],
    [{ tags: ["x"] }, ["/a", "/a/b"]],
    [{ prefixes: ["site.test/a"] }, ["/a", "/a/b"]],
    [{ prefixes: ["site.test/a/"] }, ["/a/b"]],
    [{ classes: ["standard"] }, ["/a/b", "/ab"]],
    [{ hosts: ["site.test"] }, ["/a", "/a/b", "/ab"]],
    [{ everything: true }, ["/a", "/a/b", "/ab"]],
  ];
  test.each(cases)("%j", (named, paths) => {
    expect([...pathsNamed(named, "site.test", subjects)]).toEqual(paths);
  });
});

test("a summary counts outcomes and where answers came from, and measures from the scheduled instant", () => {
  const answered = (cacheStatus: string, lateMs: number): Exchange => ({
    ...served(1000),
    scheduledAt: 1000 - lateMs,
    outcome: { kind: "answered", status: 200, cacheStatus, age: 0, stated: null },
  });
  const summary = summarize([
    answered("tidegate-l1; hit; ttl=3", 0),
    answered("tidegate-l1; hit; ttl=-1; detail=stale", 0),
    answered("tidegate-l2; hit; ttl=3, tidegate-l1; fwd=uri-miss; stored", 0),
    answered("tidegate-l2; fwd=uri-miss; stored, tidegate-l1; fwd=uri-miss; stored", 480),
    { ...served(1), outcome: { kind: "silent" } },
    { ...served(1), outcome: { kind: "failed", reason: "ECONNRESET" } },
  ]);
  expect(summary).toEqual({
    exchanges: 6,
    outcomes: { 200: 4, silent: 1, ECONNRESET: 1 },
    cacheStatus: { "tidegate-l1 hit": 1, "tidegate-l1 hit stale": 1, "tidegate-l2 hit": 1, "uri-miss": 1 },
    latencyMs: { p50: 20, p99: 500, max: 500 },
  });
  expect(percentiles([])).toBeNull();
});
