// Of a crowd that finds an answer from before the view begins, one asks the log: all are handed what it says, and judge it themselves.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { LogPayload } from "../../shared/core/log-entry.ts";
import type { Position } from "../../shared/core/position.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { CheckOutcome, MidTier } from "../../shared/ports/mid-tier.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
import { turns } from "../support/edges-together.ts";
import { EPOCH, HOST, type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { type MemoryBlobs, memoryBlobs } from "../support/memory-blobs.ts";
import { smallL2 } from "../support/small-l2.ts";

const POLICIES = [
  { key_pattern: "/kept/*", class: "standard" },
  { key_pattern: "/hot/*", class: "hot" },
];
const purge = (path: string): LogPayload => ({
  ...{ kind: "invalidate", mode: "hard" },
  selectors: [`default u ${HOST}${path}` as Selector],
});
const at = (seq: number): Position => ({ epoch: EPOCH, seq });
const NEAR = /^tidegate-l1; hit; ttl=\d+$/;
/** What was there before it began: what is fetched since lives for less. */
const OLD = /ttl=600/;
const FETCHED = /fwd-status=200/;

interface Check {
  readonly selectors: readonly Selector[];
  readonly since: Position;
  readonly says: (outcome: CheckOutcome) => void;
}

let checks: Check[];
/** What the log says at once, of what is then found in L2; null where it waits to be told. */
let further: CheckOutcome | null;
let due: { at: number; run: () => void }[];
let blobs: MemoryBlobs;
/** How often the data centre was looked into, and written to, since the isolate began. */
let looks: number;
let puts: number;
/** What was noted in L2. */
let noted: Position[];
let edge: LoneEdge;
let now: number;

/** The data centre, and L2, have answers of another isolate, from before a purge; and then another one begins. */
beforeEach(async () => {
  [checks, due, noted, now, further] = [[], [], [], 1000, null];
  blobs = memoryBlobs(() => now);
  const l2 = { ...smallL2(() => now), verified: async (query) => void noted.push(query.position) } as MidTier;
  const filler = begin(l2);
  await filler.beat();
  for (const path of ["/kept/a", "/hot/a"]) {
    await filler.get(path);
    await filler.settled();
  }
  edge = begin(l2);
  edge.origin = () => answer(300);
  edge.append(purge("/kept/other"));
  await edge.beat();
  await edge.settled();
  [looks, puts] = [0, 0];
});

function begin(midTier: MidTier): LoneEdge {
  const after: Timers["after"] = (span, run) => {
    const timer = { at: now + span, run };
    due.push(timer);
    return () => void (due.includes(timer) && due.splice(due.indexOf(timer), 1));
  };
  const counting: MemoryBlobs = {
    ...blobs,
    match: async (...of) => {
      looks += 1;
      // All of a crowd have come by the time that it answers.
      await new Promise((resolve) => setImmediate(resolve));
      return blobs.match(...of);
    },
    put: (...of) => {
      puts += 1;
      return blobs.put(...of);
    },
  };
  const { log } = loneEdge(POLICIES).edge;
  const lone = loneEdge(POLICIES, {
    ...{ midTier, blobs: counting, timers: { ...systemTimers, after, sleep: async () => undefined } },
  });
  Object.assign(lone.edge.log, {
    ...{ append: log.append },
    check: (selectors: readonly Selector[], since: Position) =>
      new Promise<CheckOutcome>((says) => {
        if (further === null) checks.push({ selectors, since, says });
        else says(further);
      }),
  });
  lone.now = now;
  lone.origin = () => answer(600);
  return lone;
}

function answer(life: number): OriginOutcome {
  const headers: HeaderList = [["cache-control", `max-age=${life}, stale-while-revalidate=5`]];
  const bytes = new TextEncoder().encode("body") as Uint8Array<ArrayBuffer>;
  return { kind: "answer", status: 200, headers, body: { kind: "bytes", bytes } };
}

async function pass(span: number): Promise<void> {
  now += span;
  edge.now = now;
  for (const timer of due.filter((one) => one.at <= now)) {
    due.splice(due.indexOf(timer), 1);
    timer.run();
  }
  await turns();
}

async function crowd(path: string, count = 100): Promise<Promise<string>[]> {
  const all = Array.from({ length: count }, async () => (await edge.get(path)).cacheStatus);
  await turns();
  return all;
}

const OK: CheckOutcome = { kind: "ok", position: at(1) };

test("a hundred at once make one check, one look for what others found, and one note of it", async () => {
  const all = await crowd("/kept/a");
  expect(checks).toHaveLength(1);
  checks[0]?.says(OK);
  for (const status of await Promise.all(all)) expect(status).toMatch(NEAR);
  await edge.settled();
  expect([looks, puts, checks.length]).toEqual([2, 1, 1]);
  expect(edge.edge.checks.size + edge.edge.recalls.size + due.length).toBe(0);
});

test("what is read from L2 is noted there, once", async () => {
  const all = await crowd("/hot/a");
  checks[0]?.says(OK);
  expect(await Promise.all(all)).toHaveLength(100);
  await edge.settled();
  expect([checks.length, noted]).toEqual([1, [at(1)]]);
});

test("a check is kept for those who have joined it, whatever becomes of its client", async () => {
  const all = await crowd("/kept/a", 2);
  let isSettled = false;
  void edge.settled().then(() => {
    isSettled = true;
  });
  await turns();
  expect(isSettled).toBe(false);
  checks[0]?.says(OK);
  await Promise.all(all);
  await edge.settled();
});

describe("whoever comes after a check was sent", () => {
  test("is served by it, where his view knows of nothing since", async () => {
    const all = await crowd("/kept/a", 1);
    edge.append(purge("/kept/another"));
    await edge.beat();
    all.push(...(await crowd("/kept/a", 1)));
    expect(checks).toHaveLength(1);
    // Redis read the index before that entry was there.
    checks[0]?.says(OK);
    for (const status of await Promise.all(all)) expect(status).toMatch(NEAR);
    expect(edge.asked).toHaveLength(0);
  });

  test("is not served what was purged since, by a view that knows of it", async () => {
    const first = await crowd("/kept/a", 1);
    edge.append(purge("/kept/a"));
    await edge.beat();
    const late = await crowd("/kept/a", 1);
    further = { kind: "hit" };
    checks[0]?.says(OK);
    for (const status of await Promise.all([...first, ...late])) expect(status).not.toMatch(OLD);
    expect(edge.asked).toHaveLength(1);
  });

  test("does not take the word of one that was sent by a view which reached further back", async () => {
    const first = await crowd("/kept/a", 1);
    edge.append(purge("/kept/a"));
    await edge.beat();
    const view = edge.edge.view.current();
    if (view === null) throw new Error("cold");
    // As a view that began anew: of what lies below its floor it knows nothing.
    view.index.clear();
    view.floor = view.cursor;
    view.generation += 1;
    const late = await crowd("/kept/a", 1);
    expect(checks).toHaveLength(2);
    further = { kind: "hit" };
    checks[0]?.says(OK);
    checks[1]?.says(further);
    for (const status of await Promise.all([...first, ...late])) expect(status).not.toMatch(OLD);
    expect(edge.asked).toHaveLength(1);
  });

  test("dates a soft invalidation by when it was sent, and not by when he came", async () => {
    const first = await crowd("/kept/a", 1);
    await pass(1500);
    const late = await crowd("/kept/a", 1);
    expect(checks).toHaveLength(1);
    // Stale for four seconds then, and its stale window is of five.
    further = { kind: "hit" };
    checks[0]?.says({ kind: "soft", position: at(1), age: millis(4000) });
    for (const status of await Promise.all([...first, ...late])) expect(status).not.toContain("stale");
    expect(edge.asked).toHaveLength(1);
  });

  test("what a soft invalidation has hit is not stale by it where the view has forgotten what came then", async () => {
    const first = await crowd("/kept/a", 1);
    const view = edge.edge.view.current();
    if (view === null) throw new Error("cold");
    view.floor = 2;
    further = { kind: "hit" };
    checks[0]?.says({ kind: "soft", position: at(1), age: millis(1000) });
    for (const status of await Promise.all(first)) expect(status).toMatch(FETCHED);
  });
});

describe("a check that was lost with its request", () => {
  test("holds nobody up for long, and then one asks for all", async () => {
    const all = await crowd("/kept/a", 100);
    await pass(LIMITS.checkGuard - 1);
    all.push(...(await crowd("/kept/a", 1)));
    expect(checks).toHaveLength(1);
    await pass(1);
    expect(checks).toHaveLength(2);
    checks[1]?.says(OK);
    const [, ...others] = all;
    for (const status of await Promise.all(others)) expect(status).toMatch(NEAR);
    await turns();
    expect(puts).toBe(1);
  });

  test("lost twice has everybody ask for himself", async () => {
    const all = await crowd("/kept/a", 4);
    await pass(LIMITS.checkGuard);
    await pass(LIMITS.checkGuard);
    expect(checks).toHaveLength(4);
    for (const { says } of checks.slice(2)) says(OK);
    const [, , ...others] = all;
    for (const status of await Promise.all(others)) expect(status).toMatch(NEAR);
  });
});

test("a log that doesn't answer is asked once for all, and all are for the origin together", async () => {
  const all = await crowd("/kept/a", 10);
  further = { kind: "unavailable", reason: "TimeoutError" };
  checks[0]?.says(further);
  await Promise.all(all);
  expect([checks.length, edge.asked.length]).toEqual([1, 1]);
});
