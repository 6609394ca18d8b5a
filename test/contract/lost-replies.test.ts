// A reply of the origin that is lost while the origin is well: who waits for the key does not wait for that one.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { routeCounters } from "../../edge/counters.ts";
import type { Reply } from "../../edge/request.ts";
import { runtimeOrigin } from "../../edge/runtime/origin.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { OriginOutcome, OriginRequest } from "../../shared/ports/origin.ts";
import { systemTimers } from "../../shared/runtime/system.ts";
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

  /** Of those requests to the origin that are looked after. */
  let looks: Set<() => void>;

  const timers: Timers = {
    sleep: async () => undefined,
    after(span, action) {
      if (span !== LIMITS.originReplyLost) return systemTimers.after(span, action);
      const look = (): void => action();
      looks.add(look);
      return () => void looks.delete(look);
    },
  };

  /** Their time has come. */
  const look = async (): Promise<void> => {
    lone.now += LIMITS.originReplyLost;
    for (const due of [...looks]) {
      looks.delete(due);
      due();
    }
    await turn();
  };

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
    looks = new Set();
    lone = loneEdge([], { timers }, limits);
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

  /** Its reply does not come, and the origin has answered what was sent later. */
  const hanging = async (): Promise<{ waiting: Promise<Reply> }> => {
    const waiting = lone.get("/lost");
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    return { waiting };
  };

  test("asks once more beside it when the origin has answered what was sent later, and everybody gets that", async () => {
    const waiting = [lone.get("/lost"), lone.get("/lost")];
    await arrived(1);
    lone.now += 1;
    await lone.get("/after");
    await look();
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
    const { waiting } = await hanging();
    await look();
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
      ({ waiting } = await hanging());
      await look();
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
    const { waiting } = await hanging();
    const asksForToken = vi.fn(async () => ({ kind: "refused", wait: millis(5000) }) as const);
    lone.budget = asksForToken;
    await look();
    expect(asksForToken).toHaveBeenCalledOnce();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect(lost()).toHaveLength(1);
    const { shed } = routeCounters(lone.edge.counters, { site: "default", class: "standard" });
    expect(shed.rate).toBe(0);
  });

  test("looks again every five seconds until it may ask once more, and never a third time", async () => {
    await start({ rate: 100, burst: 100, share: { rate: 1, burst: 2 } });
    const { waiting } = await hanging();
    lone.budget = async () => ({ kind: "refused", wait: millis(4000) });
    await look();
    expect(lost()).toHaveLength(1);
    lone.budget = async () => ({ kind: "granted", after: millis(0) });
    await look();
    expect(lost()).toHaveLength(2);
    expect(looks.size).toBe(0);
    replies[1]?.(answer());
    expect((await waiting).status).toBe(200);
  });

  test("sends no second one when the first has been answered while that waited for its token", async () => {
    await start({ rate: 100, burst: 100, share: { rate: 1, burst: 2 }, concurrency: 4 });
    const { waiting } = await hanging();
    const token = Promise.withResolvers<void>();
    lone.budget = async () => {
      await token.promise;
      return { kind: "granted", after: millis(0) };
    };
    await look();
    replies[0]?.(answer(503));
    expect((await waiting).status).toBe(503);
    token.resolve();
    await turn();
    expect(lost()).toHaveLength(1);
    expect(lone.edge.counters.originGuard.retries).toBe(0);
  });

  describe("with four slots", () => {
    let busy: ((outcome: OriginOutcome) => void)[];
    let waiting: Promise<Reply>;

    const keepBusy = async (paths: readonly string[]): Promise<Promise<Reply>[]> => {
      const { origin } = lone;
      busy = [];
      lone.origin = (request) =>
        request.url.includes("/busy") ? new Promise((resolve) => busy.push(resolve)) : origin(request);
      const asking = paths.map((path) => lone.get(path, { method: "POST" }));
      for (let turns = 0; turns < 20; turns++) await turn();
      return asking;
    };

    beforeEach(async () => {
      await start({ concurrency: 4 });
      ({ waiting } = await hanging());
    });

    test("takes one of its own for the second, and begins none where none is free", async () => {
      const others = await keepBusy(["/busy/1", "/busy/2", "/busy/3"]);
      await look();
      expect(busy.length + lost().length).toBe(4);
      busy.shift()?.(answer());
      await others.shift();
      await look();
      expect(busy.length + lost().length).toBe(4);
      for (const reply of [...replies, ...busy]) reply(answer());
      await Promise.all([...others, waiting]);
    });

    test("leaves that of the first one only when the origin has let go of it", async () => {
      await look();
      await arrived(2);
      replies[1]?.(answer());
      expect((await waiting).status).toBe(200);
      const others = await keepBusy(["/busy/1", "/busy/2", "/busy/3", "/busy/4"]);
      expect(busy).toHaveLength(3);
      replies[0]?.({ kind: "unreachable", reason: "timeout", detail: "" });
      await turn();
      expect(busy).toHaveLength(4);
      for (const reply of busy) reply(answer());
      await Promise.all(others);
    });
  });

  test("waits where nothing shows that the origin is well", async () => {
    const waiting = lone.get("/lost");
    await arrived(1);
    await look();
    lone.origin = () => answer(503);
    await lone.get("/after");
    await look();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect(lost()).toHaveLength(1);
  });

  test("begins nothing beside it while the origin's breaker has one request try it", async () => {
    const { waiting } = await hanging();
    const { origin } = lone;
    lone.origin = (request) => (request.url.endsWith("/lost") ? origin(request) : answer(503));
    for (let failed = 0; failed < 30; failed++) {
      lone.now += 50;
      await lone.get(`/failing/${failed}`);
    }
    lone.origin = origin;
    await look();
    replies[0]?.(answer());
    expect((await waiting).status).toBe(200);
    expect((await lone.get("/well")).status).toBe(200);
    expect(lost()).toHaveLength(1);
  });

  test("does not look after what is for one client alone: it may be meant to hang", async () => {
    const waiting = lone.get("/lost", { headers: [["if-match", '"x"']] });
    await arrived(1);
    expect(looks.size).toBe(0);
    replies[0]?.(answer());
    await waiting;
  });
});

test("what has no answer by its deadline is given up, and what comes then is thrown away", async () => {
  vi.useFakeTimers();
  try {
    const answered = Promise.withResolvers<Response>();
    const slow = { fetch: () => answered.promise };
    const deadline = millis(30_000);
    const asking = runtimeOrigin({ zone: slow, world: slow, gatewayKey: null }).fetch({
      ...{ method: "GET", url: "http://site.test/", origin: "zone", headers: [], body: NO_BODY, deadline },
    });
    await vi.advanceTimersByTimeAsync(deadline);
    expect(await asking).toMatchObject({ kind: "unreachable", reason: "timeout" });
    const cancel = vi.fn();
    answered.resolve(new Response(new ReadableStream({ cancel })));
    await vi.advanceTimersByTimeAsync(0);
    expect(cancel).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
