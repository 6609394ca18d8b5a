// What stands before an origin, at one edge: who gets through, who waits, who is turned away, and what he is told.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { type RouteCounters, routeCounters } from "../../edge/counters.ts";
import type { Reply } from "../../edge/request.ts";
import { headerValue } from "../../shared/core/headers.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import type { TakeQuery } from "../../shared/ports/origin-budget.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const SHARE = { rate: 1, burst: 2 };
const LIMITED = { rate: 100, burst: 10, share: SHARE };
const REFUSED = { kind: "unreachable", reason: "refused", detail: "" } as const;

const answer = (status = 200, cacheControl = "max-age=3, stale-if-error=600"): OriginOutcome => ({
  kind: "answer",
  status,
  headers: [
    ["cache-control", cacheControl],
    ["date", new Date(1_800_000_000_000).toUTCString()],
  ],
  body: { kind: "bytes", bytes: new TextEncoder().encode("content") as Uint8Array<ArrayBuffer> },
});

function problemOf({ body }: Reply): { code: string; status: number } {
  return JSON.parse(body.kind === "bytes" ? new TextDecoder().decode(body.bytes) : "{}");
}

const refusing = (wait: number) => async () => ({ kind: "refused", wait: millis(wait) }) as const;

describe("a budget", () => {
  let lone: LoneEdge;
  let taken: TakeQuery[];

  beforeEach(() => {
    lone = loneEdge([{ key_pattern: "/hot/*", class: "hot" }], {}, LIMITED);
    lone.origin = () => answer();
    taken = [];
    lone.budget = async (query) => {
      taken.push(query);
      return { kind: "granted", after: millis(0) };
    };
  });

  test("costs a miss one token, a hit none, and a pass none", async () => {
    await lone.get("/a");
    await lone.get("/a");
    await lone.get("/a", { method: "POST" });
    await lone.get("/b", { headers: [["if-match", '"x"']] });
    expect(taken).toHaveLength(1);
    expect(taken[0]?.buckets).toEqual([{ name: "default", rate: 100, burst: 10, cost: 1, reserve: 0 }]);
    expect(lone.asked).toHaveLength(3);
  });

  test("spent, it is a 503 that says when to come again, and the origin is not asked", async () => {
    await lone.get("/warm-up");
    lone.budget = refusing(4200);
    const reply = await lone.get("/a");
    expect(reply.status).toBe(503);
    expect(problemOf(reply)).toMatchObject({ code: "origin-protected", status: 503 });
    expect(headerValue(reply.headers, "retry-after")).toBe("5");
    expect(reply.cacheStatus).toBe("tidegate-l1; fwd=miss; detail=shed");
    expect(lone.asked).toHaveLength(1);
    expect(countersOf(lone).shed.rate).toBe(1);
  });

  test("spent, what is stale stands in where that was declared, and says why", async () => {
    await lone.get("/a");
    await lone.settled();
    lone.now += 5000;
    lone.budget = refusing(1000);
    const reply = await lone.get("/a");
    expect([reply.status, reply.cacheStatus]).toEqual([200, expect.stringContaining("detail=shed")]);
    expect(lone.asked).toHaveLength(1);
  });

  test("spent, it is not asked again before there can be anything in it", async () => {
    await lone.get("/warm-up");
    let asked = 0;
    lone.budget = async () => {
      asked += 1;
      return { kind: "refused", wait: millis(4000) };
    };
    for (const path of ["/a", "/b", "/c"]) await lone.get(path);
    expect(asked).toBe(1);
    lone.now += 4000;
    await lone.get("/d");
    expect(asked).toBe(2);
  });

  test("away, the edge's own share decides, and no more", async () => {
    await lone.get("/warm-up");
    lone.budget = async () => ({ kind: "unavailable", reason: "away" });
    const statuses: number[] = [];
    for (const path of ["/a", "/b", "/c", "/d"]) statuses.push((await lone.get(path)).status);
    expect(statuses).toEqual([200, 200, 200, 503]);
    lone.now += 1000;
    expect((await lone.get("/e")).status).toBe(200);
    expect((await lone.get("/f")).status).toBe(503);
  });

  test("is not asked of where no rate is configured", async () => {
    lone = loneEdge();
    lone.origin = () => answer();
    lone.budget = async () => {
      throw new Error("asked");
    };
    expect((await lone.get("/a")).status).toBe(200);
  });

  test("gives refreshes and warm-ups only what users leave", async () => {
    await lone.get("/a", { purpose: "warm-up" });
    expect(taken).toMatchObject([{ patience: expect.any(Number), buckets: [{ reserve: 2.5 }] }]);
  });

  test("takes of a class's own bucket too, at its own cost", async () => {
    lone = loneEdge(
      [{ key_pattern: "/hot/*", class: "hot" }],
      {},
      {
        ...LIMITED,
        classes: { hot: { rate: 5, burst: 4, cost: 2 } },
      },
    );
    lone.origin = () => answer();
    lone.budget = async (query) => {
      taken.push(query);
      return { kind: "granted", after: millis(0) };
    };
    await lone.get("/hot/a");
    expect(taken[0]?.buckets).toMatchObject([
      { name: "default", rate: 100, cost: 2 },
      { name: "default:hot", rate: 5, burst: 4, cost: 2 },
    ]);
  });
});

/** Of what no policy names, as most of these requests are. */
const countersOf = (lone: LoneEdge): RouteCounters =>
  routeCounters(lone.edge.counters, { site: "default", class: "standard" });

/** Answers every request to the origin when it is told to. */
function held(lone: LoneEdge): (() => void)[] {
  const waiting: (() => void)[] = [];
  lone.origin = () => new Promise((resolve) => waiting.push(() => resolve(answer())));
  return waiting;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Resolves when so many requests have looked into L2 in vain, and gone on to the origin's line. */
async function inLine(lone: LoneEdge, count: number): Promise<void> {
  for (let tries = 0; countersOf(lone).tiers.l2.errors < count; tries++) {
    if (tries > 10_000) throw new Error(`still fewer than ${count} requests`);
    await turn();
  }
  await turn();
}

/** Answers them one after the other, each as soon as it is there. */
async function answerAll(waiting: (() => void)[], count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    for (let tries = 0; waiting.length === 0; tries++) {
      if (tries > 10_000) throw new Error(`nothing came to the origin after ${i} requests`);
      await turn();
    }
    waiting.shift()?.();
  }
}

describe("slots", () => {
  test("are what passes and writes are limited by, in the order of arrival", async () => {
    const lone = loneEdge([], {}, { concurrency: 1 });
    lone.origin = () => answer();
    await lone.get("/warm-up");
    const waiting = held(lone);
    const first = lone.get("/a", { method: "POST" });
    await turn();
    const before = countersOf(lone).tiers.l2.errors;
    const [second, third] = [lone.get("/b", { method: "PUT" }), lone.get("/c")];
    await inLine(lone, before + 1);
    expect(lone.asked.map(({ url }) => url.slice(-2))).toEqual(["up", "/a"]);
    await answerAll(waiting, 3);
    expect(lone.asked.map(({ method }) => method)).toEqual(["GET", "POST", "PUT", "GET"]);
    expect((await Promise.all([first, second, third])).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test("users come before warm-ups that waited longer", async () => {
    const lone = loneEdge([], {}, { concurrency: 1 });
    lone.origin = () => answer();
    await lone.get("/warm-up");
    const waiting = held(lone);
    const before = countersOf(lone).tiers.l2.errors;
    const all = [lone.get("/first")];
    await inLine(lone, before + 1);
    all.push(lone.get("/behind", { purpose: "warm-up" }));
    await inLine(lone, before + 2);
    all.push(lone.get("/user"));
    await inLine(lone, before + 3);
    await answerAll(waiting, 3);
    await Promise.all(all);
    const order = lone.asked.map(({ url }) => url.split("/").at(-1));
    expect(order).toEqual(["warm-up", "first", "user", "behind"]);
  });

  test("a follower of one that was turned away gets the same, and asks nobody", async () => {
    const lone = loneEdge([], {}, LIMITED);
    lone.origin = () => answer();
    lone.budget = async () => ({ kind: "granted", after: millis(0) });
    await lone.get("/warm-up");
    const verdict = Promise.withResolvers<void>();
    lone.budget = async () => {
      await verdict.promise;
      return { kind: "refused", wait: millis(2000) };
    };
    const both = [lone.get("/a"), lone.get("/a")];
    await inLine(lone, countersOf(lone).tiers.l2.errors + 1);
    verdict.resolve();
    const replies = await Promise.all(both);
    expect(replies.map(({ status }) => status)).toEqual([503, 503]);
    expect(lone.asked).toHaveLength(1);
  });
});

describe("an origin that fails", () => {
  let lone: LoneEdge;
  beforeEach(async () => {
    lone = loneEdge();
    lone.origin = () => answer();
    await lone.get("/warm-up");
  });

  const failTimes = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      lone.now += i === count - 1 ? LIMITS.originBreaker.lasting : 0;
      await lone.get(`/failing/${i}`);
    }
  };

  test.each([
    ["refuses connections", () => REFUSED],
    ["does not answer in time", () => ({ ...REFUSED, reason: "timeout" }) as const],
    ["says 503", () => answer(503, "no-store")],
  ])(
    "and %s is left alone after ten times in half a second, and tried by one a second later",
    async (_how, fails) => {
      lone.origin = fails;
      await failTimes(10);
      const before = lone.asked.length;
      const reply = await lone.get("/a");
      expect([reply.status, headerValue(reply.headers, "retry-after")]).toEqual([503, "1"]);
      expect((await lone.get("/a", { method: "POST" })).status).toBe(503);
      expect(lone.asked).toHaveLength(before);
      lone.now += 1000;
      const waiting = held(lone);
      const probe = lone.get("/b");
      await inLine(lone, countersOf(lone).tiers.l2.errors + 1);
      expect((await lone.get("/c")).status).toBe(503);
      waiting.shift()?.();
      expect((await probe).status).toBe(200);
      lone.origin = () => answer();
      expect((await lone.get("/d")).status).toBe(200);
    },
  );

  test("and leaves requests hanging is left alone once, and not for each of them at its deadline", async () => {
    lone = loneEdge([], {}, { concurrency: 60 });
    lone.origin = () => answer();
    // How long answers usually take is known from these.
    for (let n = 0; n < 12; n++) {
      await lone.get(`/usual/${n}`);
      lone.now += 30;
    }
    const hanging: ((outcome: OriginOutcome) => void)[] = [];
    lone.origin = () => {
      const { promise, resolve } = Promise.withResolvers<OriginOutcome>();
      hanging.push(resolve);
      return promise;
    };
    const before = countersOf(lone).tiers.l2.errors;
    const hung = Array.from({ length: 50 }, (_, n) => lone.get(`/hung/${n}`));
    await inLine(lone, before + 50);
    const giveUp = async (count: number): Promise<void> => {
      for (const resolve of hanging.splice(0, count)) resolve({ ...REFUSED, reason: "timeout" });
      await Promise.all(hung.splice(0, count));
    };
    lone.now += 20_000;
    await giveUp(10);
    expect((await lone.get("/a")).status).toBe(503);
    lone.now += 1000;
    lone.origin = () => answer();
    expect((await lone.get("/probe")).status).toBe(200);
    const { slots } = lone.edge.guards.of("default");
    const atOnce = slots.size;
    lone.now += 300;
    await giveUp(40);
    expect((await lone.get("/b")).status).toBe(200);
    // Nor is it sent any fewer at once.
    expect(slots.size).toBe(atOnce);
  });

  test("and hangs is tried again while the first one that tried it still hangs", async () => {
    lone.origin = () => REFUSED;
    await failTimes(10);
    lone.now += 1000;
    let hangs: (outcome: OriginOutcome) => void = () => {};
    lone.origin = () =>
      new Promise((resolve) => {
        hangs = resolve;
      });
    const first = lone.get("/a");
    await inLine(lone, countersOf(lone).tiers.l2.errors + 1);
    lone.origin = () => answer();
    lone.now += LIMITS.originBreaker.probeLost - 1;
    expect((await lone.get("/b")).status).toBe(503);
    lone.now += 1;
    expect((await lone.get("/c")).status).toBe(200);
    // By its deadline it tells of a trouble that is over.
    hangs({ ...REFUSED, reason: "timeout" });
    expect((await first).status).toBe(504);
    expect((await lone.get("/d")).status).toBe(200);
  });

  test("with 500 is one request's affair", async () => {
    lone.origin = () => answer(500, "no-store");
    await failTimes(12);
    lone.origin = () => answer();
    expect((await lone.get("/a")).status).toBe(200);
  });

  test("is asked a second time where the connection failed, for one request in ten", async () => {
    for (let i = 0; i < 19; i++) await lone.get(`/well/${i}`);
    const before = lone.asked.length;
    let calls = 0;
    lone.origin = () => {
      calls += 1;
      return calls === 1 ? REFUSED : answer();
    };
    expect((await lone.get("/a")).status).toBe(200);
    expect(lone.asked).toHaveLength(before + 2);
    lone.origin = () => REFUSED;
    for (const path of ["/b", "/c", "/d"]) expect((await lone.get(path)).status).toBe(502);
    // Of 25 requests: two retries, and not a third.
    expect(lone.edge.counters.originGuard.retries).toBe(2);
  });

  test("is asked a second time in the slot of the first, before those who wait for one", async () => {
    lone = loneEdge([], {}, { concurrency: 1 });
    lone.origin = () => answer();
    for (let i = 0; i < 20; i++) await lone.get(`/well/${i}`);
    const before = lone.asked.length;
    const first = Promise.withResolvers<OriginOutcome>();
    lone.origin = () => (lone.asked.length === before + 1 ? first.promise : answer());
    const errors = countersOf(lone).tiers.l2.errors;
    const both = [lone.get("/a")];
    await inLine(lone, errors + 1);
    both.push(lone.get("/b"));
    await inLine(lone, errors + 2);
    first.resolve(REFUSED);
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
    const order = lone.asked.slice(before).map(({ url }) => url.slice(-2));
    expect(order).toEqual(["/a", "/a", "/b"]);
  });

  test("is not asked twice for a write, nor for what it was too slow with", async () => {
    for (let i = 0; i < 30; i++) await lone.get(`/well/${i}`);
    const before = lone.asked.length;
    lone.origin = () => REFUSED;
    await lone.get("/a", { method: "POST" });
    lone.origin = () => ({ ...REFUSED, reason: "timeout" });
    await lone.get("/b");
    expect(lone.asked).toHaveLength(before + 2);
  });
});

test("a body that nobody reads holds no slot", async () => {
  const lone = loneEdge([], {}, { concurrency: 1 });
  lone.origin = () => answer();
  await lone.get("/warm-up");
  const stuck = { length: null, read: () => new Promise<never>(() => undefined), cancel: () => undefined };
  lone.origin = (request) =>
    request.url.endsWith("/slow")
      ? {
          kind: "answer",
          status: 200,
          headers: [["cache-control", "no-store"]],
          body: { kind: "source", source: stuck },
        }
      : { kind: "answer", status: 204, headers: [], body: NO_BODY };
  void lone.get("/slow", { method: "POST" });
  await turn();
  expect((await lone.get("/b", { method: "POST" })).status).toBe(204);
});
