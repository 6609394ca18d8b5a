// Several sites on real edges: made, moved and taken out at run time, each with an origin of its own, and nothing crosses.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { ask, type Got, until } from "../support/http.ts";
import { startTestOrigin, type TestOrigin } from "../support/origin.ts";
import { undisturbed } from "../support/undisturbed.ts";

const SITES = ["red", "blue"] as const;
type Name = (typeof SITES)[number];

/** Declares the tests, after which the default site answers every path. */
export function sites(stage: () => TestCluster): void {
  let cluster: TestCluster;
  const origins = new Map<string, TestOrigin>();

  beforeAll(async () => {
    cluster = stage();
    for (const name of SITES) {
      const origin = await startTestOrigin();
      origins.set(name, origin);
      origin.setBelow("/", ({ url, headers }) => ({
        headers: { "cache-control": "max-age=600", "cache-tag": "shared" },
        body: `${name} ${headers.host}${url}`,
      }));
      await made({ name, origin: origin.url, hosts: [`${name}.test`] });
    }
    cluster.site.setBelow("/", () => ({ headers: { "cache-control": "max-age=600" }, body: "default" }));
  }, 60_000);
  afterAll(async () => {
    for (const origin of origins.values()) await origin.close();
  });

  /** Resolves when every edge goes by it. */
  async function made(site: { name: string; origin: string | null; hosts: string[] }): Promise<void> {
    const { status, json } = await cluster.call("POST", "/sites", site);
    expect([status, json.errors]).toEqual([201, undefined]);
    await reached(json.position);
  }

  async function changed(name: string, change: Record<string, unknown>): Promise<void> {
    const { json: site } = await cluster.call("GET", `/sites/${name}`);
    const answer = await put(name, { ...site, ...change });
    await reached(answer.position);
  }

  async function put(name: string, site: unknown) {
    const got = await ask(`${cluster.control}/sites/${name}`, {
      method: "PUT",
      headers: {
        ...{ authorization: `Bearer ${cluster.token}`, "content-type": "application/json", "if-match": "*" },
      },
      body: JSON.stringify(site),
    });
    if (got.status !== 200) throw new Error(got.text);
    return JSON.parse(got.text);
  }

  /** By the position that a request may name: whoever answers it goes by the change. */
  async function reached(position: string): Promise<void> {
    for (const edge of [0, 1])
      expect((await cluster.get(edge, "/reached", { "tidegate-min-position": position })).status).not.toBe(
        412,
      );
  }

  const from = (edge: number, host: string, path: string) => cluster.get(edge, path, { host });
  const heldBy = async (edge: number, name: Name, path: string): Promise<boolean> =>
    / hit/.test((await from(edge, `${name}.test`, path)).cacheStatus);

  describe("two sites", () => {
    test("answer the same path each from its own origin, which is told the Host that it was asked by", async () => {
      const asked = await undisturbed(cluster, async (round) => {
        const path = `/same?q=${round}`;
        for (const edge of [0, 1, 0, 1])
          for (const name of SITES)
            expect((await from(edge, `${name}.test`, path)).text).toBe(`${name} ${name}.test${path}`);
        expect((await from(0, "anything.test", path)).text).toBe("default");
        return SITES.map((name) => origins.get(name)?.requests(path));
      });
      expect(asked).toEqual([1, 1]);
    });

    test.each([
      ["tag", { tags: ["shared"] }],
      ["prefix", { prefixes: ["/page"] }],
      ["class", { classes: ["standard"] }],
      ["everything", { everything: true, confirm: "red" }],
    ])("a purge of one by %s leaves the other's answers", async (kind, selectors) => {
      const path = `/page/${kind}`;
      for (const name of SITES) await from(0, `${name}.test`, path);
      await until(
        async () => [await heldBy(0, "red", path), await heldBy(0, "blue", path)],
        (held) => held.every(Boolean),
        {
          withinMs: 5000,
        },
      );
      await cluster.purge({ site: "red", ...selectors });
      expect([await heldBy(0, "red", path), await heldBy(0, "blue", path)]).toEqual([false, true]);
    });

    test("a policy of one governs nothing of the other", async () => {
      const policy = { site: "red", key_pattern: "/governed/*", class: "hot", tags: ["governed"] };
      await reached((await cluster.call("POST", "/policies", policy)).json.position);
      for (const [name, id] of [
        ["red", expect.any(String)],
        ["blue", null],
      ] as const) {
        const { json } = await cluster.call("POST", "/policies/explain", {
          url: `http://${name}.test/governed/1`,
        });
        expect([json.site, json.policy]).toEqual([name, id]);
      }
    });

    test("the origin of one fails, and the other's is asked as ever", async () => {
      const red = origins.get("red");
      const paths = Array.from({ length: 12 }, (_, i) => `/fails?${i}`);
      for (const path of paths) red?.set(path, { status: 503, body: "no" });
      let asked = 0;
      const fails = () => {
        asked += 1;
        return from(0, "red.test", paths[asked % paths.length] ?? "");
      };
      const isProtected = ({ status, text }: Got) => status === 503 && text.includes("origin-protected");
      // A pause may end between the two, and the one that it ends with is answered.
      await until(
        async () => {
          await until(fails, isProtected, { withinMs: 5000, everyMs: 20 });
          return from(0, "red.test", `/anything-new?${asked}`);
        },
        isProtected,
        { withinMs: 10_000 },
      );
      expect((await from(0, "blue.test", "/anything-new")).text).toBe("blue blue.test/anything-new");
      // The pause ends with one request that is answered.
      const well = () => from(0, "red.test", "/well");
      await until(well, ({ status }) => status === 200, { withinMs: 5000 });
    });
  });

  describe("at run time", () => {
    test("a host that moves to another site never shows the old one's answers", async () => {
      await changed("red", { hosts: ["red.test", "moves.test"] });
      for (const edge of [0, 1]) expect((await from(edge, "moves.test", "/m")).text).toBe("red moves.test/m");
      await changed("red", { hosts: ["red.test"] });
      expect((await from(0, "moves.test", "/m")).text).toBe("default");
      await changed("blue", { hosts: ["blue.test", "moves.test"] });
      for (const edge of [0, 1])
        expect((await from(edge, "moves.test", "/m")).text).toBe("blue moves.test/m");
      await changed("blue", { hosts: ["blue.test"] });
      await changed("red", { hosts: ["red.test", "moves.test"] });
      const back = await from(0, "moves.test", "/m");
      expect(back.cacheStatus).not.toContain("hit");
    });

    test("another origin answers at once, and nothing that the one before had said is served", async () => {
      const next = await startTestOrigin();
      next.setBelow("/", () => ({ headers: { "cache-control": "max-age=600" }, body: "next" }));
      for (const edge of [0, 1]) await from(edge, "blue.test", "/origin");
      await changed("blue", { origin: next.url });
      for (const edge of [0, 1]) expect((await from(edge, "blue.test", "/origin")).text).toBe("next");
      await next.close();
    });

    test("a site without an origin answers 503, and nobody else's answer", async () => {
      await made({ name: "bare", origin: null, hosts: ["bare.test"] });
      const got = await from(0, "bare.test", "/same?q=1");
      expect([got.status, JSON.parse(got.text).code]).toEqual([503, "no-origin"]);
      expect((await cluster.call("DELETE", "/sites/bare")).status).toBe(204);
    });

    test("an origin where nobody listens is 502, and nobody else's answer", async () => {
      const gone = await startTestOrigin();
      await gone.close();
      await made({ name: "gone", origin: gone.url, hosts: ["gone.test"] });
      expect((await from(1, "gone.test", "/same?q=1")).status).toBe(502);
    });

    test("an origin among the metadata of clouds is refused", async () => {
      const site = { name: "inside", origin: "http://169.254.169.254", hosts: ["inside.test"] };
      const { status, json } = await cluster.call("POST", "/sites", site);
      expect([status, json.errors[0].pointer]).toEqual([422, "/origin"]);
    });
  });

  test("a Host of which no URL can be made is told", async () => {
    for (const host of ["x:99999", "[::1", "a:abc"])
      for (const path of ["/", "/livez", "/openapi.json"]) {
        const { status, text } = await ask(cluster.control + path, { headers: { host } });
        expect([status, JSON.parse(text)], `${host} ${path}`).toMatchObject([
          400,
          { code: "invalid-header" },
        ]);
      }
  });
}
