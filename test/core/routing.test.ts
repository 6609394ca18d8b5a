// Which site serves a host, and which policy governs a URL.

import { property, shuffledSubarray } from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { compileRouting, LONGEST_URL, placeOf, rulesFor, type Site } from "../../shared/core/routing.ts";
import { type Policy, WHOLE_URL } from "../../shared/core/rules.ts";
import { seconds } from "../../shared/core/units.ts";
import { holds, policyOf as hotPolicyOf, urlParts } from "./samples.ts";

const policyOf = (pattern: string, changes: Partial<Policy> = {}): Policy =>
  hotPolicyOf(pattern, { class: "standard", ...changes });

const siteOf = (name: string, hosts: string[], aliases: string[] = []): Site => ({
  name,
  hosts,
  aliases,
  canonicalHost: `${name}.canonical`,
});

const sites = [
  siteOf("shop", ["shop.example", "*.shop.example"], ["edge-1:8787", "Edge-2"]),
  siteOf("blog", ["blog.example", "Blog.Example.ORG"]),
  siteOf("wide", ["*.example"]),
  siteOf("deep", ["*.deep.shop.example"]),
  siteOf("port", ["shop.example:8080"]),
];
const others = siteOf("others", ["*"]);

describe("a host belongs to", () => {
  const placed = (host: string, among = [...sites, others]) => {
    const place = placeOf(compileRouting(among, []), urlParts(`http://${host}/a?b`));
    return place === null ? null : [place.site.name, place.url.host];
  };

  test.each([
    ["the site that names it", "shop.example", "shop"],
    ["the site that names it, not a wildcard's", "blog.example", "blog"],
    ["the site that names it in another case", "blog.example.org", "blog"],
    ["the site of a wildcard above it", "a.shop.example", "shop"],
    ["the site of the longest wildcard above it", "a.deep.shop.example", "deep"],
    ["the site of a wildcard far above it", "x.y.z.example", "wide"],
    ["not the wildcard that ends like it", "ashop.example", "wide"],
    ["nobody but those who take every host", "example", "others"],
    ["nobody but those who take every host", "shop.example.evil", "others"],
    ["the site that names its port", "shop.example:8080", "port"],
    ["nobody else where it has a port", "a.shop.example:99", "others"],
  ])("%s: %s", (_, host, name) => expect(placed(host)).toEqual([name, host]));

  test.each(["edge-1:8787", "edge-2"])(
    "the site that %s is an alias in, under its canonical name",
    (host) => {
      expect(placed(host)).toEqual(["shop", "shop.canonical"]);
    },
  );

  test("an alias's site even where another site names it", () => {
    expect(placed("x.example", [siteOf("a", ["x.example"]), siteOf("b", [], ["x.example"])])).toEqual([
      "b",
      "b.canonical",
    ]);
  });

  test("no site, where none takes every host", () => {
    expect(placed("unknown.test", sites)).toBeNull();
    expect(placed("edge-1:8788", sites)).toBeNull();
  });

  test("the same site in whatever order the sites were learnt", () => {
    const rivals = [
      siteOf("a", ["x.example", "*.y.example"], ["alias"]),
      siteOf("b", ["x.example", "*.y.example"], ["alias"]),
    ];
    const all = [...sites, others, ...rivals];
    const hosts = ["x.example", "z.y.example", "alias", "a.deep.shop.example", "q.example", "none"];
    const expected = hosts.map((host) => placed(host, all));
    holds(
      property(shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        expect(hosts.map((host) => placed(host, shuffled))).toEqual(expected);
      }),
    );
  });

  test("the rest of the URL stays as it was", () => {
    const place = placeOf(compileRouting(sites, []), urlParts("http://edge-1:8787/a%2Fb?c"));
    expect(place?.url).toEqual({ ...urlParts("http://edge-1:8787/a%2Fb?c"), host: "shop.canonical" });
  });
});

describe("a URL is governed by", () => {
  const governing = (policies: readonly Policy[], url: string) => {
    const routing = compileRouting([...sites, others], policies);
    const place = placeOf(routing, urlParts(url));
    if (place === null) throw new Error("no site");
    return rulesFor(routing, place);
  };
  const idFor = (policies: readonly Policy[], url: string) => governing(policies, url).policyId;

  const table = [
    policyOf("/*"),
    policyOf("/a/*"),
    policyOf("/a/b/*"),
    policyOf("/*.css", { priority: 5, id: "css" }),
    policyOf("/low/*", { priority: -1 }),
    policyOf("//shop.example/h"),
    policyOf("/same", { id: "z" }),
    policyOf("/same", { id: "y" }),
    policyOf("/*", { site: "blog", id: "blog" }),
  ];

  test.each([
    ["the one that matches", "/x", "/*"],
    ["the longest pattern", "/a/b/c", "/a/b/*"],
    ["a shorter one where the longer doesn't match", "/a/c", "/a/*"],
    ["a higher priority before a longer pattern", "/a/b/c.css", "css"],
    ["a lower priority last", "/low/x", "/*"],
    ["the path, not the query", "/x?y=.css", "/*"],
    ["one that names the host", "/h", "//shop.example/h"],
    ["the first id among equals", "/same", "y"],
  ])("%s: %s", (_, path, id) => {
    expect(idFor(table, `http://shop.example${path}`)).toBe(id);
  });

  const accounts = [
    policyOf("/site/*"),
    policyOf("/site/account/*"),
    policyOf("/site/of/:section"),
    policyOf("/caf%c3%a9/*"),
    policyOf("/%61b/:n", { class: "session" }),
    policyOf("/*.css", { id: "css", class: "immutable", priority: 1 }),
    policyOf("/sale%2A/*/x"),
  ];
  const keptOf = (path: string) => {
    const { policyId, kept } = governing(accounts, `http://shop.example${path}`);
    return [policyId, kept];
  };

  test.each([
    ["/site/%61ccount/me", "/site/account/*"],
    ["/site/acc%6Funt/me", "/site/account/*"],
    ["/s%69te/x", "/site/*"],
    ["/caf%C3%A9/x", "/caf%c3%a9/*"],
    ["/caf\u00e9/x", "/caf%c3%a9/*"],
    ["/ab/1", "/%61b/:n"],
    ["/%61%62/%31", "/%61b/:n"],
    ["/a.c%73s", "css"],
    ["/sale*/b/x", "/sale%2A/*/x"],
    ["/sale%2a/b/x", "/sale%2A/*/x"],
    ["/salesx/b/x", null],
    ["/x/%2561ccount", null],
    // Whichever way origins read them, the same policy governs.
    ["/site/a%2Fb//c;d", "/site/*"],
    ["/site/account/a%2Fb//c;d", "/site/account/*"],
    ["/x;y//z", null],
  ])("the same policy in any spelling: %s", (path, id) => {
    expect(keptOf(path)).toEqual([id, "for all"]);
  });

  test.each([
    ["/site/account%2Fme", "/site/*"],
    ["/site%5caccount/me", null],
    ["/site//account/me", "/site/*"],
    ["/site/account;x/me", "/site/*"],
    ["/site/%2561ccount/me", "/site/*"],
    ["/site/of/a%2Fb", "/site/of/:section"],
    ["/site/me;.css", "css"],
    ["/site/me%3F.css", "css"],
    ["/site;a%2Fb/account/me", null],
    // Nobody's policy, and still.
    ["/x/..%2fy", null],
    ["/x/..;/y", null],
    ["/x/%252e%252e/y", null],
  ])("one of several, as origins may read it, and nothing is kept: %s", (path, id) => {
    expect(keptOf(path)).toEqual([id, "for nobody"]);
  });

  test("one that a purge can name by its URL, as far as the key has it, and of a longer one nothing is kept", () => {
    expect(LONGEST_URL).toBe(LIMITS.url);
    const named = (length: number) => `?q=${"x".repeat(length - "http://shop.example/?q=".length)}`;
    expect(keptOf(`/${named(LONGEST_URL)}`)).toEqual([null, "for all"]);
    expect(keptOf(`/${named(LONGEST_URL + 1)}`)).toEqual([null, "for nobody"]);
    const less = [policyOf("/*", { key: { ...WHOLE_URL, query: { kind: "none" } } })];
    expect(governing(less, `http://shop.example/${named(LONGEST_URL + 1)}`).kept).toBe("for all");
  });

  test("one that keeps nothing: neither a tier, nor the journal, nor a browser for good", () => {
    const policies = [policyOf("/*", { class: "session" }), policyOf("/i/*", { class: "immutable" })];
    for (const path of ["/a/..%2fb", "/i/..%2fb"])
      expect(governing(policies, `http://shop.example${path}`)).toMatchObject({
        ...{ kept: "for nobody", memoryBudget: 0, cacheApi: "none", l2MaxBody: 0 },
        ...{ write: "write-around", refresh: "none", content: "changing" },
      });
  });

  test("the same policy in whatever order they were learnt", () => {
    const paths = ["/x", "/a/b/c", "/a/b/c.css", "/low/x", "/h", "/same"];
    const expected = paths.map((path) => idFor(table, `http://shop.example${path}`));
    holds(
      property(shuffledSubarray(table, { minLength: table.length }), (shuffled) => {
        expect(paths.map((path) => idFor(shuffled, `http://shop.example${path}`))).toEqual(expected);
      }),
    );
  });

  test("a policy of its own site only", () => {
    expect(idFor(table, "http://blog.example/a/b/c.css")).toBe("blog");
    expect(idFor(table, "http://q.example/a")).toBeNull();
  });

  test("a policy for the canonical host where it was asked by an alias", () => {
    const policies = [policyOf("//shop.canonical/a"), policyOf("//edge-1:8787/a", { id: "alias" })];
    expect(idFor(policies, "http://edge-1:8787/a")).toBe("//shop.canonical/a");
  });

  test("its policy's words over its class's, and the standard class's where no policy claims it", () => {
    const rules = governing(
      [policyOf("/a", { class: "hot", ttl: seconds(7), tags: ["t"] })],
      "http://shop.example/a",
    );
    expect(rules).toMatchObject({ name: "hot", ttl: 7000, staleIfError: 600_000, window: 5000, tags: ["t"] });
    expect(governing([], "http://shop.example/a")).toMatchObject({
      name: "standard",
      policyId: null,
      key: WHOLE_URL,
    });
    expect(governing([policyOf("/a", { class: "unheard-of" })], "http://shop.example/a").name).toBe(
      "standard",
    );
  });
});
