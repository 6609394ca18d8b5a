// What those who show credentials are told is remembered of them alone: the next ones are passed, at the price of a pass.

import { beforeEach, describe, expect, test } from "vitest";
import { routeCounters } from "../../edge/counters.ts";
import { MARKERS } from "../../edge/markers.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import type { BlobStore } from "../../shared/ports/blob-store.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";
import { memoryBlobs } from "../support/memory-blobs.ts";
import { type SmallL2, smallL2, TURNS } from "../support/small-l2.ts";

const LIMITS = { rate: 1, burst: 3, share: { rate: 1, burst: 1 } };
const ALICE: HeaderList = [["authorization", "Bearer alice"]];
const BOB: HeaderList = [["authorization", "Bearer bob"]];
const PASSED = "tidegate-l1; fwd=bypass; fwd-status=200; detail=pass";
const HIT = /^tidegate-l1; hit/;

let now: number;
let l2: SmallL2;
let lone: LoneEdge;
/** Of all edges: what was looked for in the data centre and in L2, and tokens that were taken. */
let cost: { looks: number; reads: number; tokens: number };
/** Tokens that are there. */
let left: number;

const control = (value: string): HeaderList => [["cache-control", value]];

const answer = (text: string, headers: HeaderList = [], status = 200): OriginOutcome => ({
  ...{ kind: "answer", status, headers },
  body: { kind: "bytes", bytes: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> },
});

const senderOf = (headers: HeaderList): string => headerValue(headers, "authorization") ?? "anybody";

async function edge(): Promise<LoneEdge> {
  const midTier = {
    ...l2,
    read: (query: Parameters<SmallL2["read"]>[0]) => {
      cost.reads += 1;
      return l2.read(query);
    },
  };
  const inMemory = memoryBlobs(() => now);
  const blobs: BlobStore = {
    ...inMemory,
    match: (key) => {
      cost.looks += 1;
      return inMemory.match(key);
    },
  };
  const begun = loneEdge([], { midTier, blobs, timers: TURNS }, LIMITS);
  begun.now = now;
  begun.budget = async () => {
    if (left === 0) return { kind: "refused", wait: millis(60_000) };
    left -= 1;
    cost.tokens += 1;
    return { kind: "granted", after: millis(0) };
  };
  await begun.beat();
  return begun;
}

beforeEach(async () => {
  [now, left] = [1000, 1000];
  cost = { looks: 0, reads: 0, tokens: 0 };
  l2 = smallL2(() => now);
  lone = await edge();
});

interface Got {
  readonly status: number;
  readonly text: string;
  readonly cacheStatus: string;
}

async function get(headers: HeaderList = [], { at = lone, method = "GET", path = "/a" } = {}): Promise<Got> {
  const reply = await at.get(path, { headers, method });
  await at.settled();
  const text = reply.body.kind === "bytes" ? new TextDecoder().decode(reply.body.bytes) : "";
  return { status: reply.status, text, cacheStatus: reply.cacheStatus };
}

/** One after the other. */
async function times(count: number, headers: HeaderList): Promise<Got[]> {
  const got: Got[] = [];
  for (let n = 0; n < count; n++) got.push(await get(headers));
  return got;
}

function pass(span: number): Promise<unknown> {
  now += span;
  lone.now = now;
  return lone.beat();
}

describe("a GET with credentials for what was not to be stored a moment ago", () => {
  test.each<[string, HeaderList]>([
    ["private", control("private")],
    ["authorization", control("max-age=60")],
    ["authorization", []],
    ["no-store", control("no-store")],
    ["set-cookie", [...control("public, max-age=60"), ["set-cookie", "sid=1"]]],
    ["vary-star", [...control("public, max-age=60"), ["vary", "*"]]],
    ["no-lifetime", control("public")],
  ])("for %s %j asks for nothing but the origin", async (reason, headers) => {
    const isKnown = reason !== "no-lifetime";
    lone.origin = (request) => answer(senderOf(request.headers), headers, isKnown ? 200 : 201);
    const [first, ...others] = await times(50, ALICE);
    expect(first?.cacheStatus).toContain(`detail=${reason}`);
    expect(new Set(others.map(({ cacheStatus }) => cacheStatus)).size).toBe(1);
    expect(others[0]?.cacheStatus).toBe(PASSED.replace("200", isKnown ? "200" : "201"));
    expect(lone.asked).toHaveLength(50);
    expect(cost).toEqual({ looks: 1, reads: 1, tokens: 1 });
    expect(l2.markers).toEqual([null]);
    const { requests, asked } = routeCounters(lone.edge.counters, { site: "default", class: "standard" });
    expect([requests.pass.origin, asked.miss, asked.pass]).toEqual([50, 1, 49]);
  });

  test("is answered while the budget is spent, and everybody by his own answer", async () => {
    left = 3;
    lone.origin = ({ headers }) => answer(senderOf(headers), control("private"));
    const got: Got[] = [];
    for (let n = 0; n < 10; n++) got.push(await get(n % 2 === 0 ? ALICE : BOB));
    expect(got.map(({ status }) => status)).toEqual(got.map(() => 200));
    expect(got.map(({ text }) => text)).toEqual(
      got.map((_, n) => (n % 2 === 0 ? "Bearer alice" : "Bearer bob")),
    );
    expect(left).toBe(2);
  });

  test("is tried once more as late as one without them would be", async () => {
    lone.origin = () => answer("own", control("private"));
    await times(2, ALICE);
    await pass(9999);
    expect((await get(ALICE)).cacheStatus).toBe(PASSED);
    await pass(1);
    expect((await get(ALICE)).cacheStatus).toContain("detail=private");
    expect((await get(ALICE)).cacheStatus).toBe(PASSED);
    expect(cost.tokens).toBe(2);
  });

  test("ends that where it is told what is everybody's", async () => {
    lone.origin = () => answer("own", control("private"));
    await get(ALICE);
    lone.origin = () => answer("all", control("public, max-age=60"));
    expect((await get(BOB)).cacheStatus).toBe(PASSED);
    expect((await get(ALICE)).cacheStatus).toMatch(/fwd=uri-miss.*; stored/);
    for (const sender of [ALICE, BOB, []]) expect((await get(sender)).cacheStatus).toMatch(HIT);
    expect(lone.asked).toHaveLength(3);
  });

  test("does not end that by what is everybody's but for its credentials", async () => {
    lone.origin = () => answer("own", control("max-age=60"));
    await times(5, ALICE);
    expect(cost.reads).toBe(1);
  });

  test.each([
    ["HEAD", ALICE],
    ["GET", [...ALICE, ["range", "bytes=0-1"]] as HeaderList],
  ])("spares a %s %j the way to L2 as well", async (method, headers) => {
    lone.origin = () => answer("own", control("private"));
    await get(ALICE);
    expect((await get(headers, { method })).cacheStatus).toBe(PASSED);
    expect(cost).toEqual({ looks: 1, reads: 1, tokens: 1 });
  });

  test("says nothing of another URL", async () => {
    lone.origin = () => answer("own", control("private"));
    await get(ALICE);
    expect((await get(ALICE, { path: "/b" })).cacheStatus).toContain("detail=private");
    expect((await get(ALICE)).cacheStatus).toBe(PASSED);
  });
});

describe("those without credentials", () => {
  const own = (): void => {
    lone.origin = ({ headers }) =>
      headerValue(headers, "authorization") === null
        ? answer("all", control("max-age=60"))
        : answer("own", control("private"));
  };

  test("wait for one another, and are served what is stored, while those with some are passed", async () => {
    own();
    await times(2, ALICE);
    const crowd = await Promise.all(Array.from({ length: 10 }, () => get()));
    expect(crowd.map(({ text }) => text)).toEqual(crowd.map(() => "all"));
    expect(lone.asked).toHaveLength(3);
    expect((await get()).cacheStatus).toMatch(HIT);
    // It was asked for without credentials, and is for all.
    expect((await get(ALICE)).text).toBe("all");
    expect(l2.markers).toEqual([null]);
  });

  test("are passed no sooner, and no longer, by what those with some are told", async () => {
    own();
    await get(ALICE);
    lone.origin = ({ headers }) =>
      headerValue(headers, "authorization") === null
        ? answer("one's", control("private"))
        : answer("own", control("max-age=60"));
    expect((await get()).cacheStatus).toContain("detail=private");
    await times(2, ALICE);
    expect((await get()).cacheStatus).toBe(PASSED);
    expect(l2.markers).toEqual([null, MARKERS.uncacheable]);
  });

  test("bring those with some what is said to be everybody's", async () => {
    own();
    await get(ALICE);
    expect((await get(ALICE)).cacheStatus).toBe(PASSED);
    lone.origin = () => answer("all", control("public, max-age=60, must-revalidate"));
    await get();
    await pass(9000);
    expect((await get(ALICE)).cacheStatus).toMatch(HIT);
  });
});

describe("by credentials that are refused", () => {
  test.each([401, 403, 429])("with a %i nobody is passed before the second", async (status) => {
    lone.origin = () => answer("no", [], status);
    await times(4, ALICE);
    expect(cost.reads).toBe(2);
    await pass(10_001);
    lone.origin = () => answer("all", control("public, max-age=60"));
    await get(ALICE);
    expect((await get(BOB)).cacheStatus).toMatch(HIT);
    await pass(60_001);
    lone.origin = () => answer("no", [], status);
    await get(ALICE);
    lone.origin = () => answer("all", control("public, max-age=60"));
    expect((await get(BOB)).cacheStatus).toMatch(/; stored/);
  });

  test.each([400, 406, 500, 503])("with a %i nobody is passed", async (status) => {
    lone.origin = () => answer("no", control("private"), status);
    await times(3, ALICE);
    expect(cost.reads).toBe(3);
    lone.origin = () => answer("own", control("private"));
    await times(3, ALICE);
    expect(cost.reads).toBe(4);
  });
});

test("a refresh under credentials that brought nothing for all is not begun anew behind each who has some", async () => {
  lone.origin = () => answer("all", control("public, max-age=60, stale-while-revalidate=60"));
  await get();
  await pass(61_000);
  lone.origin = () => answer("own", control("private"));
  const got = await times(10, ALICE);
  expect(got.map(({ text }) => text)).toEqual(got.map(() => "all"));
  expect(lone.asked).toHaveLength(2);
  lone.origin = () => answer("new", control("public, max-age=60"));
  await get();
  expect((await get(ALICE)).text).toBe("new");
});

describe("without a token is asked for", () => {
  test("what L2 says is for nobody else, at each edge that learns it there", async () => {
    lone.origin = () => answer("own", control("private"));
    await get();
    expect([cost.tokens, l2.markers]).toEqual([1, [MARKERS.uncacheable]]);
    left = 0;
    for (const headers of [[], ALICE]) {
      const other = await edge();
      other.origin = lone.origin;
      expect(await get(headers, { at: other })).toMatchObject({ status: 200, text: "own" });
      expect((await get(headers, { at: other })).cacheStatus).toBe(PASSED);
      const { asked } = routeCounters(other.edge.counters, { site: "default", class: "standard" });
      expect([asked.miss, asked.pass]).toEqual([0, 2]);
    }
    expect(cost.reads).toBe(3);
  });

  test("by those with credentials what another is asking for: of a herd the first one takes one", async () => {
    left = 3;
    const gate = Promise.withResolvers<void>();
    lone.origin = async ({ headers }) => {
      await gate.promise;
      return answer(senderOf(headers), control("private"));
    };
    const herd = Array.from({ length: 10 }, (_, n) => get(n % 2 === 0 ? ALICE : BOB));
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(lone.asked).toHaveLength(10);
    gate.resolve();
    const got = await Promise.all(herd);
    expect(got.map(({ status }) => status)).toEqual(got.map(() => 200));
    expect(got.map(({ text }) => text)).toEqual(
      got.map((_, n) => (n % 2 === 0 ? "Bearer alice" : "Bearer bob")),
    );
    expect([left, l2.markers]).toEqual([2, [null]]);
  });

  test("nothing of which nothing is known", async () => {
    left = 0;
    lone.origin = () => answer("own", control("private"));
    expect((await get(ALICE)).status).toBe(503);
    left = 1;
    await pass(60_001);
    expect((await get(ALICE)).status).toBe(200);
    expect(left).toBe(0);
    expect((await get(BOB)).status).toBe(200);
  });
});
