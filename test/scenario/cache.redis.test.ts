// Programs that cache by themselves, beside edges: purged through the control plane and purging edges, and with no Redis.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { createCache } from "../../client/cache/create-cache.ts";
import { type FaultProxy, startFaultProxy } from "../../dev/faults/fault-proxy.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";
import { type ServerFixture, startServerRest, until } from "../support/redis-server.ts";

/** A short window: what is purged elsewhere is known here soon, and the test need not wait for long. */
const CLASSES = { quick: { ttl: "10m", window: 300, memory: 1 << 20 } } as const;

describe("beside edges", () => {
  let cluster: TestCluster;
  let caches: Cache[];

  beforeAll(async () => {
    cluster = await startTestCluster({
      edges: 2,
      policies: [{ key_pattern: "/tagged/*", class: "hot", window_ms: 300 }],
    });
    const { url, token } = cluster.redis;
    caches = [1, 2].map(() =>
      createCache({ redis: { url, token }, namespace: "app", class: "quick", classes: CLASSES }),
    );
    await Promise.all(caches.map((cache) => cache.ready()));
  }, 60_000);

  afterAll(async () => {
    for (const cache of caches ?? []) await cache.dispose();
    await cluster?.stop();
  });

  /** What each cache gives, from a source that counts. */
  let version = 0;
  const readers = (key: string, tags: readonly string[]) => {
    const load = () => {
      version += 1;
      return version;
    };
    return () => Promise.all(caches.map((cache) => cache.getOrFetch(key, load, { tags })));
  };

  test.each([
    ["by a tag", { tags: ["both"] }],
    ["by its URL", { urls: ["tidegate://app/users/1%3Fx"] }],
    ["by a prefix of its namespace", { prefixes: ["tidegate://app/users"] }],
    ["with all of the site", { everything: true, confirm: "default" }],
  ])("a value purged through the control plane is gone everywhere: %s", async (_how, selectors) => {
    const read = readers("users/1?x", ["both"]);
    const [before = 0] = await read();
    expect(await read()).toEqual([before, before]);
    expect((await cluster.call("POST", "/invalidate", selectors)).status).toBe(202);
    const began = performance.now();
    await until("both read the new value", async () => (await read()).every((value) => value > before));
    // The window, and what two reads of a busy machine take.
    expect(performance.now() - began).toBeLessThan(1500);
    await cluster.call("POST", "/invalidate", { prefixes: ["tidegate://app/"] });
    await until("it is gone", async () => (await read()).every((value) => value > before + 1));
  });

  test("what names another namespace, or no key, leaves it as it is", async () => {
    const read = readers("kept", []);
    const before = await read();
    const other = await cluster.call("POST", "/invalidate", { urls: ["tidegate://other/kept"], wait: true });
    expect(other.status).toBe(200);
    expect(await read()).toEqual(before);
    const bad = await cluster.call("POST", "/invalidate", { urls: ["tidegate://App/kept"] });
    expect(bad.status).toBe(422);
    expect(bad.json.errors).toEqual([
      { pointer: "/urls/0", message: expect.stringContaining("tidegate://") },
    ]);
  });

  test("a program's purge by tag reaches what edges hold", async () => {
    cluster.site.set("/tagged/page", {
      headers: { "cache-control": "max-age=600", "cache-tag": "shared" },
      body: "x",
    });
    const hit = async () => (await cluster.get(0, "/tagged/page")).cacheStatus;
    await until("the edge has it", async () => (await hit()).includes("hit"));
    const asked = cluster.site.requests("/tagged/page");
    await caches[0]?.invalidate({ tags: ["shared"] });
    await until("the edge asks anew", async () => {
      await hit();
      return cluster.site.requests("/tagged/page") > asked;
    });
  });
});

describe("without Redis", () => {
  let redis: ServerFixture;
  let proxy: FaultProxy;

  beforeAll(async () => {
    redis = await startServerRest();
    proxy = await startFaultProxy(new URL(redis.url).host);
  }, 30_000);

  afterAll(async () => {
    await proxy?.close();
    await redis?.stop();
  });

  const cacheBehindProxy = (): Cache =>
    createCache({
      redis: { url: `http://${proxy.address}`, token: redis.token },
      ...{ namespace: "app", class: "quick", classes: CLASSES },
      sources: { default: { concurrency: 4 } },
    });

  test.each(["cut", "black-hole"] as const)(
    "%s: loads are gated, and no call fails or is late",
    async (kind) => {
      proxy.heal();
      const cache = cacheBehindProxy();
      await cache.ready();
      expect(await cache.getOrFetch("before", () => "had")).toBe("had");
      proxy.set({ kind });
      let [atOnce, most] = [0, 0];
      const load = async (value: number): Promise<number> => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        return value;
      };
      const deadline = 3000;
      const took: number[] = [];
      const calls = Array.from({ length: 200 }, async (_, key) => {
        const began = performance.now();
        expect(await cache.getOrFetch(`key/${key}`, () => load(key), { deadline })).toBe(key);
        took.push(performance.now() - began);
      });
      await Promise.all(calls);
      expect(most).toBeLessThanOrEqual(4);
      expect(Math.max(...took)).toBeLessThan(deadline + 10);
      await expect(cache.delete("before")).rejects.toMatchObject({ code: "unacknowledged" });
      proxy.heal();
      await until("it is told after all", async () => {
        await cache.getOrFetch(`after/${performance.now()}`, () => 1);
        return cache.stats().invalidations === 1;
      });
      await cache.dispose();
    },
  );
});
