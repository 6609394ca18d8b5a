// The whole system on the embedded mid-tier: what runs where no redis-server is installed.

import { afterAll, beforeAll, expect, test } from "vitest";
import { SITE_HOST, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { undisturbed } from "../support/undisturbed.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ edges: 2, redis: { kind: "embedded", databases: 1 } });
}, 60_000);
afterAll(() => cluster?.stop());

test("answers are shared between edges, and a purge reaches both", async () => {
  let body = "old";
  cluster.site.setBelow("/page/", () => ({ headers: { "cache-control": "max-age=600" }, body }));
  const { path, elsewhere } = await undisturbed(cluster, async (round) => {
    const path = `/page/${round}`;
    expect((await cluster.get(0, path)).text).toBe("old");
    return { path, elsewhere: await cluster.get(1, path) };
  });
  expect(elsewhere.cacheStatus).toMatch(/^tidegate-l2; hit/);
  expect(cluster.site.requests(path)).toBe(1);
  body = "new";
  const receipt = await cluster.purge({ urls: [`http://${SITE_HOST}${path}`] });
  expect(receipt.state).toBe("converged");
  for (const edge of [0, 1]) expect((await cluster.get(edge, path)).text).toBe("new");
});
