// A load on edges that run already: whom it asks for what, and what its report says as text.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { claimsOf } from "../../bench/hot-class.ts";
import { readLoadFlags } from "../../bench/load/flags.ts";
import { benchLoad, claimsOf as claimsOfLoad } from "../../bench/load/load.ts";
import { printReport } from "../../bench/load/print.ts";
import { Counts } from "../../bench/outside/tally.ts";
import { type AnyFigures, concluded, EXIT } from "../../bench/verdicts.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("edges that run are asked in turn, for the host and the paths of --url, and nothing is said of stale reads", async () => {
  const asked: { edge: number; host: string | undefined; path: string | undefined }[] = [];
  const servers = [0, 1].map((edge) =>
    createServer((request, response) => {
      asked.push({ edge, host: request.headers.host, path: request.url });
      response.setHeader("cache-status", "tidegate-l1; hit; ttl=9").end("hello");
    }),
  );
  const urls: string[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  vi.spyOn(console, "log").mockReturnValue();
  const flags = {
    ...{ edges: urls.join(","), url: "http://shop.test/p/{key}?v={key}&q=a%20b", keys: "10", rate: "100" },
    ...{ seconds: "1", "warm-up": "0", workload: "scan", arrivals: "poisson" },
  };
  const { report, judged } = await benchLoad(readLoadFlags(flags, { quick: true, trace: null }));
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  expect(asked.length).toBe(report.all.requests);
  expect(new Set(asked.map(({ host }) => host))).toEqual(new Set(["shop.test"]));
  expect(new Set(asked.map(({ path }) => path))).toEqual(
    new Set(Array.from({ length: 10 }, (_, n) => `/p/scan-${n}?v=scan-${n}&q=a%20b`)),
  );
  const byEdge = [0, 1].map((n) => asked.filter(({ edge }) => edge === n).length);
  expect(Math.abs((byEdge[0] ?? 0) - (byEdge[1] ?? 0))).toBeLessThanOrEqual(1);
  expect(judged).toBe(false);
  expect(JSON.parse(JSON.stringify(report.offload))).toEqual({ requests: null, octets: null });
  expect(report).toMatchObject({ violations: { count: 0 }, all: { hits: asked.length, errors: 0 } });
  const text = printReport(report, judged).join("\n");
  expect(text).toMatch(new RegExp(`^all +${asked.length} +0 +100\\.00 %`, "m"));
  expect(text).toContain("stale reads: not known");
  expect(text).toContain("offload, by what answers say: 100.00 %");
  expect(text).toMatch(/^client: [\d.]+ requests a second, of [\d.]+ that were due; sent late by p50 /m);
  const lateMs = { p50: 1, p90: 9, p99: 51, p999: 60, max: 70 };
  const told = printReport({ ...report, client: { sent: 97, withheld: 3, seconds: 1, lateMs } }, true).join(
    "\n",
  );
  expect(told).toContain("stale reads beyond what is allowed: 0");
  expect(told).toContain("answers on which a purge was binding, its bound having passed: 0");
  expect(told).toContain("client: 97.0 requests a second, of 100.0 that were due; sent late by p50 1.0 ms");
  expect(told).toContain("WITHHELD: 3 requests");
  expect(told).toContain("LATE: this client sent one request in a hundred more than 50 ms after it was due");

  const inTime = { sent: 100, withheld: 0, seconds: 1, lateMs: { ...lateMs, p99: 50 } };
  expect(printReport({ ...report, client: inTime }, true).join("\n")).not.toMatch(/WITHHELD|LATE/);
  const good = { ...report, all: { ...report.all, hitRatio: 0.99, errors: 0 }, bound: 1, client: inTime };
  const claims = (more: Partial<typeof good>): boolean[] =>
    claimsOf({ ...good, ...more }).map(({ holds }) => holds);
  expect(claims({})).toEqual([true, true, true]);
  const bad = {
    all: { ...good.all, hitRatio: 0.9899, errors: 1 },
    violations: { ...report.violations, count: 1 },
  };
  expect(claims(bad)).toEqual([false, false, false]);
  // What was never purged, or never sent, shows nothing.
  expect(claims({ bound: 0 })).toEqual([true, false, true]);
  expect(claims({ client: { ...inTime, withheld: 1 } })).toEqual([false, false, false]);
  expect(claims({ client: { ...inTime, lateMs } })).toEqual([false, false, false]);
  expect(claims({ all: { ...good.all, requests: 0 } })).toEqual([false, false, false]);
});

test("a load whose requests are all refused, that shows something stale or that the client was late for has failed", () => {
  const lateMs = { p50: 1, p90: 1, p99: 50, p999: 80, max: 80 };
  const client = { sent: 305, withheld: 0, seconds: 1, lateMs };
  const violations = { count: 0, byRule: {}, worstLateMs: 0, first: [] };
  const all = { ...new Counts(2).figures(), requests: 305, errors: 304 };
  const codeOf = (more: Partial<Parameters<typeof claimsOfLoad>[0]>, judged = true) => {
    const claims = claimsOfLoad({ all, client, violations, ...more }, judged);
    return concluded([{ name: "load", claims } as unknown as AnyFigures], false);
  };
  expect(codeOf({})).toEqual({ lines: ["3 of 3 claims met"], code: EXIT.met });
  expect(codeOf({ all: { ...all, errors: 305 } })).toMatchObject({
    lines: ["not met: load: requests are answered", "2 of 3 claims met"],
    code: EXIT.missed,
  });
  expect(codeOf({ violations: { ...violations, count: 1 } }).code).toBe(EXIT.missed);
  expect(codeOf({ violations: { ...violations, count: 1 } }, false).code, "nobody knows").toBe(EXIT.met);
  expect(codeOf({ client: { ...client, withheld: 1 } }, false).code).toBe(EXIT.missed);
  expect(codeOf({ client: { ...client, lateMs: { ...lateMs, p99: 51 } } }).code).toBe(EXIT.missed);
});

test("the crowd that counts comes for a key that nobody has asked for, however long the warm-up was", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("hello");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const edges = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.spyOn(console, "log").mockReturnValue();
  const flags = {
    edges,
    url: "http://shop.test/{key}",
    workload: "crowd",
    rate: "100",
    seconds: "1",
    "warm-up": "1",
  };
  const run = async () => {
    asked.length = 0;
    const { report, claims } = await benchLoad(readLoadFlags(flags, { quick: true, trace: null }));
    const inWarmUp = asked.slice(0, asked.length - report.all.requests);
    expect(inWarmUp.length).toBeGreaterThan(50);
    expect(inWarmUp).not.toContain("/crowd");
    return { report, claims };
  };
  let { report, claims } = await run();
  // Of a client that was held up when it stopped, the crowd is not all there.
  for (let more = 2; more > 0 && report.client.withheld > 0; more--) ({ report, claims } = await run());
  server.closeAllConnections();
  server.close();
  expect(asked.filter((path) => path === "/crowd").length).toBeGreaterThan(50);
  expect(claims[0]).toMatchObject({ holds: true, measured: report.all.requests });
});
