// What evidence says of each bound: each fault turns one verdict, and what was not measured does not hold.

import { describe, expect, test } from "vitest";
import type { Also, Bounds, Effect } from "../../chaos/experiment.ts";
import { History, type SeenRequest } from "../../chaos/history.ts";
import type { Seen } from "../../chaos/look.ts";
import { burstOf, type Evidence, verdictsOf } from "../../chaos/verdicts.ts";

const BOUNDS: Bounds = {
  clientErrors: 0,
  recoveryMs: 10_000,
  convergenceMs: 10_000,
  spendsShares: () => false,
};
const HERE: Seen = { kind: "answered", status: 200, tookMs: 2, keys: 40 };
const GONE: Seen = { kind: "unanswered" };
const LOOKS: Effect = {
  ...{ kind: "looks", at: () => [], shows: ({ kind }) => kind === "unanswered", leastShare: 0.5 },
  text: "of looks: not answered",
};
const CLEAN = { acknowledged: 3, missing: 0, doubled: 0, unapplied: 0, chainHolds: true };

const request = (dueAt: number, more: Partial<SeenRequest> = {}): SeenRequest => ({
  ...{ dueAt, endedAt: dueAt + 2, path: `/${dueAt}`, edge: "edge-1", source: "l1", hit: true },
  ...{ error: null, forgivable: null, refusedBy: null, boundBy: null },
  ...more,
});

function history(more: readonly SeenRequest[] = []): History {
  const seen = new History();
  seen.enter("steady", 1000);
  seen.enter("fault", 2000);
  for (let at = 0; at < 4000; at += 20)
    seen.requests.push(
      request(at, { boundBy: at < 3000 ? null : 2100, refusedBy: at === 2100 ? "edge-2" : null }),
    );
  seen.requests.push(...more);
  seen.asks.push({ number: 1, at: 10 });
  return seen;
}

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  ...{ bounds: BOUNDS, target: "shard-2", effect: LOOKS },
  signs: { looks: { before: [], during: [GONE, GONE, HERE] }, metOrigin: 0, purgedAll: 0 },
  history: history(),
  violations: { count: 0, byRule: {}, worstLateMs: 0 },
  ...{ withheld: 0, steadyRatio: 0.9, recoveredMs: 500, convergedMs: 700, waitedMs: 700 },
  findings: CLEAN,
  budget: { rate: 40, burst: 40 },
  ...more,
});

function seenWith(change: (request: SeenRequest) => Partial<SeenRequest>): History {
  const seen = history();
  for (const [at, one] of seen.requests.entries()) seen.requests[at] = { ...one, ...change(one) };
  return seen;
}

const failing = (of: Evidence): string[] =>
  verdictsOf(of)
    .filter(({ holds }) => !holds)
    .map(({ name }) => name);

const unmeasured = (of: Evidence): string[] =>
  verdictsOf(of)
    .filter(({ measured }) => measured === null)
    .map(({ name, holds }) => `${name}${holds ? " holds" : ""}`);

test("where all went well every bound holds", () => {
  expect(failing(evidence())).toEqual([]);
});

describe("each fault turns the verdict that is about it, and no other", () => {
  const error = request(2500, { hit: false, error: "502" });
  const early = request(1500, { hit: false, error: "502" });
  test.each<[string, Partial<Evidence>, string[]]>([
    ["a client's error", { history: history([error]) }, ["client-errors"]],
    ["an error before anything was broken", { history: history([early]) }, ["steady-state", "client-errors"]],
    ["few hits to begin with", { steadyRatio: 0.3 }, ["steady-state"]],
    [
      "an answer that is out of date",
      { violations: { count: 1, byRule: { hard: 1 }, worstLateMs: 900 } },
      ["stale-serves"],
    ],
    ["hits that come back late", { recoveredMs: 10_001 }, ["hit-rate-recovery"]],
    ["hits that never come back", { recoveredMs: null, waitedMs: 25_000 }, ["hit-rate-recovery"]],
    ["hits not back when it was given up early", { recoveredMs: null, waitedMs: 5 }, ["hit-rate-recovery"]],
    ["edges that lag behind", { convergedMs: null, waitedMs: 25_000 }, ["convergence"]],
    ["a purge that is lost", { findings: { ...CLEAN, missing: 1 } }, ["ledger"]],
    ["a purge that is there twice", { findings: { ...CLEAN, doubled: 1 } }, ["ledger"]],
    ["a purge that is not applied", { findings: { ...CLEAN, unapplied: 1 } }, ["ledger"]],
    ["a broken audit chain", { findings: { ...CLEAN, chainHolds: false } }, ["ledger"]],
  ])("%s", (_what, more, expected) => {
    expect(failing(evidence(more))).toEqual(expected);
  });

  test("more than the origin's budget", () => {
    const seen = history();
    for (let at = 0; at < 65; at++) seen.asks.push({ number: 2 + at, at: 3000 + at });
    expect(failing(evidence({ history: seen }))).toEqual(["origin-rate"]);
    // Passed on, not fetched: no token is meant for those.
    for (let at = 0; at < 20; at++) seen.passed.add(2 + at);
    expect(failing(evidence({ history: seen }))).toEqual([]);
  });
});

describe("what could not be measured does not hold", () => {
  test.each<[string, Partial<Evidence>, string[]]>([
    [
      "nothing that was asked for had been purged",
      { history: seenWith(() => ({ boundBy: null })) },
      ["stale-serves"],
    ],
    [
      "what was purged had been so before anything was broken",
      { history: seenWith(({ boundBy }) => ({ boundBy: boundBy === null ? null : 1999 })) },
      ["stale-serves"],
    ],
    ["others than who was broken were asked for it", { target: "edge-3" }, ["stale-serves"]],
    [
      "nobody looked",
      { signs: { looks: { before: [], during: [] }, metOrigin: 0, purgedAll: 0 } },
      ["took-effect"],
    ],
    ["nothing was purged", { findings: { ...CLEAN, acknowledged: 0 } }, ["ledger"]],
    ["the log could not be read", { findings: null }, ["ledger"]],
    ["nothing was asked for in steady state", { steadyRatio: null }, ["steady-state", "hit-rate-recovery"]],
    ["requests could not be sent when they were due", { withheld: 20 }, ["client-errors"]],
    [
      "nothing was asked for at all",
      { history: new History() },
      ["client-errors", "stale-serves", "origin-rate"],
    ],
  ])("%s", (_what, more, expected) => {
    expect(unmeasured(evidence(more))).toEqual(expected);
  });
});

describe("what an origin that is not well excuses", () => {
  const forgiving: Bounds = { ...BOUNDS, forgives: "no-answer", forgivenShare: 0.1 };
  const excused = (count: number): SeenRequest[] =>
    Array.from({ length: count }, (_, at) =>
      request(2500 + at, { hit: false, error: "502", forgivable: "no-answer" }),
    );

  test("is no client's error, up to a share", () => {
    expect(failing(evidence({ bounds: forgiving, history: history(excused(5)) }))).toEqual([]);
    expect(failing(evidence({ bounds: forgiving, history: history(excused(60)) }))).toEqual(["no-answer"]);
  });

  test("is no sign of a stage that was not well, for a request that was under way as it began", () => {
    const by = { hit: false, error: "502", forgivable: "no-answer" } as const;
    const met = request(1999, { ...by, endedAt: 2003 });
    const before = request(1990, { ...by, endedAt: 1999 });
    expect(failing(evidence({ bounds: forgiving, history: history([met]) }))).toEqual([]);
    const hung = request(1010, { ...by, endedAt: 11_010 });
    const seen = new History();
    seen.enter("steady", 0);
    seen.enter("fault", 3000);
    seen.requests.push(request(10), hung, request(3500));
    seen.asks.push({ number: 1, at: 10 });
    expect(failing(evidence({ bounds: forgiving, history: history([before]) }))).toEqual(["steady-state"]);
    expect(failing(evidence({ bounds: forgiving, history: seen }))).toContain("steady-state");
  });

  test("is one where the experiment does not forgive it", () => {
    expect(failing(evidence({ history: history(excused(1)) }))).toEqual(["client-errors"]);
  });
});

describe("the burst that requests amount to", () => {
  test.each<[string, number[], number]>([
    ["one", [0], 1],
    ["ten at once", Array.from({ length: 10 }, () => 5), 10],
    ["as they come in at the rate", Array.from({ length: 100 }, (_, at) => at * 100), 1],
    ["twice the rate for a second", Array.from({ length: 21 }, (_, at) => at * 50), 11],
    [
      "ten, and ten more when half are paid",
      [...Array<number>(10).fill(0), ...Array<number>(10).fill(500)],
      15,
    ],
  ])("%s", (_what, at, expected) => {
    expect(burstOf(at, 10)).toBeCloseTo(expected, 5);
  });
});

describe("whether the fault took effect", () => {
  const none = { looks: { before: [], during: [] }, metOrigin: 0, purgedAll: 0 };
  const verdictOf = (effect: Effect, more: Partial<Evidence> = {}) =>
    verdictsOf(evidence({ effect, signs: none, target: "edge-2", ...more })).find(
      ({ name }) => name === "took-effect",
    );
  const looking = (before: readonly Seen[], during: readonly Seen[]) => ({
    signs: { ...none, looks: { before, during } },
  });

  test("shows by requests that its target refused, and no other's", () => {
    expect(verdictOf({ kind: "refusals" })).toMatchObject({ holds: true, measured: 1 });
    expect(verdictOf({ kind: "refusals" }, { target: "edge-1" })).toMatchObject({
      holds: false,
      measured: 0,
    });
    const early = history();
    early.requests.splice(0, early.requests.length, request(900, { refusedBy: "edge-2" }), request(2500));
    expect(verdictOf({ kind: "refusals" }, { history: early })?.holds).toBe(false);
  });

  test("shows by what came to an origin that was not well, and by purges of everything", () => {
    const met: Effect = { kind: "met-origin" };
    expect(verdictOf(met)?.holds).toBe(false);
    expect(verdictOf(met, { signs: { ...none, metOrigin: 1 } })?.holds).toBe(true);
    const purges: Effect = { kind: "purges", least: 5 };
    expect(verdictOf(purges, { signs: { ...none, purgedAll: 4 } })?.holds).toBe(false);
    expect(verdictOf(purges, { signs: { ...none, purgedAll: 5 } })?.holds).toBe(true);
  });

  test("shows by the keys that are gone, whatever has come since", () => {
    const emptied: Effect = { kind: "emptied", at: () => [], leastShare: 0.5 };
    const having = (keys: number | null): Seen => ({ ...HERE, keys }) as Seen;
    expect(verdictOf(emptied, looking([having(40)], [having(41), having(3), having(60)]))).toMatchObject({
      ...{ holds: true, measured: 0.925 },
    });
    expect(verdictOf(emptied, looking([having(40)], [having(35), GONE]))?.holds).toBe(false);
    for (const told of [
      looking([], [having(0)]),
      looking([having(0)], [having(0)]),
      looking([having(9)], [GONE]),
    ])
      expect(verdictOf(emptied, told)).toMatchObject({ holds: false, measured: null });
  });

  test("shows by a share of the looks", () => {
    expect(verdictOf(LOOKS, looking([GONE], [GONE, HERE]))).toMatchObject({ holds: true, measured: 0.5 });
    expect(verdictOf(LOOKS, looking([GONE], [GONE, HERE, HERE]))?.holds).toBe(false);
    expect(verdictOf(LOOKS)).toMatchObject({ holds: false, measured: null });
  });
});

test("of clients' errors it is told how many, and where and when the first was", () => {
  const failed = (dueAt: number, error: string) =>
    request(dueAt, { hit: false, error, path: "/p/1", edge: "edge-2" });
  const seen = history([failed(2500, "503"), failed(2600, "503"), failed(3900, "silent")]);
  const verdict = verdictsOf(evidence({ history: seen })).find(({ name }) => name === "client-errors");
  expect(verdict?.text).toBe(
    "Requests that clients saw fail: 2 × 503 (first /p/1 at edge-2, due 0.5 s after the fault began), " +
      "1 × silent (/p/1 at edge-2, due 1.9 s after the fault began)",
  );
});

test("a timeline counts each second from the first request on, in its phase", () => {
  const seen = new History();
  seen.enter("steady", 600);
  seen.requests.push(
    request(500, { hit: false }),
    request(900, { endedAt: 940 }),
    request(2600, { error: "503", hit: false }),
  );
  seen.asks.push({ number: 1, at: 510 }, { number: 2, at: 2601 });
  expect(seen.timeline()).toEqual([
    { second: 0, phase: "preparing", requests: 2, hits: 1, errors: 0, originRequests: 1, p99Ms: 40 },
    { second: 1, phase: "steady", requests: 0, hits: 0, errors: 0, originRequests: 0, p99Ms: null },
    { second: 2, phase: "steady", requests: 1, hits: 0, errors: 1, originRequests: 1, p99Ms: 2 },
  ]);
});

test("the second in which a fault begins or ends is the fault's: no other phase looks worse for it", () => {
  const seen = new History();
  seen.enter("steady", 0);
  seen.enter("fault", 1300);
  seen.enter("recovery", 3300);
  seen.requests.push(request(0), request(1900, { endedAt: 2739 }), request(4100));
  expect(seen.timeline().map(({ phase }) => phase)).toEqual([
    "steady",
    "fault",
    "fault",
    "fault",
    "recovery",
  ]);
});

describe("what one experiment alone claims", () => {
  /** The fault lasts from 2000 on, until 3000. */
  function seen(more: readonly SeenRequest[]): History {
    const whole = history(more);
    whole.enter("recovery", 3000);
    return whole;
  }
  const verdictOf = (also: Also, more: readonly SeenRequest[]) =>
    verdictsOf(evidence({ bounds: { ...BOUNDS, also: [also] }, history: seen(more), target: "edge-2" })).at(
      -1,
    );
  const from = (count: number, at: number, more: (dueAt: number) => Partial<SeenRequest>) =>
    Array.from({ length: count }, (_, n) => request(at + n, more(at + n)));

  test("what is held comes as quickly as ever, whatever else takes long", () => {
    const also: Also = { kind: "held-latency", mostMs: 200 };
    const slow = (source: SeenRequest["source"]) => (dueAt: number) => ({ source, endedAt: dueAt + 400 });
    // Fifty took two milliseconds.
    expect(verdictOf(also, from(90, 2001, slow("l2")))).toMatchObject({ holds: true, measured: 2 });
    expect(verdictOf(also, from(5, 2001, slow("l1")))).toMatchObject({ holds: true, measured: 2 });
    expect(verdictOf(also, from(10, 2001, slow("l1")))).toMatchObject({ holds: false, measured: 400 });
    expect(verdictOf(also, from(90, 3001, slow("l1")))).toMatchObject({ holds: true });
  });

  test("few wait", () => {
    const also: Also = { kind: "waiting", longerThanMs: 750, mostShare: 0.3 };
    const late = (dueAt: number) => ({ source: "origin" as const, endedAt: dueAt + 1500 });
    expect(verdictOf(also, from(10, 2001, late))).toMatchObject({ holds: true, measured: 0.1667 });
    expect(verdictOf(also, from(50, 2001, late))).toMatchObject({ holds: false, measured: 0.5 });
  });

  test("an edge that comes back empty fills from the mid-tier", () => {
    const also: Also = { kind: "refill", after: 0.5, leastShare: 0.5 };
    const back = (source: SeenRequest["source"]) => () => ({ edge: "edge-2", source });
    const filled = [...from(6, 2700, back("l2")), ...from(4, 2800, back("origin"))];
    expect(verdictOf(also, filled)).toMatchObject({ holds: true, measured: 0.6 });
    expect(verdictOf(also, from(6, 2700, back("origin")))).toMatchObject({ holds: false, measured: 0 });
    // Asked for again it has it, or has had it: the first time counts.
    const again = from(6, 2710, (dueAt) => ({ ...back("origin")(), path: `/${dueAt - 10}` }));
    expect(verdictOf(also, [...filled, ...again])).toMatchObject({ measured: 0.6 });
    // Before it went away, and where nothing had to be brought, nothing is shown.
    expect(verdictOf(also, from(6, 2100, back("l2")))).toMatchObject({ holds: false, measured: null });
    expect(verdictOf(also, from(6, 2700, back("l1")))).toMatchObject({ holds: false, measured: null });
  });

  test("a fault that never began shows nothing", () => {
    const unbroken = new History();
    for (const also of [
      { kind: "held-latency", mostMs: 200 },
      { kind: "waiting", longerThanMs: 750, mostShare: 0.3 },
      { kind: "refill", after: 0.5, leastShare: 0.5 },
    ] as const) {
      const verdicts = verdictsOf(evidence({ bounds: { ...BOUNDS, also: [also] }, history: unbroken }));
      expect(verdicts.at(-1)).toMatchObject({ name: also.kind, holds: false, measured: null });
    }
  });
});
