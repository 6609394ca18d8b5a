// Hot keys with real processes: seen within seconds, and an edge that is killed has them again without asking the origin.

import { beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const SIDES = ["left", "right"];
const HOT = Array.from({ length: 12 }, (_, n) => `/hot/${n}`);

export const HOT_POLICY = {
  ...{ key_pattern: "/hot/*", class: "hot", ttl: "10m", ttl_mode: "override", window_ms: 5000 },
};

/** Declares the tests, on two edges; the second is killed and comes back. */
export function hotKeys(stage: () => TestCluster): void {
  let cluster: TestCluster;
  beforeAll(() => {
    cluster = stage();
    cluster.site.setBelow("/hot/", (request) => ({ body: `content of ${request.url}` }));
    cluster.site.set("/hot/sides", ({ headers }) => ({
      headers: { vary: "x-side" },
      body: `the ${headers["x-side"]} side`,
    }));
  });

  const metrics = async () => (await cluster.call("GET", "/cache-metrics?window=10s")).json;

  /** What the second edge says of itself; nothing while it is away. */
  async function life(): Promise<{ readonly boot: string; readonly memoryEntries: number }> {
    const got = await cluster.signed(1, "/.tidegate/status").catch(() => null);
    return got?.status === 200 ? JSON.parse(got.text) : { boot: "", memoryEntries: -1 };
  }

  /** The first of them six times as often as each of the others. */
  async function askMuch(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++)
      await Promise.all(
        HOT.flatMap((path, n) =>
          [0, 1].flatMap((edge) => Array.from({ length: n === 0 ? 12 : 2 }, () => cluster.get(edge, path))),
        ).concat(
          SIDES.flatMap((side) =>
            [0, 1, 0, 1].map((edge) => cluster.get(edge, "/hot/sides", { "x-side": side })),
          ),
        ),
      );
  }

  test("a URL that everybody asks for is the hottest key within seconds", async () => {
    await askMuch(1);
    const begun = performance.now();
    const seen = await until(
      async () => {
        await askMuch(4);
        return metrics();
      },
      ({ hotKeys }) => hotKeys[0]?.hot === true && hotKeys.length >= HOT.length + SIDES.length,
      { withinMs: 15_000, everyMs: 200 },
    );
    console.log({ hotWithinMs: Math.round(performance.now() - begun), share: seen.hotKeys[0].share });
    expect(seen.hotKeys[0]).toMatchObject({
      site: "default",
      class: "hot",
      url: expect.stringMatching(/\/hot\/0$/),
    });
    expect(seen.hotKeys[0].share).toBeGreaterThan(0.1);
    expect(seen.hotKeys[0].share).toBeLessThan(0.6);
    expect(seen.hotKeys[0].requestsPerSecond).toBeGreaterThan(10);
    expect(seen.shardSkew).toBe(1);
  }, 60_000);

  test("an edge that was killed has what is hot in memory again, and the origin was not asked", async () => {
    const before = await metrics();
    const old = await life();
    const asked = cluster.site.total();
    process.kill(cluster.edges[1]?.pid() ?? Number.NaN, "SIGKILL");
    const killedAt = performance.now();
    // Nobody asks it for anything: what it has, it was warmed with.
    await until(life, (now) => now.boot !== old.boot && now.memoryEntries >= HOT.length + SIDES.length, {
      ...{ withinMs: 30_000, everyMs: 200 },
    });
    console.log({ warmWithinMs: Math.round(performance.now() - killedAt) });
    for (const path of HOT) {
      const { text, cacheStatus } = await cluster.get(1, path);
      expect(text).toBe(`content of ${path}`);
      expect(cacheStatus).toMatch(/tidegate-l1; hit/);
    }
    for (const side of SIDES) {
      const { text, cacheStatus } = await cluster.get(1, "/hot/sides", { "x-side": side });
      expect(text).toBe(`the ${side} side`);
      expect(cacheStatus).toMatch(/tidegate-l1; hit/);
    }
    expect(cluster.site.total()).toBe(asked);
    const after = await until(metrics, ({ rebuilds }) => rebuilds.begun > 0, {
      withinMs: 5000,
      everyMs: 200,
    });
    expect(before.hotKeys[0].url).toBe(after.hotKeys[0].url);
  }, 90_000);

  test("a warm-up of what is hot needs no list of URLs", async () => {
    const { status, json } = await cluster.call("POST", "/warmup", {
      hot: { class: "hot", top: 5 },
      wait: true,
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ state: "done", total: 5, done: 5, failed: 0 });
  }, 30_000);
}
