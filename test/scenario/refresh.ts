// The refresher with real processes: what is asked for now and then, at one edge after another, does not expire.

import { beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";
import { undisturbed } from "../support/undisturbed.ts";

const LIFE_SECONDS = 16;
const PATH = "/now-and-then";

export const REFRESHED_POLICY = {
  ...{ class: "standard", ttl: `${LIFE_SECONDS}s`, ttl_mode: "override", stale_while_revalidate: 0 },
  ...{ key_pattern: `${PATH}/*`, refresh_strategy: "swr" },
};

/** Declares the tests, on two edges. */
export function refresh(stage: () => TestCluster): void {
  let cluster: TestCluster;
  let asked: { readonly path: string; readonly at: number; readonly conditional: boolean }[];
  beforeAll(() => {
    cluster = stage();
    asked = [];
    cluster.site.setBelow(PATH, ({ url = "", headers }) => {
      const conditional = headers["if-none-match"] === '"1"';
      asked.push({ path: url, at: performance.now(), conditional });
      return {
        status: conditional ? 304 : 200,
        headers: { etag: '"1"' },
        body: conditional ? "" : "content",
      };
    });
  });

  const askedFor = (path: string) => asked.filter((one) => one.path === path);

  const due = async () => (await cluster.call("GET", "/cache-metrics?window=60s")).json.refresh.due;

  test("it is renewed before its end, by 304, and both edges have the new one", async () => {
    // Sampled: often enough that it is known, and then not at all until the end of its life.
    const { path, begun, askedThen } = await undisturbed(cluster, async (round) => {
      const path = `${PATH}/${round}`;
      const begun = performance.now();
      for (let n = 0; n < 200; n++) await cluster.get(n % 2, path);
      return { path, begun, askedThen: askedFor(path).length };
    });
    expect(askedThen).toBe(1);
    const figures = await until(due, ({ confirmed }) => confirmed > 0 && askedFor(path).length > 1, {
      ...{ withinMs: 30_000, everyMs: 250 },
    });
    expect(figures).toMatchObject({ fetched: 0, failed: 0 });
    const second = askedFor(path)[1];
    expect(second).toMatchObject({ conditional: true });
    expect((second?.at ?? 0) - begun).toBeLessThan(LIFE_SECONDS * 1000 + 1000);
    const before = askedFor(path).length;
    await until(
      async () => performance.now() - begun,
      (passed) => passed > (LIFE_SECONDS + 1) * 1000,
      {
        withinMs: 30_000,
        everyMs: 100,
      },
    );
    for (const edge of [0, 1]) expect((await cluster.get(edge, path)).cacheStatus).toMatch(/; hit/);
    expect(askedFor(path)).toHaveLength(before);
  }, 60_000);
}
