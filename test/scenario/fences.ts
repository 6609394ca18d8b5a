// Beyond its window an edge that nobody can tell of the log keeps to its class's fence, and says so.

import { beforeAll, describe, expect, test } from "vitest";
import { type FaultyCluster, SITE_HOST } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const WINDOW_MS = 800;
const PATHS = ["/revalidate/a", "/serve-stale/a", "/refuse/a", "/zero/a"] as const;

const row = (pattern: string, fence: string, more = {}) => ({
  ...{ key_pattern: pattern, class: "hot", window_ms: WINDOW_MS, fence },
  ...more,
});

export const FENCED_POLICIES = [
  row("/revalidate/*", "revalidate"),
  row("/serve-stale/*", "serve-stale"),
  row("/refuse/*", "refuse"),
  row("/zero/*", "refuse", { window_ms: 0 }),
];

const isHit = ({ cacheStatus }: { cacheStatus: string }) => /^tidegate-l1; hit(?!.*fenced)/.test(cacheStatus);

/** Declares the tests, on two edges, the first of which is cut off. */
export function fences(stage: () => FaultyCluster): void {
  let cluster: FaultyCluster;
  let version = "old";

  beforeAll(() => {
    cluster = stage();
    for (const below of [...PATHS.map((path) => path.slice(0, -1)), "/one-way/"])
      cluster.site.setBelow(below, () => ({
        headers: { "cache-control": "max-age=600", etag: `"${version}"` },
        body: version,
      }));
  });

  const first = (path: string) => cluster.get(0, path);

  /** The first edge alone: neither the log, nor the control plane, nor its peer. */
  function cutOff(): void {
    cluster.links.partition([0], ["redis", "control-plane", 1]);
  }

  async function beyondWindow(): Promise<void> {
    await until(
      () => first("/refuse/a"),
      ({ status }) => status === 503,
      { withinMs: WINDOW_MS + 2000 },
    );
  }

  test("a lease whose grant never reached its edge holds nobody else up", async () => {
    await cluster.get(0, "/one-way/warm");
    cluster.links.edgeToRedis(0).set({ kind: "one-way", arrives: "requests" });
    const begun = performance.now();
    expect((await cluster.get(0, "/one-way/cold")).status).toBe(200);
    expect((await cluster.get(1, "/one-way/cold")).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(10_000);
    cluster.links.heal();
  }, 40_000);

  describe("an edge cut off from the log and from its peers", () => {
    test("serves from memory within the window, then as the fence says", async () => {
      // The first beat has named the peers.
      await until(
        () => cluster.call("GET", "/edges"),
        ({ json }) => json.items.every(({ state }: { state: string }) => state === "live"),
        { withinMs: 10_000 },
      );
      // Whatever was cut off before reaches Redis again when its breakers have let a call through.
      for (const path of PATHS)
        await until(
          () => first(path),
          ({ text }) => text === "old",
          { withinMs: 10_000 },
        );
      // Longer than a window may pass between two lines of a test, on a machine that does much else.
      await until(
        async () => {
          cluster.links.heal();
          await until(() => first("/revalidate/a"), isHit, { withinMs: 5000 });
          cutOff();
          return first("/revalidate/a");
        },
        isHit,
        { withinMs: 10_000 },
      );
      await beyondWindow();
    }, 20_000);

    test("serve-stale says that it is fenced, and ends with its cap", async () => {
      const fenced = await first("/serve-stale/a");
      expect(fenced.cacheStatus).toMatch(/hit.*detail=fenced/);
      version = "new";
      const asked = cluster.site.requests("/serve-stale/a");
      await until(
        () => first("/serve-stale/a"),
        ({ text }) => text === "new",
        { withinMs: WINDOW_MS + 10_000, everyMs: 100 },
      );
      expect(cluster.site.requests("/serve-stale/a")).toBeGreaterThan(asked);
    }, 20_000);

    test("revalidate asks the origin for whatever was not fetched within the window", async () => {
      const asked = cluster.site.requests("/revalidate/a");
      const got = await first("/revalidate/a");
      expect([got.status, got.text]).toEqual([200, "new"]);
      expect(cluster.site.requests("/revalidate/a")).toBe(asked + 1);
    });

    test.each(["/refuse/a", "/zero/a"])(
      "refuse answers 503 at %s, says why and when to come again",
      async (path) => {
        const refused = await first(path);
        expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
        expect(JSON.parse(refused.text)).toMatchObject({ code: "fenced", status: 503 });
      },
    );

    test("a purge that it can't hear of is not served against there either", async () => {
      version = "newest";
      for (const path of PATHS) {
        const purged = await cluster.invalidate({ urls: [`http://${SITE_HOST}${path}`] });
        expect(purged.status).toBe(202);
      }
      // What it has fetched itself within the window is as good as a view that young.
      await until(
        () => first("/revalidate/a"),
        ({ text }) => text === "newest",
        { withinMs: WINDOW_MS + 200 },
      );
    });

    test("one word of its peer is enough", async () => {
      cluster.links.edgeToEdge(0, 1).heal();
      const got = await until(
        () => first("/refuse/a"),
        ({ status }) => status === 200,
        { withinMs: 5000, everyMs: 50 },
      );
      expect(got.text).toBe("newest");
      // But not for a window of zero: a peer's word is always older than the request.
      expect((await first("/zero/a")).status).toBe(503);
    });

    test("serves as before when all has healed", async () => {
      cluster.links.heal();
      for (const path of PATHS) {
        const got = await until(
          () => first(path),
          ({ cacheStatus }) => cacheStatus.includes("; hit"),
          { withinMs: 5000, everyMs: 50 },
        );
        expect(got.text).toBe("newest");
      }
    });
  });
}
