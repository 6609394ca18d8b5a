// Redis away from the very start: the edges serve from the origin, and are whole as soon as it is there.

import { expect, test } from "vitest";
import { SITE_HOST, type TestCluster } from "../support/cluster.ts";
import { ask, until } from "../support/http.ts";

export interface LateCluster extends TestCluster {
  /** Starts what was missing. */
  startRedis(): Promise<void>;
}

/** Declares the test, on two edges that have begun without Redis, which is there in the end. */
export function redisAway(stage: () => LateCluster): void {
  test("edges answer without Redis, store nothing that they could not vouch for, and recover by themselves", async () => {
    const cluster = stage();
    expect(cluster.ready).toBe(false);
    cluster.site.set("/page", { headers: { "cache-control": "max-age=600" }, body: "fine" });
    for (const edge of [0, 1, 0]) {
      const got = await cluster.get(edge, "/page");
      expect([got.status, got.text]).toEqual([200, "fine"]);
    }
    expect(cluster.site.requests("/page")).toBe(3);
    expect((await cluster.call("POST", "/invalidate", { tags: ["x"] })).status).toBe(503);
    const written = await ask(`${cluster.edges[0]?.url}/page`, {
      method: "PUT",
      body: "new",
      headers: { host: SITE_HOST },
    });
    expect([written.status, written.text]).toEqual([200, "fine"]);
    await cluster.startRedis();
    await until(
      () => cluster.get(0, "/page"),
      (got) => got.cacheStatus.startsWith("tidegate-l1; hit"),
      { withinMs: 20_000, everyMs: 100 },
    );
    const receipt = await until(
      () => cluster.call("POST", "/invalidate", { tags: ["x"], wait: true }),
      (got) => got.status === 200,
      { withinMs: 20_000, everyMs: 200 },
    );
    expect(receipt.json.state).toBe("converged");
    // The write that the log could not be told of then has reached it since.
    const listed = await until(
      () => cluster.call("GET", "/invalidations"),
      (got) => got.json.items.some((item: { actor: string }) => item.actor === "edge/edge-1"),
      { withinMs: 10_000, everyMs: 100 },
    );
    expect(listed.status).toBe(200);
  }, 90_000);
}
