// The outside client: it sends by the clock whatever becomes of what it sent, and its origin states the truth of each answer.

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createOutsideClient } from "../../bench/outside/exchange.ts";
import { keptTime, startOpenLoop } from "../../bench/outside/open-loop.ts";
import { zipfPicker } from "../../bench/outside/pick.ts";
import { startTraffic } from "../../bench/outside/traffic.ts";
import { readStated, VersionedContent } from "../../bench/outside/versioned-content.ts";
import { until } from "../support/redis-server.ts";

let server: Server | null = null;
afterEach(() => {
  vi.useRealTimers();
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (path: string, response: ServerResponse) => void): Promise<{ url: string }> {
  const started = createServer((request, response) => answer(request.url ?? "", response));
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(started.address() as AddressInfo).port}` };
}

describe("an answer", () => {
  test("that came while its client was held up itself is no silence", async () => {
    const edge = await serve((_path, response) => {
      response.end("here");
      const busyUntil = performance.now() + 700;
      while (performance.now() < busyUntil) {}
    });
    const client = createOutsideClient({ edges: [edge], host: "site.test", deadlineMs: 500 });
    const { outcome } = await client.ask({ edge: 0, path: "/a", scheduledAt: 0 });
    client.close();
    expect(outcome).toMatchObject({ kind: "answered", octets: 4 });
  });
});

describe("an open loop", () => {
  test("goes on sending while nothing comes back, and measures from when it should have sent", async () => {
    const held: (() => void)[] = [];
    const scheduled: number[] = [];
    const late: number[] = [];
    const loop = startOpenLoop({
      perSecond: 500,
      mostInFlight: 1000,
      send: (_number, scheduledAt) => {
        scheduled.push(scheduledAt);
        late.push(performance.now() - scheduledAt);
        return new Promise((resolve) => held.push(resolve));
      },
    });
    await until("twenty are under way", () => held.length >= 20);
    const stopped = loop.stop();
    for (const release of held) release();
    expect((await stopped).sent).toBe(held.length);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    const gaps = scheduled.slice(1).map((at, i) => at - (scheduled[i] ?? 0));
    for (const gap of gaps) expect(gap).toBeCloseTo(2, 6);
  });

  test("makes up for a stall by sending what was due, at its own scheduled instants", async () => {
    const scheduled: number[] = [];
    const loop = startOpenLoop({
      perSecond: 1000,
      mostInFlight: 1000,
      send: async (_number, scheduledAt) => {
        scheduled.push(scheduledAt);
      },
    });
    const busyUntil = performance.now() + 50;
    while (performance.now() < busyUntil) {}
    await until("what was due is sent", () => scheduled.length >= 50);
    await loop.stop();
    expect(scheduled[49]).toBeCloseTo((scheduled[0] ?? 0) + 49, 6);
  });

  test("counts what it may not send", async () => {
    const held: (() => void)[] = [];
    let due = 0;
    const loop = startOpenLoop({
      perSecond: 1000,
      mostInFlight: 3,
      send: (number) => {
        due = number;
        return new Promise((resolve) => held.push(resolve));
      },
    });
    await until("as many as may be are under way", () => held.length === 3 && due === 2);
    const begun = performance.now();
    await until("more were due", () => performance.now() > begun + 20);
    const stopped = loop.stop();
    for (const release of held) release();
    const { sent, withheld } = await stopped;
    expect(sent).toBe(3);
    expect(withheld).toBeGreaterThan(10);
  });
});

describe("an open loop that can't keep up", () => {
  /** Half a millisecond of a core for each: two thousand a second at most. */
  const work = (): void => {
    for (const until = performance.now() + 0.5; performance.now() < until; ) {}
  };

  test("reads what has come between what it sends, says how late it sent, and what it left out", async () => {
    let [turns, sent] = [0, 0];
    const loop = startOpenLoop({
      perSecond: 20_000,
      mostInFlight: 100_000,
      async send() {
        work();
        sent += 1;
      },
    });
    const count = setInterval(() => {
      turns += 1;
    }, 1);
    await until("it is well behind", () => turns > 0 && (loop.counts().lateMs?.p99 ?? 0) > 200);
    clearInterval(count);
    const counts = await loop.stop();
    expect(turns).toBeGreaterThan(0);
    expect(counts.sent).toBe(sent);
    expect(counts.withheld).toBeGreaterThan(counts.sent);
    expect((counts.sent + counts.withheld) / counts.seconds).toBeCloseTo(20_000, -3);
    expect(keptTime(counts)).toBe(false);
  });

  test("has no more under way than a client can have, whatever it is allowed", async () => {
    const held: (() => void)[] = [];
    const loop = startOpenLoop({
      perSecond: 200_000,
      mostInFlight: 1_000_000,
      send: () => new Promise((resolve) => held.push(resolve)),
    });
    await until("some are withheld", () => loop.counts().withheld > 0);
    expect(held).toHaveLength(10_000);
    const stopped = loop.stop();
    for (const release of held) release();
    expect(keptTime(await stopped)).toBe(false);
  });

  test("keeps time where it can", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    const loop = startOpenLoop({ perSecond: 200, mostInFlight: 10_000, send: async () => {} });
    await vi.advanceTimersByTimeAsync(100);
    const counts = await loop.stop();
    expect(counts).toMatchObject({ withheld: 0, sent: 21 });
    expect(keptTime(counts)).toBe(true);
    const lateMs = { p50: 0, p90: 0, p99: 50, p999: 999, max: 999 };
    expect(keptTime({ ...counts, lateMs })).toBe(true);
    expect(keptTime({ ...counts, lateMs: { ...lateMs, p99: 51 } })).toBe(false);
    expect(keptTime({ ...counts, lateMs: null })).toBe(false);
  });
});

test("ranks are drawn in proportion, the same ones for the same seed", () => {
  const pick = zipfPicker(["a", "b", "c", "d"], 1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) counts.set(pick(i), (counts.get(pick(i)) ?? 0) + 1);
  const whole = 1 + 1 / 2 + 1 / 3 + 1 / 4;
  for (const [rank, name] of ["a", "b", "c", "d"].entries())
    expect((counts.get(name) ?? 0) / 10_000).toBeCloseTo(1 / (rank + 1) / whole, 1);
  const again = zipfPicker(["a", "b", "c", "d"], 1);
  const other = zipfPicker(["a", "b", "c", "d"], 2);
  const draws = (by: (n: number) => string) => Array.from({ length: 50 }, (_, i) => by(i)).join("");
  expect(draws(again)).toBe(draws(pick));
  expect(draws(other)).not.toBe(draws(pick));
});

describe("versioned content", () => {
  test("states path, version and when it was asked, and confirms only the version there is", () => {
    let now = 10;
    const told: string[] = [];
    const content = new VersionedContent({
      headersOf: () => ({ "cache-control": "max-age=60" }),
      now: () => now,
      onAsk: (ask) => told.push(ask.told),
    });
    const first = content.answer("/a", undefined);
    expect(first).toMatchObject({ status: 200, headers: { "cache-control": "max-age=60", etag: '"v1"' } });
    expect(readStated(first.body)).toMatchObject({ path: "/a", version: 1, ask: 1, askedAt: 10 });
    now = 20;
    expect(content.answer("/a", '"v1"').status).toBe(304);
    expect(content.write("/a")).toEqual({ path: "/a", version: 2, at: 20 });
    now = 30.5;
    const second = content.answer("/a", '"v1"');
    expect(readStated(second.body)).toMatchObject({ path: "/a", version: 2, ask: 3, askedAt: 30.5 });
    expect(told).toEqual(["content", "confirmed", "content"]);
  });

  test("is not read from what isn't whole, or isn't it", () => {
    const { body } = new VersionedContent({ headersOf: () => ({}) }).answer("/a", undefined);
    expect(readStated(body)).not.toBeNull();
    for (const other of [body.slice(0, -1), `${body} `, "", "{}", body.repeat(2)])
      expect(readStated(other)).toBeNull();
  });
});

describe("an outside client", () => {
  test("tells an answer, a broken connection and silence apart", async () => {
    const content = new VersionedContent({ headersOf: () => ({}) });
    const edge = await serve((path, response) => {
      if (path === "/reset") response.destroy();
      else if (path === "/half") response.writeHead(200, { "content-length": 9 }).write("half");
      else if (path !== "/silent") {
        response.setHeader("cache-status", "x; hit").setHeader("age", "7");
        response.end(content.answer(path, undefined).body);
      }
    });
    const [hasty, client] = [200, 15_000].map((deadlineMs) =>
      createOutsideClient({ edges: [edge], host: "site.test", deadlineMs }),
    );
    const ask = async (path: string, by = client) =>
      (await by?.ask({ edge: 0, path, scheduledAt: 0 }))?.outcome;
    const stated = expect.objectContaining({ path: "/a", version: 1 });
    const octets = expect.any(Number);
    expect(await ask("/a")).toEqual({
      kind: "answered",
      status: 200,
      cacheStatus: "x; hit",
      age: 7,
      octets,
      stated,
    });
    expect(await ask("/reset")).toEqual({ kind: "failed", reason: "ECONNRESET", begun: false });
    const silent = { kind: "silent" };
    expect(await Promise.all(["/silent", "/half"].map((path) => ask(path, hasty)))).toEqual([silent, silent]);
    for (const one of [hasty, client]) one?.close();
  });

  test("asks all edges in turn, and ends when all has ended", async () => {
    const content = new VersionedContent({ headersOf: () => ({}) });
    const edge = await serve((path, response) => response.end(content.answer(path, undefined).body));
    const traffic = startTraffic({
      edges: [edge, edge, edge],
      host: "site.test",
      perSecond: 300,
      deadlineMs: 15_000,
      pathOf: (number) => (number % 2 === 0 ? "/a" : "/b"),
    });
    await until("a few have ended", () => traffic.exchanges.length >= 30);
    const { sent } = await traffic.stop();
    expect(traffic.exchanges).toHaveLength(sent);
    // A client that is behind when it stops leaves out the last ones, and none before.
    const scheduled = traffic.exchanges.map(({ scheduledAt }) => scheduledAt).sort((a, b) => a - b);
    for (const [n, at] of scheduled.entries()) expect(at - (scheduled[0] ?? 0)).toBeCloseTo(n / 0.3, 3);
    const byEdge = [0, 1, 2].map((n) => traffic.exchanges.filter(({ edge: at }) => at === n).length);
    expect(Math.max(...byEdge) - Math.min(...byEdge)).toBeLessThanOrEqual(1);
    for (const { sentAt, scheduledAt, endedAt } of traffic.exchanges) {
      expect(sentAt).toBeGreaterThanOrEqual(scheduledAt);
      expect(endedAt).toBeGreaterThan(sentAt);
    }
    expect(traffic.exchanges).toHaveLength(content.asked);
  });
});
