// The outside checker before servers that are wrong on purpose: what they do shows, and what is right does not.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type CheckedGroup, createOutsideChecker, type OutsideChecker } from "../../bench/outside/checker.ts";
import { startCheckedOrigin } from "../../bench/outside/content-origin.ts";
import type { LoadReport } from "../../bench/outside/run.ts";
import { until } from "../support/redis-server.ts";

const closes: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  closes.push(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

const GROUPS: readonly CheckedGroup[] = [
  { below: "/a/", class: "hot", tags: [], headers: {}, boundMs: 0, freshMs: 60_000, staleMs: 0, octets: 200 },
  {
    below: "/v/",
    class: "session",
    tags: [],
    headers: {},
    boundMs: 0,
    freshMs: 60_000,
    staleMs: 0,
    values: true,
  },
  {
    ...{ below: "/s/", class: "hot", tags: [], headers: {}, boundMs: 60_000, octets: 200 },
    ...{ freshMs: 50, staleMs: 50, staleIfErrorMs: 60_000 },
  },
];

/** What the servers hold of a path: everything once it was asked for, unless it is purged. */
interface Cache {
  readonly bodies: Map<string, string>;
  /** A purge removes the path; a wrong one forgets to. */
  purge(path: string): void;
}

async function checked(wrong: (cache: Cache) => Partial<Cache>, epsilonMs = 20) {
  const bodies = new Map<string, string>();
  const right: Cache = { bodies, purge: (path) => void bodies.delete(path) };
  const cache = { ...right, ...wrong(right) };
  const checker = createOutsideChecker({
    ...{ host: "site.test", groups: GROUPS, epsilonMs },
    async invalidate(named) {
      for (const url of named.urls ?? []) cache.purge(new URL(url).pathname);
      return { status: 202, position: "1-1" };
    },
  });
  const edge = await serve((request, response) => {
    const path = request.url ?? "";
    const held = cache.bodies.get(path);
    response.setHeader(
      "cache-status",
      held === undefined ? "x-l1; fwd=uri-miss; stored" : "x-l1; hit; ttl=9",
    );
    const body = held ?? checker.content.answer(path, undefined).body;
    bodies.set(path, body);
    response.end(body);
  });
  return { checker, edge, cache };
}

/** Sends so many requests and ends. */
async function run(
  checker: OutsideChecker,
  edges: readonly { readonly url: string }[],
  plan: { requests?: number; purges?: boolean; failOver?: boolean; writes?: boolean; part?: string } = {},
): Promise<LoadReport> {
  let ended = 0;
  const part = plan.part ?? (plan.writes === true ? "v" : "a");
  const load = checker.start({
    ...{ edges, perSecond: 400, deadlineMs: 15_000, failOver: plan.failOver ?? false },
    pathOf: (number) => `/${part}/${number % 4}`,
    ...(plan.writes === true && { writes: (number: number) => number % 8 < 4 }),
    ...(plan.purges === true && {
      purges: { perSecond: 20, pathOf: (number: number) => `/a/${number % 4}` },
    }),
    watch: () => {
      ended += 1;
    },
  });
  await until("enough has been asked", () => ended >= (plan.requests ?? 200), 15_000);
  // Before it stops: one that is behind then leaves out what it owes.
  expect(load.report().client.withheld).toBe(0);
  return load.stop();
}

test("a cache that is right is found right, and its hits, origin requests and octets are counted", async () => {
  const { checker, edge } = await checked(() => ({}));
  const report = await run(checker, [edge], { purges: true });
  expect(report.violations).toMatchObject({ count: 0, first: [] });
  expect(report.all).toMatchObject({ errors: 0, errorsBy: {}, writes: 0 });
  expect(report.all.hits + report.origin.requests).toBe(report.all.requests);
  expect(report.all.octets).toBe(200 * report.all.requests);
  expect(report.offload.requests).toBeCloseTo(1 - report.origin.requests / report.all.requests, 9);
  expect(report.offload.octets).toBeCloseTo(report.offload.requests, 9);
  expect(report.classes.hot).toMatchObject({ requests: report.all.requests });
  expect(report.purges.acknowledged).toBe(report.purges.sent);
});

test("a purge that is forgotten shows as a stale answer", async () => {
  const { checker, edge } = await checked(() => ({ purge: () => {} }));
  const report = await run(checker, [edge], { purges: true, requests: 400 });
  expect(report.violations.byRule.hard).toBeGreaterThan(0);
  expect(Object.keys(report.violations.byRule)).toEqual(["hard"]);
  expect(report.violations.worstLateMs).toBeGreaterThan(20);
  expect(report.servedAfter).toBeGreaterThan(0);
});

test("a cache that never looks at expiry shows, though it may serve stale where the origin fails", async () => {
  const { checker, edge } = await checked(() => ({}));
  const { violations } = await run(checker, [edge], { part: "s" });
  expect(Object.keys(violations.byRule)).toEqual(["life"]);
  // It says that nothing more may be asked of the origin: that is no life beyond the other window.
  const first = new Map<string, string>();
  const shedding = await serve(({ url = "" }, response) => {
    const body = first.get(url) ?? checker.content.answer(url, undefined).body;
    first.set(url, body);
    response.setHeader("cache-status", "x-l1; hit; ttl=-1; detail=shed").end(body);
  });
  expect((await run(checker, [shedding], { part: "s" })).violations.count).toBe(0);
});

test("another path's answer shows as a crossing", async () => {
  const { checker, edge } = await checked(({ bodies }) => ({
    bodies: Object.assign(new Map(), {
      get: (path: string) => bodies.get(path === "/a/1" ? "/a/2" : path),
    }),
  }));
  const report = await run(checker, [edge]);
  expect(Object.keys(report.violations.byRule)).toEqual(["crossing"]);
});

test.each<[string, (body: string) => string]>([
  ["of another version", (body) => body.replace('"version":1', '"version":2')],
  ["of another instant", (body) => body.replace(/(?<="askedAt":)\d/, (first) => (first === "9" ? "8" : "9"))],
  ["cut short", (body) => body.slice(0, -1)],
  ["of nobody's making", () => "hello"],
])("an answer %s shows as invented", async (_what, alter) => {
  const { checker } = await checked(() => ({}));
  const edge = await serve((request, response) => {
    response.end(alter(checker.content.answer(request.url ?? "", undefined).body));
  });
  const report = await run(checker, [edge], { requests: 20 });
  expect(report.violations.byRule).toEqual({ invented: report.all.requests });
});

test("every request counts from its scheduled instant: a server that stalls shows in the percentiles", async () => {
  let asked = 0;
  let stallsUntil = 0;
  const { checker } = await checked(() => ({}));
  const edge = await serve((request, response) => {
    asked += 1;
    const answer = (): void => void response.end(checker.content.answer(request.url ?? "", undefined).body);
    if (asked === 10) stallsUntil = performance.now() + 200;
    const left = stallsUntil - performance.now();
    if (left > 0) setTimeout(answer, left);
    else answer();
  });
  const report = await run(checker, [edge], { requests: 400 });
  // 80 requests fell due during the stall, a fifth of all; a client that waits for answers would have seen one.
  expect(report.all.requests).toBe(asked);
  expect(report.all.latencyMs?.p90).toBeGreaterThan(90);
  expect(report.all.latencyMs?.max).toBeGreaterThan(190);
});

test("a client fails over once from an edge that refuses, which is counted and is no error", async () => {
  const { checker, edge } = await checked(() => ({}));
  const gone = await serve(() => {});
  gone.close();
  const report = await run(checker, [edge, gone], { failOver: true });
  expect(report.all.errors).toBe(0);
  expect(report.all.failOvers).toBeGreaterThanOrEqual(Math.floor(report.all.requests / 2));
  const without = await run(checker, [edge, gone]);
  expect(without.all.errorsBy.ECONNREFUSED).toBeGreaterThanOrEqual(Math.floor(without.all.requests / 2));
  expect(without.all.failOvers).toBe(0);
});

test("an answer that breaks off in its body is an error, and is not asked for again", async () => {
  const { checker, edge } = await checked(() => ({}));
  let broken = 0;
  const breaking = await serve((_request, response) => {
    broken += 1;
    response.writeHead(200, { "content-length": 100 });
    response.write("half", () => response.destroy());
  });
  const report = await run(checker, [breaking, edge], { failOver: true });
  expect(report.all.failOvers).toBe(0);
  expect(report.all.errors).toBe(broken);
  expect(report.firstErrors[0]).toMatchObject({ edge: 0, error: "ECONNRESET in its body" });
});

test("a value that was acknowledged is read back, at an origin that takes what is written", async () => {
  const { checker } = await checked(() => ({}));
  const origin = await startCheckedOrigin(checker);
  closes.push(() => origin.close());
  const report = await run(checker, [origin], { writes: true });
  expect(report.violations.first).toEqual([]);
  expect(report.all.writes).toBeGreaterThan(90);
  // A read may overtake the first write of its path. After that one's acknowledgement a 404 is a lost value, seen above.
  const { 404: _tooEarly, ...errors } = report.all.errorsBy;
  expect(errors).toEqual({});
});

test("a value that is lost, or is older than one that was acknowledged, shows", async () => {
  for (const shown of ["first", "none"] as const) {
    const { checker } = await checked(() => ({}));
    const first = new Map<string, string>();
    const edge = await serve((request, response) => {
      const path = request.url ?? "";
      let body = "";
      request.setEncoding("utf8").on("data", (piece: string) => {
        body += piece;
      });
      request.on("end", () => {
        if (request.method === "PUT") {
          if (!first.has(path)) first.set(path, body);
          response.writeHead(202).end();
        } else if (shown === "first" && first.has(path)) response.end(first.get(path));
        else response.writeHead(404).end();
      });
    });
    const report = await run(checker, [edge], { writes: true });
    expect(Object.keys(report.violations.byRule)).toEqual(["lost"]);
  }
});
