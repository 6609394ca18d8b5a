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
  expect(report).toMatchObject({ violations: { count: 0 }, all: { hits: asked.length, errors: 0 } });
  const text = printReport(report, judged).join("\n");
  expect(text).toMatch(new RegExp(`^all +${asked.length} +0 +100\\.00 %`, "m"));
  expect(text).toContain("stale reads: not known");
  expect(text).toContain("offload, by what answers say: 100.00 %");
  const told = printReport({ ...report, withheld: 3 }, true).join("\n");
  expect(told).toContain("stale reads beyond what is allowed: 0");
  expect(told).toContain("WITHHELD: 3 requests");

  const claims = (hitRatio: number, errors: number, count: number): boolean[] =>
    claimsOf({ all: { ...report.all, hitRatio, errors }, violations: { ...report.violations, count } }).map(
      ({ holds }) => holds,
    );
  expect(claims(0.99, 0, 0)).toEqual([true, true, true]);
  expect(claims(0.9899, 1, 1)).toEqual([false, false, false]);
});
