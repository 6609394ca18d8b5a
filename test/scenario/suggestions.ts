// Four kinds of traffic on real edges, and what is suggested for each: the class that it was made for, with the evidence.

import { beforeAll, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

export const FILES_POLICY = { id: "files", key_pattern: "/static/*", class: "immutable" };

/** Declares the tests, on two edges that nobody has asked for anything. */
export function suggestions(stage: () => TestCluster): void {
  let cluster: TestCluster;
  let version = 0;

  beforeAll(() => {
    cluster = stage();
    const { site } = cluster;
    site.setBelow("/api/", ({ url }) => {
      version += 1;
      return { headers: { "cache-control": "max-age=1", etag: `"${version}"` }, body: `${url} ${version}` };
    });
    site.setBelow("/static/", ({ url }) => ({
      headers: { "cache-control": "public, max-age=31536000, immutable", etag: `"${url}"` },
      body: "x".repeat(20_000),
    }));
    site.setBelow("/session/", ({ url }) => ({
      headers: { "cache-control": "private, no-store", "set-cookie": `sid=${url}` },
      body: "yours alone",
    }));
    site.setBelow("/pages/", ({ url }) => ({
      headers: { "cache-control": "max-age=600" },
      body: `page ${url}`,
    }));
  });

  const digest = (n: number): string => (0x3f9a1c2b + n * 0x10_3b).toString(16);
  const PAGES = ["about", "contact", "imprint", "jobs"];

  /** A second's worth of a site: mostly its API, and of all others some. */
  async function traffic(round: number): Promise<void> {
    const paths = [
      ...Array.from({ length: 40 }, (_, n) => `/api/prices/${n % 5}`),
      ...Array.from({ length: 12 }, (_, n) => `/static/app.${digest(n)}.js`),
      ...Array.from({ length: 12 }, (_, n) => `/session/${digest(1000 + round * 12 + n)}`),
      ...PAGES.flatMap((name) => Array.from({ length: 6 }, () => `/pages/${name}`)),
    ];
    await Promise.all(paths.map((path, at) => cluster.get(at % 2, path)));
  }

  const suggested = async (site = "default") =>
    (await cluster.call("GET", `/policies/suggestions?site=${site}`)).json;

  test("of little traffic nothing is said but that it is little", async () => {
    await cluster.get(0, "/pages/about");
    const seen = await until(suggested, ({ tooLittle }) => tooLittle.length > 0, { withinMs: 15_000 });
    expect(seen.items).toEqual([]);
    expect(seen.tooLittle[0]).toMatchObject({ key_pattern: "/pages/about", needed: 64 });
  }, 30_000);

  test("each kind is suggested the class that it was made for, and its row can be posted", async () => {
    let round = 0;
    const wanted = { "/api/prices/:id": "hot", "/static/:hashed.js": "immutable", "/session/:id": "session" };
    const classes = (items: readonly { key_pattern: string; class: string }[]) =>
      Object.fromEntries(items.map((one) => [one.key_pattern, one.class]));
    const seen = await until(
      async () => {
        await traffic(round++);
        return suggested();
      },
      ({ items }) =>
        Object.entries(wanted).every(([pattern, of]) => classes(items)[pattern] === of) &&
        PAGES.every((name) => classes(items)[`/pages/${name}`] === "standard"),
      { withinMs: 45_000, everyMs: 300 },
    );
    const of = (pattern: string) =>
      seen.items.find((one: { key_pattern: string }) => one.key_pattern === pattern);
    expect(of("/api/prices/:id").evidence.changesPerHour).toBeGreaterThan(60);
    expect(of("/api/prices/:id").evidence.share).toBeGreaterThan(0.2);
    expect(of("/static/:hashed.js")).toMatchObject({
      evidence: { hashedNames: 1, immutable: 1, bytesP50: 65_536 },
      alreadyCovered: { id: "files", class: "immutable", agrees: true },
    });
    expect(of("/session/:id")).toMatchObject({
      evidence: { setCookie: 1, private: 1 },
      alreadyCovered: null,
    });
    for (const { reasons, confidence } of seen.items) {
      expect(reasons.length).toBeGreaterThan(0);
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    for (const { row } of seen.items) expect((await cluster.call("POST", "/policies", row)).status).toBe(201);
    const after = await suggested();
    for (const { alreadyCovered } of after.items) expect(alreadyCovered?.agrees).toBe(true);
  }, 90_000);

  test("another site's traffic is nobody's business, and a site that is none is not found", async () => {
    const site = { name: "quiet", origin: cluster.site.url, hosts: ["quiet.test"] };
    expect((await cluster.call("POST", "/sites", site)).status).toBe(201);
    expect(await suggested("quiet")).toEqual({ items: [], tooLittle: [], observedForSeconds: 0 });
    expect((await cluster.call("GET", "/policies/suggestions?site=none")).status).toBe(404);
  });
}
