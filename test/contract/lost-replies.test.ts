// A reply of the origin that is lost while the origin is well: who waits for the key does not wait for that one.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { routeCounters } from "../../edge/counters.ts";
import type { Reply } from "../../edge/request.ts";
import { runtimeOrigin } from "../../edge/runtime/origin.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

const answer = (status = 200): OriginOutcome => ({
  kind: "answer",
  status,
  headers: [["cache-control", "max-age=60"]],
  body: { kind: "bytes", bytes: new TextEncoder().encode("content") as Uint8Array<ArrayBuffer> },
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("an edge", () => {
  let lone: LoneEdge;
  /** Of the key whose first reply does not come. */
  let replies: ((outcome: OriginOutcome) => void)[];

  const lost = (): OriginRequest[] => lone.asked.filter(({ url }) => url.endsWith("/lost"));

  const look = (): void => void lost()[0]?.late?.heard();

  /** By the third report what it was at most before is told no more. */
  const underWay = (): number | undefined =>
    [1, 2, 3].map(() => lone.edge.counters.originConcurrency.report()).at(-1);

  const arrived = async (count: number): Promise<void> => {
    for (let tries = 0; lost().length < count; tries++) {
      if (tries > 10_000) throw new Error(`fewer than ${count} requests for it`);
      await turn();
    }
  };

  const start = async (limits: Record<string, unknown> = {}): Promise<void> => {
    lone = loneEdge([], {}, limits);
    lone.budget = async () => ({ kind: "granted", after: millis(0) });
    await lone.beat();
    replies = [];
    lone.origin = ({ url }) =>
      url.endsWith("/lost") ? new Promise((resolve) => replies.push(resolve)) : answer();
    // One request in ten may be a second try.
    for (let sent = 0; sent < 20; sent++) await lone.get(`/before/${sent}`);
    lone.now += 1000;
  };

  beforeEach(() => start());

  test("asks once more beside it when the origin has answered what was sent later, and everybody gets that", async () => {
    const waiting = [lone.get("/lost"), lone.get("/lost")];
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    expect(lost()[0]?.late?.every).toBe(LIMITS.originReplyLost);
    expect(lost()[0]?.late?.heard()).toBe(true);
    await arrived(2);
    replies[1]?.(answer());
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect(lone.edge.counters.originGuard.retries).toBe(1);
    expect(underWay()).toBe(0);
    // Whatever comes of the first one now.
    const cancel = vi.fn();
    const source = { length: null, read: async () => null, cancel };
    replies[0]?.({ kind: "answer", status: 200, headers: [], body: { kind: "source", source } });
    await turn();
    expect(cancel).toHaveBeenCalledOnce();
    expect(underWay()).toBe(0);
    expect((await lone.get("/lost")).status).toBe(200);
    expect(lost()).toHaveLength(2);
  });

  test("takes the first one's answer where that comes after all", async () => {
    const waiting = lone.get("/lost");
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    expect(lost()[0]?.late?.heard()).toBe(true);
    await arrived(2);
    replies[1]?.({ kind: "unreachable", reason: "refused", detail: "" });
    await turn();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect(lost()).toHaveLength(2);
  });

  describe("that has asked twice", () => {
    let waiting: Promise<Reply>;
    beforeEach(async () => {
      waiting = lone.get("/lost");
      await arrived(1);
      lone.now += 1;
      await lone.get("/after");
      lone.now += LIMITS.originReplyLost;
      look();
      await arrived(2);
    });

    /** With a body that is read by who is given it. */
    const streamed = (status: number, text: string) => {
      const pieces = [new TextEncoder().encode(text), null];
      const cancel = vi.fn();
      const source = { length: null, read: async () => pieces.shift() ?? null, cancel };
      const outcome: OriginOutcome = {
        kind: "answer",
        status,
        headers: [],
        body: { kind: "source", source },
      };
      return { cancel, outcome };
    };

    test.each([
      [429, "second", 1],
      [500, "second", 1],
      [503, "second", 1],
      [503, "first", 0],
    ])("does not take a %i of the %s one while the other may bring better", async (status, _which, poor) => {
      const turnedAway = streamed(status, "already being made");
      replies[poor]?.(turnedAway.outcome);
      await turn();
      replies[1 - poor]?.(answer());
      expect((await waiting).status).toBe(200);
      expect(turnedAway.cancel).toHaveBeenCalledOnce();
      expect(underWay()).toBe(0);
    });

    test("does not take the second one's 503 for the origin's state", async () => {
      const { origin } = lone;
      lone.origin = (request) => (request.url.endsWith("/lost") ? origin(request) : answer(503));
      for (let failed = 0; failed < LIMITS.originBreaker.failures - 1; failed++) {
        lone.now += 100;
        await lone.get(`/failing/${failed}`);
      }
      replies[1]?.(answer(503));
      await turn();
      lone.origin = origin;
      expect((await lone.get("/well")).status).toBe(200);
      replies[0]?.(answer());
      expect((await waiting).status).toBe(200);
    });

    test("gives what it has where nothing better comes, and all of it", async () => {
      replies[1]?.(streamed(503, "in need").outcome);
      await turn();
      replies[0]?.({ kind: "unreachable", reason: "timeout", detail: "" });
      const { status, body } = await waiting;
      expect([status, body.kind === "bytes" && new TextDecoder().decode(body.bytes)]).toEqual([
        503,
        "in need",
      ]);
    });

    test("gives the later one of two that are no better", async () => {
      const first = streamed(503, "");
      replies[1]?.(first.outcome);
      await turn();
      expect(first.cancel).not.toHaveBeenCalled();
      replies[0]?.(answer(500));
      expect((await waiting).status).toBe(500);
      expect(first.cancel).toHaveBeenCalledOnce();
    });
  });

  test("counts nobody as turned away where the second one gets no token", async () => {
    await start({ rate: 100, burst: 100, share: { rate: 1, burst: 2 } });
    const waiting = lone.get("/lost");
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    const asksForToken = vi.fn(async () => ({ kind: "refused", wait: millis(5000) }) as const);
    lone.budget = asksForToken;
    lone.now += LIMITS.originReplyLost;
    look();
    await turn();
    expect(asksForToken).toHaveBeenCalledOnce();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect(lost()).toHaveLength(1);
    const { shed } = routeCounters(lone.edge.counters, { site: "default", class: "standard" });
    expect(shed.rate).toBe(0);
  });

  test("waits where nothing shows that the origin is well, and asks again later", async () => {
    const waiting = lone.get("/lost");
    await arrived(1);
    expect(lost()[0]?.late?.heard()).toBe(false);
    lone.origin = () => answer(503);
    lone.now += 1;
    await lone.get("/after");
    expect(lost()[0]?.late?.heard()).toBe(false);
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect(lost()).toHaveLength(1);
  });

  test("begins nothing beside it while the origin's breaker has one request try it", async () => {
    const waiting = lone.get("/lost");
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    const { origin } = lone;
    lone.origin = (request) => (request.url.endsWith("/lost") ? origin(request) : answer(503));
    for (let failed = 0; failed < 30; failed++) {
      lone.now += 50;
      await lone.get(`/failing/${failed}`);
    }
    lone.origin = origin;
    lone.now += 1100;
    lost()[0]?.late?.heard();
    await turn();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect((await lone.get("/well")).status).toBe(200);
    expect(lost()).toHaveLength(1);
  });

  test("tells nobody of what is for one client alone: it may be meant to hang", async () => {
    const waiting = lone.get("/lost", { headers: [["if-match", '"x"']] });
    await arrived(1);
    expect(lost()[0]?.late ?? null).toBeNull();
    replies[0]?.(answer());
    await waiting;
  });
});

test("whoever wants to know is told again and again until he has heard enough, within the deadline", async () => {
  vi.useFakeTimers();
  try {
    const heard = vi.fn(() => heard.mock.calls.length > 1);
    const never = { fetch: () => new Promise<Response>(() => {}) };
    const asking = runtimeOrigin({ zone: never, world: never, gatewayKey: null }).fetch({
      ...{ method: "GET", url: "http://site.test/", origin: "zone", headers: [], body: NO_BODY },
      deadline: millis(30_000),
      late: { every: millis(5000), heard },
    });
    await vi.advanceTimersByTimeAsync(4999);
    expect(heard).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(24_999);
    expect(heard).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toMatchObject({ kind: "unreachable", reason: "timeout" });
  } finally {
    vi.useRealTimers();
  }
});
