// The refresher with real processes: what is asked for now and then, at one edge after another, does not expire.

import { beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const LIFE_SECONDS = 16;
const PATH = "/now-and-then";

export const REFRESHED_POLICY = {
  ...{ class: "standard", ttl: `${LIFE_SECONDS}s`, ttl_mode: "override", stale_while_revalidate: 0 },
  ...{ key_pattern: `${PATH}/*`, refresh_strategy: "swr" },
};

/** Declares the tests, on two edges. */
export function refresh(stage: () => TestCluster): void {
  let cluster: TestCluster;
  let asked: { readonly at: number; readonly conditional: boolean }[];
  beforeAll(() => {
    cluster = stage();
    asked = [];
    cluster.site.setBelow(PATH, ({ headers }) => {
      const conditional = headers["if-none-match"] === '"1"';
      asked.push({ at: performance.now(), conditional });
      return {
        status: conditional ? 304 : 200,
        headers: { etag: '"1"' },
        body: conditional ? "" : "content",
      };
    });
  });

  const due = async () => (await cluster.call("GET", "/cache-metrics?window=60s")).json.refresh.due;

  test("it is renewed before its end, by 304, and both edges have the new one", async () => {
    // Sampled: often enough that it is known, and then not at all until the end of its life.
    const path = `${PATH}/a`;
    const begun = performance.now();
    for (let n = 0; n < 200; n++) await cluster.get(n % 2, path);
    expect(asked).toHaveLength(1);
    const figures = await until(due, ({ confirmed }) => confirmed > 0, { withinMs: 30_000, everyMs: 250 });
    expect(figures).toMatchObject({ fetched: 0, failed: 0 });
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked[1]).toMatchObject({ conditional: true });
    expect((asked[1]?.at ?? 0) - begun).toBeLessThan(LIFE_SECONDS * 1000 + 1000);
    const before = asked.length;
    await until(
      async () => performance.now() - begun,
      (passed) => passed > (LIFE_SECONDS + 1) * 1000,
      {
        withinMs: 30_000,
        everyMs: 100,
      },
    );
    for (const edge of [0, 1]) expect((await cluster.get(edge, path)).cacheStatus).toMatch(/; hit/);
    expect(asked.length).toBe(before);
  }, 60_000);
}
