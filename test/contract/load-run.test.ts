// A load on edges that run already: whom it asks for what, and what its report says as text.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { claimsOf } from "../../bench/hot-class.ts";
import { readLoadFlags } from "../../bench/load/flags.ts";
import { benchLoad } from "../../bench/load/load.ts";
import { printReport } from "../../bench/load/print.ts";

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
  const told = printReport({ ...report, withheld: 3 }, true).join("\n");
  expect(told).toContain("stale reads beyond what is allowed: 0");
  expect(told).toContain("answers on which a purge was binding, its bound having passed: 0");
  expect(told).toContain("WITHHELD: 3 requests");

  const good = { ...report, all: { ...report.all, hitRatio: 0.99, errors: 0 }, bound: 1 };
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
  expect(claims({ withheld: 1 })).toEqual([false, false, false]);
  expect(claims({ all: { ...good.all, requests: 0 } })).toEqual([false, false, false]);
});
