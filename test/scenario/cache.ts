// Programs that cache by themselves, beside edges: purged through the control plane and purging edges, and with no Redis.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { createCache } from "../../client/cache/create-cache.ts";
import { type FaultProxy, startFaultProxy } from "../../dev/faults/fault-proxy.ts";
import type { TestCluster } from "../support/cluster.ts";
import { type ServerFixture, startServerRest, until } from "../support/redis-server.ts";

/** A short window: what is purged elsewhere is known here soon, and the test need not wait for long. */
const CLASSES = { quick: { ttl: "10m", window: 300, memory: 1 << 20 } } as const;
/** Clocks and rounding. */
const EPSILON_MS = 200;

export const TAGGED_POLICY = { key_pattern: "/tagged/*", class: "hot", window_ms: 300 };

/** Declares the tests, on two edges. */
export function programs(stage: () => TestCluster): void {
  describe("beside edges", () => {
    let cluster: TestCluster;
    let caches: Cache[];

    beforeAll(async () => {
      cluster = stage();
      const { url, token } = cluster.redis;
      caches = [1, 2].map(() =>
        createCache({ redis: { url, token }, namespace: "app", class: "quick", classes: CLASSES }),
      );
      await Promise.all(caches.map((cache) => cache.ready()));
    }, 60_000);

    afterAll(async () => {
      for (const cache of caches ?? []) await cache.dispose();
    });

    /** What each cache gives, from a source that counts. */
    let version = 0;
    let keys = 0;
    const readers = (key: string, tags: readonly string[]) => {
      const load = () => {
        version += 1;
        return version;
      };
      return () => Promise.all(caches.map((cache) => cache.getOrFetch(key, load, { tags })));
    };

    /** A key of which both hold one value: where Redis is late each loads its own, so that another is tried. */
    async function sharedKey() {
      for (let tries = 1; ; tries++) {
        keys += 1;
        const read = readers(`users/${keys}?x`, ["both"]);
        const [before = 0] = await read();
        const again = await read();
        if (tries < 4 && again.some((value) => value !== before)) continue;
        expect(again).toEqual([before, before]);
        return { url: `tidegate://app/users/${keys}%3Fx`, read, before };
      }
    }

    test.each([
      ["by a tag", () => ({ tags: ["both"] })],
      ["by a class of the program's own", () => ({ classes: ["tidegate://quick"] })],
      ["by its URL", (url: string) => ({ urls: [url] })],
      ["by a prefix of its namespace", () => ({ prefixes: ["tidegate://app/users"] })],
      ["with all of the site", () => ({ everything: true, confirm: "default" })],
    ])("a value purged through the control plane is gone everywhere: %s", async (_how, selectors) => {
      const { url, read, before } = await sharedKey();
      expect((await cluster.invalidate(selectors(url))).status).toBe(202);
      const acknowledgedAt = performance.now();
      const late: string[] = [];
      await until("both read the new value", async () => {
        const afterMs = performance.now() - acknowledgedAt;
        const values = await read();
        const isNew = values.every((value) => value > before);
        if (!isNew && afterMs > CLASSES.quick.window + EPSILON_MS) late.push(`${values} after ${afterMs} ms`);
        return isNew;
      });
      expect(late).toEqual([]);
      await cluster.invalidate({ prefixes: ["tidegate://app/"] });
      await until("it is gone", async () => (await read()).every((value) => value > before + 1));
    });

    test("a class of Tidegate's, purged through the control plane or by a program, is purged for pages and values", async () => {
      const page = { "cache-control": "max-age=600" };
      cluster.site.set("/tagged/class", { headers: page, body: "x" });
      let loads = 0;
      const load = () => {
        loads += 1;
        return loads;
      };
      const rules = [{ key_pattern: "classed", class: "hot", window_ms: 300 }];
      const { url, token } = cluster.redis;
      const cache = createCache({ redis: { url, token }, namespace: "classes", policies: rules });
      const read = () => cache.getOrFetch("classed", load);
      const hit = async () => (await cluster.get(0, "/tagged/class")).cacheStatus.includes("hit");
      const purges = [
        () => cluster.purge({ classes: ["hot"] }),
        () => cache.invalidate({ classes: ["hot"] }),
      ];
      for (const purge of purges) {
        await until("the edge has it", hit);
        const [before, asked] = [await read(), cluster.site.requests("/tagged/class")];
        expect(await read()).toBe(before);
        await purge();
        await until("the value is loaded anew", async () => (await read()) > before);
        await until("the page is fetched anew", async () => {
          await hit();
          return cluster.site.requests("/tagged/class") > asked;
        });
      }
      await cache.dispose();
    });

    test("a policy of the table governs keys from when programs hear of it", async () => {
      const [cache] = caches;
      const row = {
        id: "fresh",
        key_pattern: "tidegate://app/prices/*",
        class: "hot",
        ttl: "7s",
        window_ms: 200,
      };
      expect((await cluster.call("POST", "/policies", row)).status).toBe(201);
      await until("it is heard of", async () => {
        await cache?.ready();
        return cache?.explain("prices/1").policy === "fresh";
      });
      expect(cache?.explain("prices/1")).toMatchObject({ by: "table", ttlMs: 7000, windowMs: 200 });
      expect(cache?.explain("other")).toMatchObject({ by: "cache", class: "quick" });
      const bad = await cluster.call("POST", "/policies", {
        ...row,
        id: "bad",
        key_pattern: "tidegate://*/x",
      });
      expect(bad.status).toBe(422);
    });

    test("programs share the budget of a source", async () => {
      const { url, token } = cluster.redis;
      const sources = { default: { ratePerSecond: 0.01, burst: 5, shared: true } } as const;
      const three = [1, 2, 3].map(() =>
        createCache({ redis: { url, token }, namespace: "budget", class: "hot", sources }),
      );
      await Promise.all(three.map((cache) => cache.ready()));
      let loads = 0;
      const calls = three.flatMap((cache, which) =>
        Array.from({ length: 10 }, (_, at) => cache.getOrFetch(`${which}/${at}`, () => (loads += 1))),
      );
      const ended = await Promise.allSettled(calls);
      const byShare = three.reduce((sum, cache) => sum + cache.stats().byShare, 0);
      // A machine that is too busy to answer in time loses tokens, all five perhaps, and leaves it to each program's share of one.
      expect(loads).toBeGreaterThan(0);
      expect(loads).toBeLessThanOrEqual(5 + byShare);
      expect(byShare).toBeLessThanOrEqual(3);
      const refused = ended.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
      expect(new Set(refused)).toEqual(new Set(["overloaded"]));
      await Promise.all(three.map((cache) => cache.dispose()));
    });

    test("what names another namespace, or no key, leaves it as it is", async () => {
      const read = readers("kept", []);
      const before = await read();
      await cluster.purge({ urls: ["tidegate://other/kept"] });
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
        // Two hundred loads, four at a time, and whatever else the machine does.
        const deadline = 6000;
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
}
