// How late an invalidation may become visible, by the rules that can govern what it names.

import { describe, expect, test } from "vitest";
import { boundConcerned, greatestBound } from "../../shared/core/bound.ts";
import { compileRouting, type Site } from "../../shared/core/routing.ts";
import type { Policy } from "../../shared/core/rules.ts";
import { formatSelector, type SelectorSpec } from "../../shared/core/selector.ts";
import { hours, minutes, type Selector, seconds } from "../../shared/core/units.ts";
import { policyOf } from "./samples.ts";

const siteOf = (name: string, hosts: string[]): Site => ({
  name,
  hosts,
  aliases: [],
  canonicalHost: hosts[0] ?? "",
});
const SITES = [siteOf("blog", ["blog.test"]), siteOf("shop", ["shop.test", "*.shop.test"])];

const named = (id: string, pattern: string, changes: Partial<Policy> = {}): Policy =>
  policyOf(pattern, { id, ...changes });

const POLICIES = [
  named("pages", "/pages/*"),
  named("images", "/img/*", { class: "immutable" }),
  named("slow", "/pages/slow/*", { window: minutes(2) }),
  named("eu", "//eu.shop.test/*", { class: "standard", window: minutes(3) }),
  named("posts", "/*", { site: "blog", class: "standard", window: hours(5) }),
];
const routing = compileRouting(SITES, POLICIES);
const { sites } = routing;

const bound = (specs: readonly SelectorSpec[], more: { site?: string } = {}): number =>
  boundConcerned(
    routing,
    specs.map((spec) => formatSelector(more.site ?? "shop", spec)),
    sites,
  );
const url = (path: string, host = "shop.test"): SelectorSpec => ({ kind: "url", host, pathAndQuery: path });
const prefix = (path: string, host = "shop.test"): SelectorSpec => ({ kind: "prefix", host, path });

const [STANDARD, HOT, IMMUTABLE] = [seconds(30), seconds(5), minutes(70)];

describe("the bound is the greatest of the rules that can govern what is named", () => {
  test.each<[string, SelectorSpec[], number]>([
    ["a URL: its own policy", [url("/pages/a?b=1")], HOT],
    ["a URL that a longer pattern governs", [url("/pages/slow/a")], minutes(2)],
    ["a URL that no policy claims", [url("/about")], STANDARD],
    ["several URLs", [url("/pages/a"), url("/about")], STANDARD],
    ["a URL of another host of the site", [url("/pages/a", "eu.shop.test")], minutes(3)],
    ["a prefix: whatever may match below, and what nobody claims", [prefix("/pages/a")], STANDARD],
    ["a prefix with a longer bound below it", [prefix("/pages")], minutes(2)],
    ["the root", [prefix("/")], IMMUTABLE],
    ["a prefix beside the images", [prefix("/pages/slow", "eu.shop.test")], minutes(3)],
    ["a class", [{ kind: "class", class: "hot" }], minutes(2)],
    ["another class", [{ kind: "class", class: "immutable" }], IMMUTABLE],
    [
      "the standard class: its policies, and what nobody claims",
      [{ kind: "class", class: "standard" }],
      minutes(3),
    ],
    ["a class of which nothing is", [{ kind: "class", class: "session" }], 0],
    ["a host", [{ kind: "host", host: "shop.test" }], IMMUTABLE],
    ["a group", [{ kind: "group", host: "shop.test", group: "g" }], IMMUTABLE],
    ["a tag", [{ kind: "tag", tag: "t" }], IMMUTABLE],
    ["everything", [{ kind: "everything" }], IMMUTABLE],
  ])("%s", (_why, specs, expected) => expect(bound(specs)).toBe(expected));

  test("another site's rules are not concerned", () => {
    expect(bound([{ kind: "everything" }], { site: "blog" })).toBe(hours(5));
    expect(bound([url("/about")])).toBe(STANDARD);
  });

  test("in whatever spelling it is named", () => {
    expect(bound([url("/p%61ges/slow/a")])).toBe(minutes(2));
    expect(bound([prefix("/p%61ges/slo%77")])).toBe(minutes(2));
  });

  test("for a policy of its host alone, a host without a port means every port", () => {
    const ported = compileRouting(SITES, [named("p", "//shop.test:81/*", { window: hours(1) })]);
    const of = (host: string) =>
      boundConcerned(ported, [formatSelector("shop", { kind: "host", host })], ported.sites);
    expect([of("shop.test"), of("shop.test:81"), of("shop.test:82")]).toEqual([hours(1), hours(1), STANDARD]);
  });

  test.each([
    ["where sites are others than those that named it", { named: [SITES[0] as Site] }],
    ["of a text that is no selector", { selectors: ["shop x" as Selector] }],
    [
      "of more than can be matched in good time",
      { selectors: Array.from({ length: 30_000 }, (_, i) => formatSelector("shop", url(`/pages/${i}`))) },
    ],
  ])(
    "the greatest of all %s",
    (_why, {
      named = sites,
      selectors = [formatSelector("shop", url("/pages/a"))],
    }: { named?: readonly Site[]; selectors?: Selector[] }) => {
      expect(boundConcerned(routing, selectors, named)).toBe(hours(5));
      expect(greatestBound(routing)).toBe(hours(5));
    },
  );
});
