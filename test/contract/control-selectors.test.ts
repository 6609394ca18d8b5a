// An invalidation names an answer exactly as the edge that stored it does, however the URL is written.
import { describe, expect, test } from "vitest";
import { acceptInvalidation } from "../../control-plane/invalidate/accept.ts";
import { Router } from "../../edge/router.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { encodeSite, policyField, readConfiguration, siteField } from "../../shared/wire/configuration.ts";
import { SITES } from "./control-harness.ts";

const POLICIES = [
  { id: "images", site: "default", key_pattern: "/img/*", class: "hot", key: { query: { include: ["v"] } } },
  { id: "pages", site: "default", key_pattern: "/pages/*", class: "immutable", key: { query: "none" } },
  { id: "search", site: "shop", key_pattern: "/s", class: "hot", key: { query: { exclude: ["utm"] } } },
];
const [FALLBACK] = SITES;
if (FALLBACK === undefined) throw new Error("there are sites");

const fields = new Map([
  ...SITES.map((site) => [siteField(site.name), encodeSite(site)] as const),
  ...POLICIES.map((row) => [policyField(row.site, row.id), JSON.stringify(row)] as const),
]);
const { routing } = readConfiguration(fields, FALLBACK);
const router = new Router(FALLBACK, parseUrl);
router.configure(fields);

const selectorsOfEdge = (url: string): readonly string[] =>
  router.route({ url, header: () => null })?.selectors ?? [];

function accepted(body: Parameters<typeof acceptInvalidation>[0]): readonly string[] {
  const outcome = acceptInvalidation(body, { routing, parse: parseUrl });
  if (outcome.kind !== "accepted") throw new Error(JSON.stringify(outcome.faults));
  return outcome.invalidation.selectors;
}

describe("a URL's selector is the edge's own", () => {
  test.each([
    ["the URL as it is asked for", "default", "http://origin.test/a", "http://origin.test/a"],
    ["another scheme", "default", "https://origin.test/a", "http://origin.test/a"],
    ["capitals in the host", "default", "http://ORIGIN.test/A", "http://origin.test/A"],
    ["the default port", "default", "http://origin.test:80/a", "http://origin.test/a"],
    ["a path alone", "default", "/a?b=1", "http://origin.test/a?b=1"],
    ["a path of the only host", "solo", "/a", "http://solo.test/a"],
    ["an alias", "default", "http://edge.test:8787/a", "http://origin.test/a"],
    ["an alias in the client's request", "default", "/a", "http://edge.test:8787/a"],
    ["dots", "default", "/x/../a/./b", "http://origin.test/a/b"],
    ["encoded dots", "default", "/x/%2e%2e/a", "http://origin.test/x/%2e%2e/a"],
    ["backslashes", "default", "/a\\b", "http://origin.test/a/b"],
    ["a fragment", "default", "/a#part", "http://origin.test/a"],
    ["an empty query", "default", "/a?", "http://origin.test/a?"],
    ["an encoded slash", "default", "/a%2Fb", "http://origin.test/a%2Fb"],
    ["an encoded slash in small digits", "default", "/a%2Fb", "http://origin.test/a%2fb"],
    ["what an origin may take for a slash", "default", "/a/b", "http://origin.test/a%2fb"],
    ["encoded letters", "default", "/%61?%62=%63", "http://origin.test/a?b=c"],
    ["letters", "default", "/a?b=c", "http://origin.test/%61?%62=%63"],
    ["a query's spaces", "default", "/a?b=c d", "http://origin.test/a?b=c+d"],
    ["part of a query by an encoded name", "default", "/img/a?%76=2", "http://origin.test/img/a?v=2&w=1"],
    [
      "a path under the policy in another spelling",
      "default",
      "/p%61ges/a?x",
      "http://origin.test/pages/a?y",
    ],
    ["characters beyond ASCII", "default", "/ä ö", "http://origin.test/%C3%A4%20%C3%B6"],
    ["a host beyond ASCII", "default", "http://bücher.test/", "http://xn--bcher-kva.test/"],
    ["two slashes", "default", "//a//b", "http://origin.test//a//b"],
    [
      "a query of which the policy keeps a part",
      "default",
      "/img/a?v=2&w=9",
      "http://origin.test/img/a?w=1&v=2",
    ],
    ["a query that the policy drops", "default", "/pages/a?x=1", "http://origin.test/pages/a?y=2"],
    ["a policy of another site", "shop", "http://shop.test/s?q=1&utm=2", "http://shop.test/s?utm=3&q=1"],
    ["any host of a site that serves all", "default", "http://other.test/a", "http://other.test/a"],
    ["a host below the site's", "shop", "http://eu.shop.test/a", "http://eu.shop.test/a"],
  ])("%s", (_why, site, named, asked) => {
    const [selector] = accepted({ site, urls: [named] });
    expect(selectorsOfEdge(asked)).toContain(selector);
  });

  test("the order of a query's parts is part of its name, as it is for the edge", () => {
    const [selector] = accepted({ urls: ["/a?x=1&y=2"] });
    expect(selectorsOfEdge("http://origin.test/a?y=2&x=1")).not.toContain(selector);
  });
});

describe("what may mean two places hits both", () => {
  test.each([
    ["urls", "//other.test/a", "http://other.test/a"],
    ["urls", "//other.test/a", "http://origin.test//other.test/a"],
    ["prefixes", "//other.test/a", "http://other.test/a/b"],
    ["prefixes", "//other.test/a", "http://origin.test//other.test/a/b"],
    ["hosts", "edge.test", "http://origin.test/a"],
    ["hosts", "edge.test", "http://edge.test/a"],
    ["prefixes", "edge.test/a", "http://origin.test/a/b"],
    ["prefixes", "edge.test/a", "http://edge.test/a/b"],
    ["prefixes", "other.test:443/a", "http://other.test/a/b"],
  ])("%s: %s and %s", (kind, text, asked) => {
    const selectors = accepted({ [kind]: [text] });
    expect(selectorsOfEdge(asked).some((one) => selectors.includes(one))).toBe(true);
  });

  test("of a host that the site does not serve there is only the path", () => {
    expect(accepted({ site: "solo", urls: ["//other.test/a"] })).toHaveLength(1);
  });
});

test("a star in a query, or within a segment, is part of a URL", () => {
  for (const path of ["/x?glob=/src/*", "/a*", "/*/b"])
    expect(selectorsOfEdge(`http://origin.test${path}`)).toContain(accepted({ urls: [path] })[0]);
});

test("two slashes are enough of a host for a site that has several", () => {
  expect(accepted({ site: "shop", urls: ["//eu.shop.test/a"] })).toEqual(
    accepted({ site: "shop", urls: ["http://eu.shop.test/a"] }),
  );
});

describe("what names nothing is refused", () => {
  test.each([
    ["prefixes", "ftp://x.example/a"],
    ["prefixes", "mailto:/x"],
    ["prefixes", "http:/a"],
    ["prefixes", "*.x/a"],
    ["prefixes", "*/a"],
    ["prefixes", "/a/*"],
    ["prefixes", "/s".repeat(33)],
    ["prefixes", `tidegate://shop${"/s".repeat(33)}`],
    ["prefixes", "tidegate://shop/users/*"],
    ["urls", "http://*.example/a"],
    ["urls", "http://origin.test/products/*"],
    ["urls", "/products/*"],
    ["urls", "/products/*?page=1"],
    ["urls", "//origin.test/a\tb"],
    ["urls", "//origin.test/\ud800"],
    ["urls", `//origin.test/${"a".repeat(20_000)}`],
  ])("%s: %s", (kind, text) => {
    const outcome = acceptInvalidation({ [kind]: [text] }, { routing, parse: parseUrl });
    expect(outcome).toMatchObject({ kind: "refused", faults: [{ pointer: `/${kind}/0` }] });
  });
});

describe("a prefix, a host or a class hits what lies below it, and nothing beside it", () => {
  test.each([
    ["/a", "http://origin.test/a", true],
    ["/a", "http://origin.test/a/b?x", true],
    ["/a", "http://origin.test/a?x", true],
    ["/a/", "http://origin.test/a", true],
    ["/a", "http://origin.test/ab", false],
    ["/", "http://origin.test/", true],
    ["/", "http://edge.test:8787/x", true],
    ["origin.test/a", "http://origin.test/a/b", true],
    ["https://origin.test/a/b", "http://origin.test/a/b", true],
    ["edge.test:8787/a", "http://origin.test/a/b", true],
    ["other.test/a", "http://origin.test/a/b", false],
    ["/x/../a", "http://origin.test/a", true],
  ])("prefix %s and %s: %s", (prefix, url, hits) => {
    const [selector = ""] = accepted({ prefixes: [prefix] });
    expect(selectorsOfEdge(url).includes(selector)).toBe(hits);
  });

  test("a host in any spelling", () => {
    for (const host of [
      "origin.test",
      "ORIGIN.test",
      "origin.test:80",
      "origin.test:443",
      "edge.test:8787",
    ]) {
      const [selector] = accepted({ hosts: [host] });
      expect(selectorsOfEdge("http://origin.test/a"), host).toContain(selector);
    }
    expect(selectorsOfEdge("http://other.test/a")).not.toContain(accepted({ hosts: ["origin.test"] })[0]);
  });

  test("a class, and everything, of this site alone", () => {
    expect(selectorsOfEdge("http://origin.test/img/a")).toContain(accepted({ classes: ["hot"] })[0]);
    expect(selectorsOfEdge("http://origin.test/a")).not.toContain(accepted({ classes: ["hot"] })[0]);
    const [everything] = accepted({ everything: true, confirm: "default" });
    expect(selectorsOfEdge("http://origin.test/a")).toContain(everything);
    expect(selectorsOfEdge("http://shop.test/a")).not.toContain(everything);
  });
});

test("selectors named twice are appended once, and counted as they were sent", () => {
  const outcome = acceptInvalidation(
    { urls: ["/a", "http://origin.test/a"], tags: ["t", "t", "u"] },
    { routing, parse: parseUrl },
  );
  if (outcome.kind !== "accepted") throw new Error(JSON.stringify(outcome.faults));
  expect(outcome.invalidation.selectors).toHaveLength(3);
  expect(outcome.invalidation.counts).toMatchObject({ urls: 2, tags: 3, prefixes: 0, everything: 0 });
});
