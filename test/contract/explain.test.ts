// What becomes of a request and why: thirty requests, judged by hand.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { startEmbeddedRest } from "../support/redis-server.ts";
import { startPlane, type TestPlane } from "./control-harness.ts";

const SITES = [
  { name: "default", hosts: ["*"], aliases: ["127.0.0.1:8787"], canonicalHost: "origin.test" },
  { name: "shop", hosts: ["shop.test", "*.shop.test"], aliases: [], canonicalHost: "shop.test" },
];
const POLICIES = [
  { id: "all", key_pattern: "/*", class: "standard", priority: -10 },
  { id: "api", key_pattern: "/api/*", class: "hot", ttl: "20s", key: { query: { include: ["page"] } } },
  { id: "api-user", key_pattern: "/api/users/:id", class: "session", priority: 5 },
  { id: "img", key_pattern: "/*.png", class: "immutable", key: { query: "none" } },
  { id: "img-new", key_pattern: "/new/*.png", class: "hot", ttl: 5, ttl_mode: "override" },
  { id: "lang", key_pattern: "/text/*", class: "hot", key: { headers: ["Accept-Language"] }, tags: ["text"] },
  { id: "sorted", key_pattern: "/search", class: "hot", key: { query: { sort: true } }, window_ms: 0 },
  { id: "bare", key_pattern: "/ads/*", class: "hot", key: { query: { exclude: ["utm"] }, cookies: ["ab"] } },
  { id: "strict", key_pattern: "/bank/*", class: "hot", fence: "refuse", refresh_strategy: "none" },
  { id: "stale", key_pattern: "/news/*", class: "standard", fence: "serve-stale", stale_if_error: "1h" },
  { id: "host", key_pattern: "a.example/*", class: "hot", priority: 1 },
  { id: "shop-all", site: "shop", key_pattern: "/*", class: "hot", ttl: "1m" },
  { id: "shop-cart", site: "shop", key_pattern: "/cart/*", class: "session" },
  { id: "users", key_pattern: "tidegate://crm/users/*", class: "hot" },
  { id: "vip", key_pattern: "tidegate://crm/users/vip", class: "session", priority: 1 },
];

let rest: Awaited<ReturnType<typeof startEmbeddedRest>>;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest, { SITES, POLICIES });
  expect(await bootConfiguration(plane.plane)).toEqual({ kind: "done" });
});
afterAll(() => rest.stop());

const explain = async (url: string, headers: Record<string, string> = {}) =>
  (await plane.call("/policies/explain", { url, headers })).json;
const settingOf = (
  explained: { settings: { name: string; value: unknown; from: string; why: string | null }[] },
  name: string,
) => explained.settings.find((setting) => setting.name === name);

type Case = readonly [url: string, policy: string | null, klass: string, key: string];
test.each<Case>([
  ["http://x.test/", "all", "standard", "http://x.test/"],
  ["http://x.test/a?b=1", "all", "standard", "http://x.test/a?b=1"],
  ["http://x.test/api/list?page=2&q=1", "api", "hot", "http://x.test/api/list?page=2"],
  ["http://x.test/api/list?q=1", "api", "hot", "http://x.test/api/list"],
  ["http://x.test/api/users/7", "api-user", "session", "http://x.test/api/users/7"],
  ["http://x.test/api/users/7/friends", "api", "hot", "http://x.test/api/users/7/friends"],
  ["http://x.test/api/users/", "api", "hot", "http://x.test/api/users/"],
  ["http://x.test/api", "all", "standard", "http://x.test/api"],
  ["http://x.test/logo.png?v=3", "img", "immutable", "http://x.test/logo.png"],
  ["http://x.test/new/logo.png?v=3", "img-new", "hot", "http://x.test/new/logo.png?v=3"],
  // As long as the other pattern: then by their ids.
  ["http://x.test/api/logo.png?page=1&v=3", "api", "hot", "http://x.test/api/logo.png?page=1"],
  ["http://x.test/text/a", "lang", "hot", "http://x.test/text/a"],
  ["http://x.test/search?b=2&a=1", "sorted", "hot", "http://x.test/search?a=1&b=2"],
  ["http://x.test/search/more", "all", "standard", "http://x.test/search/more"],
  ["http://x.test/ads/1?utm=x&id=2", "bare", "hot", "http://x.test/ads/1?id=2"],
  ["http://x.test/bank/1", "strict", "hot", "http://x.test/bank/1"],
  ["http://x.test/news/1", "stale", "standard", "http://x.test/news/1"],
  ["http://a.example/", "host", "hot", "http://a.example/"],
  ["http://a.example/api/users/7", "api-user", "session", "http://a.example/api/users/7"],
  ["http://A.Example/logo.png", "host", "hot", "http://a.example/logo.png"],
  ["http://127.0.0.1:8787/api/x", "api", "hot", "http://origin.test/api/x"],
  ["http://shop.test/", "shop-all", "hot", "http://shop.test/"],
  ["http://de.shop.test/cart/1", "shop-cart", "session", "http://de.shop.test/cart/1"],
  ["https://shop.test/cart", "shop-all", "hot", "https://shop.test/cart"],
  ["http://shop.test/api/list", "shop-all", "hot", "http://shop.test/api/list"],
])("%s is governed by %s as %s, under %s", async (url, policy, klass, key) => {
  const explained = await explain(url);
  expect([explained.policy, explained.class, explained.key.url]).toEqual([policy, klass, key]);
  expect(explained.considered.at(-1)).toMatchObject({ id: policy, matches: true });
  const others = explained.considered.slice(0, -1);
  expect(others.filter(({ matches }: { matches: boolean }) => matches)).toEqual([]);
});

test("a life is the policy's or the class's, and why it is", async () => {
  const api = await explain("http://x.test/api/list");
  expect(settingOf(api, "ttl")).toMatchObject({ value: 20_000, from: "policy" });
  expect(settingOf(api, "ttl")?.why).toMatch(/^where the origin's headers say nothing/);
  expect(settingOf(api, "stale_while_revalidate")).toMatchObject({ value: 30_000, from: "class" });
  const fresh = await explain("http://x.test/new/logo.png");
  expect(settingOf(fresh, "ttl")?.why).toMatch(/^whatever the origin's headers say/);
  const plain = await explain("http://x.test/a");
  expect(settingOf(plain, "ttl")).toMatchObject({ value: null, from: "class" });
});

test("bounds follow from window and fence", async () => {
  expect((await explain("http://x.test/search")).boundMs).toBe(0);
  expect((await explain("http://x.test/api/x")).boundMs).toBe(5000);
  expect((await explain("http://x.test/news/1")).boundMs).toBe(60_000);
  const strict = await explain("http://x.test/bank/1");
  expect(settingOf(strict, "fence")).toMatchObject({ value: "refuse", from: "policy" });
  expect(settingOf(strict, "stale_while_revalidate")?.why).toMatch(/^0 in effect/);
});

test("headers that make the key are shown with what was sent, whatever their case", async () => {
  const { key } = await explain("http://x.test/text/a", { "ACCEPT-language": "de" });
  expect(key.headers).toEqual([{ name: "accept-language", value: "de" }]);
  expect((await explain("http://x.test/text/a")).key.headers[0].value).toBeNull();
  expect((await explain("http://x.test/ads/1")).key.cookies).toEqual(["ab"]);
});

test("by which it can be purged", async () => {
  expect((await explain("http://shop.test/cart/1?x=2")).selectors).toEqual(
    expect.arrayContaining([
      "shop e",
      "shop h shop.test",
      "shop c session",
      "shop p shop.test/cart",
      "shop u shop.test/cart/1?x=2",
    ]),
  );
  expect((await explain("http://x.test/text/a")).selectors).toContain("default t text");
});

test.each([
  ["/a", "/url", "must be an absolute"],
  ["ftp://x.test/", "/url", "must be an absolute"],
  ["", "/url", "must not be empty"],
  ["http://x.test/a\nb", "/url", "control characters"],
])("%j is refused at %s", async (url, pointer, message) => {
  const answer = await plane.call("/policies/explain", { url });
  expect(answer.status).toBe(422);
  expect(answer.json.errors).toMatchObject([{ pointer }]);
  expect(answer.json.errors[0].message).toContain(message);
});

test("an unknown host of a table without a site for all hosts, a bad header, an unknown field", async () => {
  for (const body of [
    { url: "http://x.test/", headers: { "a b": "c" } },
    { url: "http://x.test/", headers: { a: "b\nc" } },
    { url: "http://x.test/", heders: {} },
  ])
    expect((await plane.call("/policies/explain", body)).status).toBe(422);
});

describe("a program's own key is held by no edge", () => {
  test.each([
    [
      "tidegate://crm/users/7",
      "governed by users (class hot) of the site default",
      'cache.explain("users/7")',
    ],
    ["tidegate://crm/users/vip", "governed by vip (class session)", 'cache.explain("users/vip")'],
    ["tidegate://crm/a%20b", "no policy of the table governs it", 'cache.explain("a b")'],
    // What catches every page says nothing of values.
    ["tidegate://other/users/7", "no policy of the table governs it", "namespace other"],
    ["tidegate://crm", "tidegate://<namespace>/<key>", "percent-encoded"],
    ["tidegate://Crm/users", "tidegate://<namespace>/<key>", "percent-encoded"],
  ])("%s: %s", async (url, table, where) => {
    const answer = await plane.call("/policies/explain", { url });
    expect([answer.status, answer.json.errors[0].pointer]).toEqual([422, "/url"]);
    expect(answer.json.errors[0].message).toContain(table);
    expect(answer.json.errors[0].message).toContain(where);
  });
});
