// The judge of outside histories: what breaks the bound is found, and what could have been right is not reported.

import { describe, expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import { type JudgedPath, type Mode, OutsideJudge, type SentPurge } from "../../bench/outside/judge.ts";
import { isNamed, type Named } from "../../bench/outside/matching.ts";
import { Counts, Timeline } from "../../bench/outside/tally.ts";
import { readStated, type Stated, VersionedContent } from "../../bench/outside/versioned-content.ts";

const EPSILON = 200;
const BOUND = 1000;
const FRESH = 600_000;
const STALE = 5000;

const PATH = "/a";
const subject = { class: "standard", tags: [], boundMs: BOUND, freshMs: FRESH };
const rules = new Map<string, JudgedPath>([
  [PATH, { path: PATH, ...subject, staleMs: STALE }],
  ["/b", { path: "/b", ...subject, staleMs: 0 }],
  ["/e", { path: "/e", ...subject, staleMs: STALE, staleIfErrorMs: 60_000 }],
]);

/** What the origin said at an instant. */
interface Said {
  readonly path: string;
  readonly version: number;
  readonly askedAt: number;
  readonly told: "content" | "confirmed";
}

interface Purge {
  readonly mode: Mode;
  readonly named: Named;
  readonly sentAt: number;
  /** Null = never. */
  readonly acknowledgedAt: number | null;
}

/** An answer to a request sent at an instant, with what was said, or with what was never said. */
interface Served {
  readonly exchange: Exchange;
  readonly with: Said | null;
  readonly altered?: (stated: Stated) => Stated;
}

interface History {
  readonly said: readonly Said[];
  readonly purges: readonly Purge[];
  readonly served: readonly Served[];
  /** When the origin can't be had. */
  readonly failsFrom: number;
}

/** The origin gave version 1 at 100, version 2 at 5000. */
const first: Said = { path: PATH, version: 1, askedAt: 100, told: "content" };
const second: Said = { path: PATH, version: 2, askedAt: 5000, told: "content" };
const given: readonly Said[] = [first, second];

const confirmed = (version: number, askedAt: number): Said => ({
  ...{ path: PATH, version, askedAt, told: "confirmed" },
});

const urlOf = (path: string): string => `http://site.test${path}`;

/** A hard purge, sent at 2000 and acknowledged at 2050 unless told otherwise. */
const purge = (differing: Partial<Purge> = {}): Purge => ({
  ...{ mode: "hard", named: { urls: [urlOf(PATH)] }, sentAt: 2000, acknowledgedAt: 2050 },
  ...differing,
});

const exchangeAt = (sentAt: number, path = PATH): Exchange => ({
  ...{ edge: 0, path, scheduledAt: sentAt, sentAt, endedAt: sentAt + 20, refusedBy: null },
  outcome: {
    ...{ kind: "answered", status: 200, cacheStatus: "tidegate-l1; hit", age: 0, octets: 1, stated: null },
  },
});

/** An answer with what the origin gave first, to a request sent at an instant. */
const served = (sentAt: number, said: Said = first, path = PATH): Served => ({
  ...{ exchange: exchangeAt(sentAt, path), with: said },
});

/** Everything in the order in which it happened. */
function judge(history: Partial<History>) {
  const whole = {
    ...{ said: given, purges: [purge()], served: [], failsFrom: Number.POSITIVE_INFINITY },
    ...history,
  };
  let now = 0;
  const content = new VersionedContent({ headersOf: () => ({}), now: () => now });
  const judging = new OutsideJudge({
    ...{ host: "site.test", truth: content, epsilonMs: EPSILON, now: () => now },
    pathOf: (path) => rules.get(path) ?? null,
    mayStandIn: ({ sentAt }) => sentAt >= whole.failsFrom,
  });
  const stated = new Map<Said, Stated | null>();
  const sent = new Map<Purge, SentPurge>();
  const found: string[] = [];
  const servedAfterMs: number[] = [];
  /** By which purges, by when they were sent. */
  const bound: number[] = [];
  const say = (said: Said): void => {
    while (content.versionOf(said.path) < said.version) content.write(said.path);
    const etag = said.told === "confirmed" ? `"v${said.version}"` : undefined;
    stated.set(said, readStated(content.answer(said.path, etag).body));
  };
  const look = ({ exchange, with: said, altered }: Served): void => {
    const { outcome } = exchange;
    const what = said === null ? null : (stated.get(said) ?? null);
    const shown = what === null || altered === undefined ? what : altered(what);
    const given = outcome.kind === "answered" ? { ...outcome, stated: shown } : outcome;
    const judged = judging.judge({ ...exchange, outcome: given });
    found.push(...judged.violations.map(({ rule, lateMs }) => `${rule} ${lateMs}`));
    if (judged.servedAfterMs !== null) servedAfterMs.push(judged.servedAfterMs);
    if (judged.boundBy !== null) bound.push(judged.boundBy);
  };
  const events: [number, () => void][] = [
    ...whole.said.map((said): [number, () => void] => [said.askedAt, () => say(said)]),
    ...whole.purges.map((one): [number, () => void] => [
      one.sentAt,
      () => void sent.set(one, judging.purge(one.named, one.mode)),
    ]),
    ...whole.purges.flatMap((one): [number, () => void][] =>
      one.acknowledgedAt === null ? [] : [[one.acknowledgedAt, () => sent.get(one)?.acknowledged()]],
    ),
    ...whole.served.map((one): [number, () => void] => [one.exchange.endedAt, () => look(one)]),
  ];
  for (const [at, happens] of events.sort(([a], [b]) => a - b)) {
    now = at;
    happens();
  }
  return { found, servedAfterMs, bound };
}

const LATEST = 2050 + BOUND + EPSILON;

describe("a hard purge", () => {
  const wrong: [string, Partial<History>, string][] = [
    ["served after the bound and ε", { served: [served(LATEST + 1)] }, "hard 201"],
    ["served long after", { served: [served(60_000)] }, `hard ${60_000 - 2050 - BOUND}`],
    [
      "the first of two that name it counts",
      { purges: [purge({ sentAt: 2500, acknowledgedAt: 2550 }), purge()], served: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "confirmed only before the purge",
      { said: [...given, confirmed(1, 1999)], served: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "confirmed only when it had been served already",
      { said: [...given, confirmed(1, LATEST + 22)], served: [served(LATEST + 1)] },
      "hard 201",
    ],
    [
      "another version confirmed since",
      { said: [...given, confirmed(2, 2500)], served: [served(LATEST + 1)] },
      "hard 201",
    ],
  ];
  test.each(wrong)("is broken: %s", (_what, history, found) => expect(judge(history).found).toEqual([found]));

  const during: Said = { ...first, askedAt: 2000 };
  const right: [string, Partial<History>][] = [
    ["sent just within the bound and ε", { served: [served(LATEST)] }],
    ["sent within the bound, answered after", { served: [endingAt(LATEST + 5000, served(LATEST))] }],
    [
      "of content asked for while the purge was under way",
      { said: [during], served: [served(60_000, during)] },
    ],
    ["of content asked for after it", { served: [served(60_000, second)] }],
    ["never acknowledged", { purges: [purge({ acknowledgedAt: null })], served: [served(60_000)] }],
    ["of another path", { purges: [purge({ named: { urls: [urlOf("/b")] } })], served: [served(60_000)] }],
    [
      "confirmed since by the origin (304)",
      { said: [...given, confirmed(1, 2000)], served: [served(LATEST + 1)] },
    ],
  ];
  test.each(right)("is kept: %s", (_what, history) => expect(judge(history).found).toEqual([]));

  test("how long after its acknowledgement it was served is told, within the bound too", () => {
    const all = [served(2060), served(2040), served(2350), served(6000, second)];
    expect(judge({ served: all }).servedAfterMs).toEqual([10, 300]);
  });

  test.each<[string, Partial<History>, number[]]>([
    ["its bound and ε have passed", { served: [served(LATEST), served(LATEST + 1)] }, [2000]],
    ["it is known to be accepted", { purges: [purge({ acknowledgedAt: null })] }, []],
    ["it is of this path", { purges: [purge({ named: { urls: [urlOf("/b")] } })] }, []],
    ["it is of all paths", { purges: [purge({ named: { everything: true } })] }, [2000]],
    ["it is a hard one", { purges: [purge({ mode: "soft" })] }, []],
    [
      "another one is not binding yet",
      { purges: [purge(), purge({ sentAt: 5500, acknowledgedAt: 5501 })] },
      [2000],
    ],
    [
      "of two that bind the newest is told",
      { purges: [purge(), purge({ sentAt: 3000, acknowledgedAt: 3001 })] },
      [3000],
    ],
    ["something from before it may live", { served: [served(2000 + FRESH + STALE + 1, second)] }, []],
  ])("binds an answer where %s", (_what, history, expected) => {
    expect(judge({ served: [served(6000, second)], ...history }).bound).toEqual(expected);
  });
});

function endingAt(endedAt: number, one: Served): Served {
  return { ...one, exchange: { ...one.exchange, endedAt } };
}

describe("a hard purge of more than URLs", () => {
  const wide: [string, Named, boolean][] = [
    ["its class", { classes: ["standard"] }, true],
    ["another class", { classes: ["hot"] }, false],
    ["everything", { everything: true }, true],
    ["a prefix", { prefixes: ["site.test/a"] }, true],
    ["another path's URL and its host", { urls: [urlOf("/b")], hosts: ["site.test"] }, true],
  ];
  test.each(wide)("by %s", (_what, named, binds) => {
    const judged = judge({ purges: [purge({ named })], served: [served(LATEST + 1)] });
    expect(judged.found).toEqual(binds ? ["hard 201"] : []);
  });
});

describe("a soft purge", () => {
  const soft = [purge({ mode: "soft" })];

  test("is kept while the declared windows last, counted from its acknowledgement", () => {
    expect(judge({ purges: soft, served: [served(2050 + STALE + EPSILON)] }).found).toEqual([]);
    expect(judge({ purges: soft, served: [served(2050 + STALE + EPSILON + 1)] }).found).toEqual(["soft 201"]);
  });

  test("is kept within the bound where no window is declared", () => {
    const said: Said = { ...first, path: "/b" };
    const purges = [purge({ mode: "soft", named: { urls: [urlOf("/b")] } })];
    const judged = (sentAt: number) =>
      judge({ said: [said], purges, served: [served(sentAt, said, "/b")] }).found;
    expect(judged(LATEST)).toEqual([]);
    expect(judged(LATEST + 1)).toEqual(["soft 201"]);
  });

  test("is no hard one: what it names may be confirmed, and its lateness is not told", () => {
    const said = [...given, confirmed(1, 3000)];
    const judged = judge({ said, purges: soft, served: [served(60_000), served(2100)] });
    expect(judged).toEqual({ found: [], servedAfterMs: [], bound: [] });
  });
});

describe("an answer", () => {
  test("is served no longer than its life and its windows", () => {
    const end = 100 + FRESH + STALE + EPSILON;
    expect(judge({ purges: [], served: [served(end)] }).found).toEqual([]);
    expect(judge({ purges: [], served: [served(end + 1)] }).found).toEqual(["life 201"]);
    const said = [first, confirmed(1, 50_000)];
    expect(judge({ purges: [], said, served: [served(end + 1)] }).found).toEqual([]);
  });

  test("stands in for an origin that can't be had, and for none that is well", () => {
    const said: Said = { ...first, path: "/e" };
    const at = (sentAt: number, failsFrom = Number.POSITIVE_INFINITY) =>
      judge({ said: [said], purges: [], served: [served(sentAt, said, "/e")], failsFrom }).found;
    const [end, endIfError] = [100 + FRESH + STALE + EPSILON, 100 + FRESH + 60_000 + EPSILON];
    expect(at(end)).toEqual([]);
    expect(at(end + 1), "an edge that never looks at expiry").toEqual(["life 201"]);
    expect(at(end + 1, end)).toEqual([]);
    expect(at(endIfError, end)).toEqual([]);
    expect(at(endIfError + 1, end)).toEqual(["life 201"]);
    const purges = [purge({ mode: "soft", named: { urls: [urlOf("/e")] } })];
    const soft = (failsFrom: number) =>
      judge({ said: [said], purges, served: [served(10_000, said, "/e")], failsFrom }).found;
    expect(soft(10_001)).toEqual([`soft ${10_000 - 2050 - STALE}`]);
    expect(soft(10_000)).toEqual([]);
  });

  test("of one path is none of another", () => {
    expect(judge({ served: [served(110, first, "/b")] }).found).toEqual(["crossing Infinity"]);
  });

  test("is what the origin said, and was said with content", () => {
    const changes: Partial<Stated>[] = [
      { ask: 9 },
      { version: 7 },
      { askedAt: 99 },
      { seal: "another-seal-of-that-l" },
      { path: "/b", seal: "another-seal-of-that-l" },
    ];
    for (const change of changes) {
      const altered = (stated: Stated): Stated => ({ ...stated, ...change });
      const { found } = judge({ purges: [], served: [{ ...served(110), altered }] });
      expect(found).toContain("invented Infinity");
    }
    const only = confirmed(1, 100);
    expect(judge({ purges: [], said: [only], served: [served(110, only)] }).found).toEqual([
      "invented Infinity",
    ]);
  });

  test("that can't be read is invented where it claims to be one, and a refusal isn't", () => {
    const unread = (status: number): Served => ({
      exchange: {
        ...exchangeAt(60_000),
        outcome: { kind: "answered", status, cacheStatus: "", age: null, octets: 3, stated: null },
      },
      with: null,
    });
    expect(judge({ served: [unread(200)] }).found).toEqual(["invented Infinity"]);
    expect(judge({ served: [unread(503)] }).found).toEqual([]);
  });

  test("that never came breaks no bound", () => {
    const none: Exchange["outcome"][] = [
      { kind: "silent" },
      { kind: "failed", reason: "ECONNRESET", begun: false },
    ];
    const all = none.map((outcome) => ({ exchange: { ...exchangeAt(60_000), outcome }, with: null }));
    expect(judge({ served: all }).found).toEqual([]);
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
    const hit = subjects.filter((one) => isNamed(named, "site.test", one));
    expect(hit.map(({ path }) => path)).toEqual(paths);
  });
});

const answered = (cacheStatus: string, lateMs: number, status = 200): Exchange => ({
  ...exchangeAt(1000),
  scheduledAt: 1000 - lateMs,
  outcome: { kind: "answered", status, cacheStatus, age: 0, octets: 10, stated: null },
});

const broken: Exchange = {
  ...exchangeAt(1),
  outcome: { kind: "failed", reason: "ECONNRESET", begun: true },
};

test("figures tell where answers came from, what went wrong, and how long it took from the scheduled instant", () => {
  const counts = new Counts(3);
  for (const exchange of [
    answered("tidegate-l1; hit; ttl=3", 0),
    answered("tidegate-l1; hit; ttl=-1; detail=stale", 0),
    { ...answered("tidegate-l2; hit; ttl=3, tidegate-l1; fwd=uri-miss; stored", 0), refusedBy: 2 },
    answered("tidegate-l2; fwd=uri-miss; stored, tidegate-l1; fwd=uri-miss; stored", 480),
    answered("tidegate-l1; fwd=uri-miss; collapsed; ttl=9; detail=coalesced", 0),
    answered("tidegate-l1; fwd=method; fwd-status=200; detail=pass", 0),
    answered("tidegate-l1; hit; ttl=3", 0, 503),
    { ...exchangeAt(1), outcome: { kind: "silent" } as const },
    broken,
  ])
    counts.add(exchange);
  const { latencyMs, ...figures } = counts.figures();
  expect(figures).toEqual({
    ...{ requests: 9, writes: 0, hits: 3, staleHits: 1, hitRatio: 1 / 3, failOvers: 1, octets: 70 },
    sources: { l1: 3, l2: 1, joined: 1, origin: 1, passed: 1, none: 0 },
    ...{ errors: 3, errorsBy: { 503: 1, silent: 1, "ECONNRESET in its body": 1 } },
  });
  expect(latencyMs?.p50).toBeCloseTo(20, 1);
  expect(latencyMs?.max).toBeCloseTo(500, 0);
  expect(new Counts(2).figures().latencyMs).toBeNull();
});

test("a timeline counts a request in the second in which it was due, and keeps that second's figures", () => {
  const timeline = new Timeline({ beganAt: 1000, openMs: 3000 });
  const due = (scheduledAt: number, endedAt: number): Exchange => ({
    ...exchangeAt(scheduledAt),
    endedAt,
  });
  timeline.add(due(1000, 1001), 0);
  timeline.add(due(2500, 4400), 1);
  timeline.originAsked(2600);
  for (let at = 3000; at < 20_000; at += 100) timeline.add(due(at, at + 5), 0);
  const seconds = timeline.seconds();
  expect(seconds.map(({ second }) => second)).toEqual(Array.from({ length: 19 }, (_, n) => n));
  expect(seconds[1]).toMatchObject({ requests: 1, originRequests: 1, violations: 1 });
  expect(seconds[1]?.latencyMs?.max).toBeCloseTo(1900, -2);
  expect(seconds.slice(2).every(({ requests, hits }) => requests === 10 && hits === 10)).toBe(true);
});
