// A token that is bound to sites neither sees nor changes another; one that is bound to patterns invalidates nothing beyond them.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { liesWithin, readPatterns } from "../../control-plane/tokens/patterns.ts";
import type { SelectorSpec } from "../../shared/core/selector.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { startConfigured, type TestPlane } from "./control-harness.ts";
import { type As, createToken } from "./token-harness.ts";

const SCOPES = ["read", "purge", "warm", "policy"];
const POLICIES = [
  { id: "s1", site: "shop", key_pattern: "/a/*", class: "hot" },
  { id: "d1", site: "default", key_pattern: "/b/*", class: "hot" },
];

let rest: RestFixture;
let plane: TestPlane;
let shop: As;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  const configured = await startConfigured(rest, POLICIES);
  await configured.edge.stop();
  plane = configured.plane;
  shop = (await createToken(plane, { name: "shop", scopes: SCOPES, sites: ["shop"] })).as;
});
afterAll(() => rest.stop());

describe("bound to one site", () => {
  test.each([
    ["GET", "/policies/{}?site=SITE"],
    ["GET", "/policies?site=SITE"],
    ["GET", "/policies/suggestions?site=SITE"],
    ["GET", "/sites/SITE"],
    ["DELETE", "/policies/d1?site=SITE"],
    ["POST", "/invalidate", { site: "SITE", tags: ["a"] }],
    ["POST", "/invalidate", { site: "SITE", everything: true, confirm: "SITE" }],
    ["POST", "/invalidate", { site: "SITE", tags: ["a"], dryRun: true }],
    ["POST", "/warmup", { site: "SITE", urls: ["/a"] }],
    ["POST", "/policies", { site: "SITE", key_pattern: "/x", class: "hot" }],
    ["PUT", "/policies/d1?site=SITE", { key_pattern: "/x", class: "hot" }],
    ["POST", "/policies/validate", { site: "SITE", key_pattern: "/x", class: "hot" }],
  ])("%s %s is refused alike whether another site exists or not", async (method, path, body?: object) => {
    const answers = await Promise.all(
      ["default", "nowhere"].map(async (site) => {
        const text =
          body === undefined ? undefined : JSON.parse(JSON.stringify(body).replaceAll("SITE", site));
        const given = text === undefined ? {} : { body: text };
        const headers = { "if-match": "*", "x-request-id": "same" };
        const answer = await shop(path.replace("SITE", site), { method, headers, ...given });
        return { ...answer.json, instance: answer.json.instance.replace(site, "SITE") };
      }),
    );
    expect(answers[0]).toMatchObject({ status: 403, code: "forbidden" });
    expect(answers[1]).toEqual(answers[0]);
  });

  test.each([
    ["/sites", { name: "more", hosts: ["x.test"], canonicalHost: "x.test" }],
    ["/sites/validate", { name: "more", hosts: ["x.test"], canonicalHost: "x.test" }],
  ])("POST %s is refused: a host that it takes could be another's", async (path, body) => {
    expect((await shop(path, { body })).status).toBe(403);
  });

  test("what is of all sites is refused: shards are changed, and figures read, for all", async () => {
    expect((await shop("/shards/control", { method: "PUT", body: { weight: 2 } })).status).toBe(403);
    expect((await shop("/cache-metrics")).status).toBe(403);
  });

  test("lists show its own, and leave out all else", async () => {
    const policies = (await shop("/policies")).json;
    expect(policies.items.map((item: { policy: { id: string } }) => item.policy.id)).toEqual(["s1"]);
    const sites = (await shop("/sites")).json;
    expect(sites.items.map((item: { site: { name: string } }) => item.site.name)).toEqual(["shop"]);
    const everybody = (await plane.call("/sites")).json;
    expect(everybody.items).toHaveLength(3);
  });

  test("its receipts are shown, others' are not there", async () => {
    const own = await shop("/invalidate", { body: { site: "shop", everything: true, confirm: "shop" } });
    expect(own.status).toBe(202);
    const foreign = await plane.call("/invalidate", { site: "default", tags: ["secret-tag"] });
    expect((await shop(own.json.receipt)).json).toMatchObject({ site: "shop", actor: "shop" });
    const hidden = await shop(foreign.json.receipt);
    const missing = await shop("/invalidations/nobody");
    expect([hidden.status, hidden.json.detail]).toEqual([404, missing.json.detail]);
    const list = (await shop("/invalidations")).json.items;
    expect(list.map((item: { id: string }) => item.id)).toEqual([own.json.id]);
  });

  test("its warm-ups are shown, others' are neither there nor ended", async () => {
    const foreign = await plane.call("/warmup", { urls: ["/b/1"] });
    const own = await shop("/warmup", { body: { site: "shop", urls: ["http://shop.test/a"] } });
    expect(own.status).toBe(202);
    expect((await shop(own.json.job)).status).toBe(200);
    expect((await shop(foreign.json.job)).status).toBe(404);
    expect((await shop(`${foreign.json.job}/events`)).status).toBe(404);
    expect((await shop(foreign.json.job, { method: "DELETE" })).status).toBe(404);
    expect((await plane.call(foreign.json.job)).json.state).toBe("running");
    expect((await shop("/warmups")).json.items).toHaveLength(1);
  });

  test("another site's URL is explained as one that no site serves", async () => {
    const explain = async (url: string) => (await shop("/policies/explain", { body: { url } })).json;
    expect((await explain("http://shop.test/a/1")).policy).toBe("s1");
    const foreign = await explain("http://solo.test/");
    expect(foreign).toMatchObject({ status: 422, errors: [{ pointer: "/url" }] });
    expect(foreign.errors[0].message).toContain("no site serves");
  });

  test("two tokens' idempotency keys are two", async () => {
    const headers = { "idempotency-key": "k" };
    const one = await shop("/invalidate", { body: { site: "shop", tags: ["a"] }, headers });
    const other = await plane.call("/invalidate", { site: "shop", tags: ["a"] }, headers);
    expect(other.json.id).not.toBe(one.json.id);
  });
});

describe("bound to patterns", () => {
  test("what lies beyond them is refused with its place, and nothing is invalidated", async () => {
    const patterns = ["tag:news-*", "prefix:/news", "prefix:/shops/*/img"];
    const { as: news } = await createToken(plane, { name: "news", scopes: ["purge", "read"], patterns });
    const within = { tags: ["news-1", "news-"], prefixes: ["/news", "/shops/7/img"], urls: ["/news/a?b=1"] };
    expect((await news("/invalidate", { body: within })).status).toBe(202);
    const before = (await plane.call("/invalidations")).json.items.length;
    const beyond = {
      tags: ["news-1", "sport", "xnews-1"],
      prefixes: ["/", "/newsletter", "/shops/7"],
      urls: ["/news/1", "/sport"],
      hosts: ["origin.test"],
      classes: ["hot"],
      everything: true,
      confirm: "default",
    };
    for (const dryRun of [true, false]) {
      const { status, json } = await news("/invalidate", { body: { ...beyond, dryRun } });
      expect([status, json.code]).toEqual([403, "forbidden"]);
      expect(json.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([
        ...["/urls/1", "/tags/1", "/tags/2", "/prefixes/0", "/prefixes/1", "/prefixes/2"],
        ...["/hosts/0", "/classes/0", "/everything"],
      ]);
    }
    expect((await plane.call("/invalidations")).json.items).toHaveLength(before);
  });

  const prefix = (path: string, host = "a.test"): SelectorSpec => ({ kind: "prefix", host, path });
  const url = (pathAndQuery: string, host = "a.test"): SelectorSpec => ({ kind: "url", host, pathAndQuery });
  const tag = (text: string): SelectorSpec => ({ kind: "tag", tag: text });

  test.each([
    ["prefix:/news", prefix("/news"), true],
    ["prefix:/é", url("/%C3%A9/1"), true],
    ["prefix:/fetch/https://x", url("/fetch/https://x/1"), true],
    ["prefix:a.test:80/x", url("/x", "a.test"), true],
    ["prefix:/news/", prefix("/news"), true],
    ["prefix:/news", prefix("//news"), false],
    ["prefix:/news", prefix("/News"), false],
    ["prefix:/news", url("/news?x=/sport"), true],
    ["prefix:/news", url("/n%65ws"), true],
    ["prefix:/n%65ws", url("/news/1"), true],
    ["prefix:/caf/%c3%a9", prefix("/caf/%C3%A9"), true],
    ["prefix:/news", prefix("/news%2F1"), false],
    ["prefix:/news", url("/news%2F..%2Fsport"), false],
    ["prefix:/news%2A", url("/news*"), false],
    ["prefix:/%2A", url("/sport"), false],
    ["prefix:/news", url("/newsletter"), false],
    ["prefix:/news", url("/?/news"), false],
    ["prefix:/", url("/anything"), true],
    ["prefix:/", { kind: "host", host: "a.test" }, true],
    ["prefix:a.test/", { kind: "host", host: "a.test" }, false],
    ["prefix:a.test/", url("/x", "a.test:8080"), false],
    ["prefix:A.test/x", url("/x", "a.test"), true],
    ["prefix:/shops/*", prefix("/shops"), false],
    ["prefix:/shops/*", prefix("/shops/"), false],
    ["prefix:/shops/*", prefix("/shops/1"), true],
    ["prefix:/", tag("a"), false],
    ["tag:*", tag("a"), true],
    ["tag:*", prefix("/"), false],
    ["tag:a*a", tag("a"), false],
    ["tag:a*a", tag("aa"), true],
    ["tag:a*b*c", tag("a-b-b-c"), true],
    ["tag:a*b*c", tag("a-c-b"), false],
    ["tag:a", tag("ab"), false],
    ["tag:*", { kind: "class", class: "hot" }, false],
    ["prefix:/", { kind: "everything" }, false],
  ] as const)("%s holds %j: %s", (pattern, spec, holds) => {
    expect(liesWithin(readPatterns([pattern]), spec)).toBe(holds);
  });
});
