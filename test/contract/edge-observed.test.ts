// What an edge observes of its traffic, and what it tells of it.

import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../edge/config.ts";
import { type Count, figureOf } from "../../shared/core/traffic-figures.ts";
import type { ObservedBatch } from "../../shared/wire/observed.ts";
import { type LoneEdge, loneEdge } from "../support/lone-edge.ts";

let lone: LoneEdge;
let headers: [string, string][];
let status: number;

beforeEach(async () => {
  lone = loneEdge();
  [headers, status] = [[["cache-control", "max-age=60"]], 200];
  lone.origin = () => ({
    ...{ kind: "answer", status, headers },
    body: { kind: "bytes", bytes: new TextEncoder().encode("0123456789".repeat(100)) },
  });
  await lone.beat();
});

async function told(counted = 0): Promise<ObservedBatch | null> {
  const report = await lone.beat({ observed: { boot: "boot", number: counted } });
  return report.observed ?? null;
}
const count = (batch: ObservedBatch | null, pattern: string, name: Count): number =>
  figureOf(batch?.rows.find((row) => row.pattern === pattern)?.figures ?? [], name);

describe("requests", () => {
  test("are counted by pattern, one in eight for as many as it stands for", async () => {
    for (let i = 0; i < 400; i++) await lone.get(`/products/${i % 40}`);
    const batch = await told();
    expect(batch?.rows.map(({ pattern, site }) => `${site} ${pattern}`)).toEqual(["default /products/:id"]);
    const requests = count(batch, "/products/:id", "requests");
    expect(requests).toBeGreaterThan(300);
    expect(requests).toBeLessThan(500);
    expect(count(batch, "/products/:id", "hits")).toBeGreaterThan(requests / 2);
    expect(count(batch, "/products/:id", "answers")).toBe(40);
    expect(count(batch, "/products/:id", "lifeShort")).toBe(40);
  });

  test("to long URLs are not told apart: what is noted of each would hold all of its text", async () => {
    for (const name of ["a", "b"]) await lone.get(`/${name}?${"x".repeat(2000)}`);
    expect((await told())?.rows.map(({ pattern }) => pattern)).toEqual(["/*"]);
  });

  test("that warm caches are nobody's, and writes are told apart", async () => {
    for (let i = 0; i < 100; i++) await lone.get("/warm", { purpose: "warm-up" });
    for (let i = 0; i < 3; i++) await lone.get("/cart", { method: "POST" });
    const batch = await told();
    expect(count(batch, "/warm", "requests")).toBe(0);
    expect(count(batch, "/cart", "writes")).toBe(3);
  });
});

describe("changes", () => {
  const HOUR = 3_600_000;

  test("are seen between one answer and the next by their validators", async () => {
    for (const version of ["1", "1", "2", "2", "3"]) {
      headers = [
        ["cache-control", "max-age=60"],
        ["etag", `"${version}"`],
      ];
      await lone.get("/page");
      await lone.settled();
      lone.now += HOUR;
    }
    const batch = await told();
    const seen = ["compared", "changed", "comparedMs"] as const;
    expect(seen.map((name) => count(batch, "/page", name))).toEqual([4, 2, 4 * HOUR]);
  });

  test("are none where the origin confirms what was held, and unknown without validators", async () => {
    await lone.get("/plain");
    headers = [...headers, ["etag", '"1"']];
    await lone.get("/same");
    await lone.settled();
    lone.now += HOUR;
    await lone.get("/plain");
    status = 304;
    await lone.get("/same");
    await lone.settled();
    const batch = await told();
    expect([count(batch, "/same", "compared"), count(batch, "/same", "changed")]).toEqual([1, 0]);
    expect(count(batch, "/plain", "compared")).toBe(0);
  });
});

describe("a report", () => {
  test("comes again until it is counted, and the next one not before its time", async () => {
    await lone.get("/a");
    const first = await told();
    await lone.get("/b");
    expect(await told()).toEqual(first);
    expect(await told(first?.number)).toBeNull();
    lone.now += LIMITS.observedEvery;
    const second = await told(first?.number);
    expect(second?.rows.map(({ pattern }) => pattern)).toEqual(["/b"]);
    expect(second?.number).toBe((first?.number ?? 0) + 1);
  });

  test("is bounded whatever clients ask for", async () => {
    const word = (i: number) => [...String(i)].map((digit) => "abcdefghij"[Number(digit)]).join("");
    for (let i = 0; i < 3000; i++) await lone.get(`/${word(i % 50)}/${word(i)}/x${word(i)}y`);
    const batch = await told();
    expect(batch?.rows.length).toBeLessThanOrEqual(LIMITS.observedTold);
    expect(JSON.stringify(batch).length).toBeLessThan(40_000);
  });
});
