// Three edges, one origin, real Redis: reading, filling, purging and warming through every tier.

import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { SITE_HOST, type TestCluster } from "../support/cluster.ts";
import { ask, sha256, until } from "../support/http.ts";
import { undisturbed } from "../support/undisturbed.ts";

/** Declares the tests, on three edges that nobody has asked for anything of class `hot`. */
export function mainPath(stage: () => TestCluster): void {
  let cluster: TestCluster;
  beforeAll(() => {
    cluster = stage();
  });

  const cacheable = (body: string, more: Record<string, string> = {}) => ({
    headers: { "cache-control": "max-age=600", ...more },
    body,
  });

  describe("reading", () => {
    test("a first GET misses, a second hits L1, a first at another edge hits L2 without the origin", async () => {
      const { first, second, elsewhere, asked } = await undisturbed(cluster, async (round) => {
        const path = `/read/${round}`;
        cluster.site.set(path, cacheable("one"));
        const first = await cluster.get(0, path);
        const second = await cluster.get(0, path);
        const elsewhere = await cluster.get(1, path);
        expect([second.text, elsewhere.text]).toEqual(["one", "one"]);
        return { first, second, elsewhere, asked: cluster.site.requests(path) };
      });
      expect(first.cacheStatus).toMatch(/fwd=uri-miss.*stored/);
      expect(second.cacheStatus).toMatch(/^tidegate-l1; hit; ttl=/);
      expect(elsewhere.cacheStatus).toMatch(/^tidegate-l2; hit/);
      expect(asked).toBe(1);
    });

    test("Age grows, and goes on growing in another tier", async () => {
      const { later, elsewhere } = await undisturbed(cluster, async (round) => {
        const path = `/age/${round}`;
        cluster.site.set(path, cacheable("x", { age: "100" }));
        await cluster.get(0, path);
        const ages = async (edge: number): Promise<number> =>
          Number((await cluster.get(edge, path)).headers.age);
        const first = await ages(0);
        expect(first).toBeGreaterThanOrEqual(100);
        const later = await until(
          () => ages(0),
          (age) => age > first,
          { withinMs: 3000 },
        );
        return { later, elsewhere: await ages(1) };
      });
      expect(elsewhere).toBeGreaterThanOrEqual(later);
    });

    test("50 MiB arrive octet for octet, from the origin and from the data centre", async () => {
      const big = randomBytes(50 * 1024 * 1024);
      cluster.site.set("/big", { headers: { "cache-control": "max-age=600" }, body: big });
      const first = await cluster.get(0, "/big");
      expect(sha256(first.body)).toBe(sha256(big));
      const second = await until(
        () => cluster.get(0, "/big"),
        (got) => got.cacheStatus.startsWith("tidegate-l1; hit"),
        { withinMs: 10_000, everyMs: 200 },
      );
      expect(sha256(second.body)).toBe(sha256(big));
    }, 60_000);

    test("a client's validator is answered with 304 from what is held", async () => {
      cluster.site.set("/etag", cacheable("tagged", { etag: '"v1"' }));
      await cluster.get(0, "/etag");
      const got = await cluster.get(0, "/etag", { "if-none-match": 'W/"v1"' });
      expect([got.status, got.body.length]).toEqual([304, 0]);
      expect(cluster.site.requests("/etag")).toBe(1);
    });

    test("variants by Vary never answer for each other", async () => {
      cluster.site.setBelow("/vary/", (request) =>
        cacheable(`in ${request.headers["accept-language"]}`, { vary: "Accept-Language" }),
      );
      const asked = await undisturbed(cluster, async (round) => {
        const path = `/vary/${round}`;
        for (const edge of [0, 1, 2, 0, 1])
          for (const language of ["de", "fr"]) {
            const { text } = await cluster.get(edge, path, { "accept-language": language });
            expect(text).toBe(`in ${language}`);
          }
        return cluster.site.requests(path);
      });
      expect(asked).toBe(2);
    });

    test("hosts are kept apart, and reach the origin as sent", async () => {
      cluster.site.set("/host", (request) => cacheable(String(request.headers.host)));
      for (const host of ["a.test", "b.test", "a.test"]) {
        expect((await cluster.get(0, "/host", { host })).text).toBe(host);
      }
    });

    test("a method is proxied with its body, and a write is seen by the next read at its edge", async () => {
      let value = "old";
      cluster.site.set("/item", (request) => {
        if (request.method === "PUT") value = "new";
        return cacheable(value);
      });
      expect((await cluster.get(0, "/item")).text).toBe("old");
      const options = { method: "PUT", body: "new", headers: { host: SITE_HOST } };
      expect((await ask(`${cluster.edges[0]?.url}/item`, options)).status).toBe(200);
      expect((await cluster.get(0, "/item")).text).toBe("new");
    });
  });

  describe("stampedes", () => {
    test("300 simultaneous GETs of a cold key over 3 edges make one origin request", async () => {
      cluster.site.setBelow("/cold/", () => cacheable("warm now"));
      const asked = await undisturbed(cluster, async (round) => {
        const path = `/cold/${round}`;
        const gate = cluster.site.gate(path);
        const all = Promise.all(Array.from({ length: 300 }, (_, i) => cluster.get(i % 3, path)));
        await gate.holding(1);
        gate.open();
        const texts = new Set((await all).map((got) => `${got.status} ${got.text}`));
        expect([...texts]).toEqual(["200 warm now"]);
        return cluster.site.requests(path);
      });
      expect(asked).toBe(1);
    }, 40_000);

    test("requests for an uncacheable key wait for one answer at the most, and for none once that is known", async () => {
      cluster.site.set("/private", { headers: { "cache-control": "no-store" }, body: "yours" });
      const gate = cluster.site.gate("/private");
      const all = Promise.all(Array.from({ length: 30 }, (_, i) => cluster.get(i % 3, "/private")));
      await gate.holding(1);
      gate.open();
      await all;
      expect(cluster.site.requests("/private")).toBe(30);
      // Known now: all of them reach the origin before any of them is answered.
      const second = cluster.site.gate("/private");
      const again = Promise.all(Array.from({ length: 30 }, () => cluster.get(0, "/private")));
      await second.holding(30);
      second.open();
      await again;
    });

    test("an origin's error is told to those who waited, and not stored", async () => {
      cluster.site.set("/broken", { status: 500, body: "sorry" });
      const gate = cluster.site.gate("/broken");
      const all = Promise.all(Array.from({ length: 20 }, () => cluster.get(0, "/broken")));
      await gate.holding(1);
      // Answered behind them and from further away: by then all of them wait.
      cluster.site.set("/behind", cacheable("behind"));
      await cluster.get(0, "/behind");
      gate.open();
      const got = await all;
      expect(new Set(got.map(({ status }) => status))).toEqual(new Set([500]));
      // The origin's page is for the one who asked it.
      const others = got.filter(({ text }) => text !== "sorry");
      expect(others.map(({ text }) => JSON.parse(text).code)).toEqual(Array(19).fill("origin-error"));
      expect(cluster.site.requests("/broken")).toBe(1);
      cluster.site.set("/broken", cacheable("well again"));
      expect((await cluster.get(0, "/broken")).text).toBe("well again");
    });
  });

  describe("purging", () => {
    const kinds: [string, Record<string, unknown>][] = [
      ["url", { urls: [`http://${SITE_HOST}/purge/url`] }],
      ["tag", { tags: ["tag-of-it"] }],
      ["prefix", { prefixes: [`${SITE_HOST}/purge`] }],
      ["host", { hosts: [SITE_HOST] }],
      ["everything", { everything: true, confirm: "default" }],
    ];

    test.each(kinds)("after a purge by %s no edge serves the old body", async (kind, selectors) => {
      const path = `/purge/${kind}`;
      let body = "old";
      cluster.site.set(path, () => cacheable(body, { "cache-tag": "tag-of-it, other" }));
      for (const edge of [0, 1, 2]) expect((await cluster.get(edge, path)).text).toBe("old");
      body = "new";
      const receipt = await cluster.purge(selectors);
      expect(receipt.state).toBe("converged");
      expect(receipt.edges.map((row: { state: string }) => row.state)).toEqual([
        "applied",
        "applied",
        "applied",
      ]);
      for (const edge of [0, 1, 2]) expect((await cluster.get(edge, path)).text).toBe("new");
    });

    test("a fill that was in flight when the purge was acknowledged is served to nobody who comes later", async () => {
      let body = "old";
      cluster.site.set("/in-flight", () => cacheable(body));
      const gate = cluster.site.gate("/in-flight");
      const early = cluster.get(0, "/in-flight");
      await gate.holding(1);
      body = "new";
      await cluster.purge({ urls: [`http://${SITE_HOST}/in-flight`] });
      // They arrive while the old answer is still on its way, and must not be handed it.
      const late = [0, 1, 2].map((edge) => cluster.get(edge, "/in-flight"));
      await gate.holding(2);
      gate.open();
      expect((await early).text).toBe("old");
      for (const got of await Promise.all(late)) expect(got.text).toBe("new");
      for (const edge of [0, 1, 2]) expect((await cluster.get(edge, "/in-flight")).text).toBe("new");
    });

    test("a soft purge lets the old answer stand in once more, marked stale, and refreshes it", async () => {
      let body = "old";
      cluster.site.set("/soft", () =>
        cacheable(body, { "cache-control": "max-age=600, stale-while-revalidate=600" }),
      );
      await cluster.get(0, "/soft");
      body = "new";
      await cluster.purge({ urls: [`http://${SITE_HOST}/soft`], mode: "soft" });
      const stale = await cluster.get(0, "/soft");
      expect([stale.text, /detail=stale/.test(stale.cacheStatus)]).toEqual(["old", true]);
      await until(
        () => cluster.get(0, "/soft"),
        (got) => got.text === "new",
        { withinMs: 3000 },
      );
      expect(cluster.site.requests("/soft")).toBe(2);
    });
  });

  describe("warm-up and metrics", () => {
    test("500 URLs on 3 edges cost 500 origin requests, and the job says when it is done", async () => {
      cluster.site.setBelow("/warm/", (request) => cacheable(`page ${request.url}`));
      const asked = await undisturbed(cluster, async (round) => {
        const below = `/warm/${round}`;
        const urls = Array.from({ length: 500 }, (_, i) => `${cluster.edges[0]?.url}${below}/${i}`);
        const before = cluster.site.total();
        const posted = await cluster.call("POST", "/warmup", { urls, ratePerSecond: 400 });
        expect([posted.status, posted.json.total]).toEqual([202, 500]);
        const job = await until(
          () => cluster.call("GET", posted.json.job),
          (got) => got.json.state === "done",
          { withinMs: 30_000, everyMs: 100 },
        );
        expect([job.json.done, job.json.failed]).toEqual([500, 0]);
        const warming = cluster.site.total();
        for (const edge of cluster.edges)
          expect((await ask(`${edge.url}${below}/17`)).cacheStatus).toMatch(/^tidegate-l1; hit/);
        expect(cluster.site.total()).toBe(warming);
        return warming - before;
      });
      expect(asked).toBe(500);
    }, 120_000);

    test("what clients asked shows in /cache-metrics by class and tier", async () => {
      cluster.site.set("/hot/metric", cacheable("counted"));
      for (let i = 0; i < 10; i++) await cluster.get(0, "/hot/metric");
      const seen = await until(
        () => cluster.call("GET", "/cache-metrics?window=5m"),
        (got) => (got.json.classes?.hot?.requests ?? 0) >= 10,
        { withinMs: 5000, everyMs: 100 },
      );
      expect(seen.json.classes.hot).toMatchObject({ requests: 10, hits: 9, misses: 1 });
      expect(seen.json.edges).toHaveLength(3);
    });
  });
}
