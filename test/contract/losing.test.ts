// What a change of configuration takes names from is named by the change itself, and hardly anything else is.

import { array, constant, constantFrom, oneof, property, record, subarray, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, rowsOf, selectorsLost } from "../../control-plane/configuration/losing.ts";
import { type Route, Router } from "../../edge/router.ts";
import type { Selector } from "../../shared/core/units.ts";
import { parseUrl } from "../../shared/runtime/url.ts";
import { encodeSite, policyField, siteField } from "../../shared/wire/configuration.ts";
import { assertSeeded } from "../core/seeded.ts";

const FALLBACK = { name: "fallback", hosts: ["*"], aliases: [], canonicalHost: "fallback" };
const URLS = ["a.test", "b.test", "c.a.test", "alias.test:81"].flatMap((host) =>
  ["/", "/a", "/a/", "/a/b/c?x=1&y=2", "/a/bc", "/ab", "/c/b"].map((path) => `https://${host}${path}`),
);

type Fields = ReadonlyMap<string, string>;

/** How an edge files every URL, by what it serves of the site then; nothing where it knows of no site. */
function routesBy(fields: Fields): Map<string, Route> {
  const router = new Router(FALLBACK, parseUrl);
  router.configure(fields);
  const routes = new Map<string, Route>();
  for (const url of router.isConfigured ? URLS : []) {
    const route = router.route({ url, header: () => null });
    if (route !== null) routes.set(url, route);
  }
  return routes;
}

function changed(fields: Fields, { field, value }: Change): Fields {
  const after = new Map(fields);
  if (value === null) after.delete(field);
  else after.set(field, value);
  return after;
}

/** One state of the configuration: how URLs are filed in it, and what the change that led to it named. */
interface State {
  readonly routes: ReadonlyMap<string, Route>;
  readonly byKey: ReadonlyMap<string, Route>;
  readonly carried: readonly Selector[];
}

const stateOf = (fields: Fields, carried: readonly Selector[]): State => {
  const routes = routesBy(fields);
  return { routes, carried, byKey: new Map([...routes.values()].map((route) => [route.key, route])) };
};

/**
 * URLs that are now served what was stored before a purge which named it, or the URL, by what held in an earlier state.
 * `bornWith`: by which names, beside those that it has now, an answer may be known that was stored in some state.
 */
function servedAfterPurge(
  states: readonly State[],
  bornWith: (state: State, key: string) => Route | undefined,
) {
  const now = states.at(-1);
  return [...(now?.routes ?? [])].flatMap(([url, route]) => {
    for (const [purged, { routes, byKey }] of states.entries())
      for (const [born, bornIn] of states.slice(0, purged + 1).entries()) {
        const own = bornWith(bornIn, route.key);
        if (own === undefined) continue;
        const names = new Set([...route.selectors, ...own.selectors]);
        const after = own === route ? purged : born;
        const isDead = states.slice(after + 1).some(({ carried }) => carried.some((one) => names.has(one)));
        const purges = [routes.get(url), byKey.get(route.key)].flatMap((one) => one?.selectors ?? []);
        if (!isDead && purges.some((one) => !names.has(one))) return [url];
      }
    return [];
  });
}

const policyRow = record(
  {
    key_pattern: constantFrom(
      "/*",
      "/a/*",
      "/a/b*",
      "/a/:x/c",
      "/a",
      "//a.test/a/*",
      "*.test/a*",
      "*.a.test/*",
    ),
    class: constantFrom("standard", "hot", "session"),
    tags: subarray(["t", "u"]),
    priority: constantFrom(0, 1),
    ttl: constantFrom("1m", "2m"),
    key: constantFrom<object>({}, { query: "none" }, { query: { include: ["x"] } }, { headers: ["x-one"] }),
  },
  { requiredKeys: ["key_pattern", "class"] },
);
const siteRow = (name: string) =>
  record({
    name: constant(name),
    hosts: subarray(["a.test", "b.test", "*.test", "*.a.test", "*"]),
    aliases: subarray(["alias.test:81", "B.test"]),
    canonicalHost: constantFrom("a.test", "main.test"),
  });
const policyChange = record({
  field: constantFrom("p", "q", "r").map((id) => policyField("one", id)),
  value: oneof({ weight: 4, arbitrary: policyRow.map((row) => JSON.stringify(row)) }, constant(null)),
});
const siteChange = constantFrom("one", "two").chain((name) =>
  record({
    field: constant(siteField(name)),
    value: oneof({ weight: 4, arbitrary: siteRow(name).map(encodeSite) }, constant(null)),
  }),
);

const someChange = oneof({ weight: 3, arbitrary: policyChange }, siteChange);

test("whatever a purge named before any changes, it has hit what bears none of those names any more", () => {
  assertSeeded(
    property(siteRow("one"), array(someChange, { minLength: 1, maxLength: 7 }), (site, changes) => {
      let fields: Fields = new Map([[siteField("one"), encodeSite(site)]]);
      const states = [stateOf(fields, [])];
      for (const change of changes) {
        const carried = selectorsLost({ configuration: rowsOf(fields), first: false }, change);
        fields = changed(fields, change);
        states.push(stateOf(fields, carried));
        const { routes } = states.at(-1) ?? { routes: new Map() };
        // Nothing but what it is called now, wherever it comes from.
        const nameless = (_: State, key: string) => [...routes.values()].find((route) => route.key === key);
        expect(servedAfterPurge(states, nameless)).toEqual([]);
      }
    }),
    400,
  );
});

test("the first configuration of a log names less, as all that is stored under it bears the names of its time", () => {
  const first = record({
    field: policyChange.map(({ field }) => field),
    value: policyRow.map((row) => JSON.stringify(row)),
  });
  assertSeeded(
    property(
      uniqueArray(oneof(siteRow("one"), siteRow("two")), { selector: ({ name }) => name, minLength: 1 }),
      uniqueArray(first, { selector: ({ field }) => field }),
      array(someChange, { maxLength: 4 }),
      (sites, firsts, changes) => {
        const brought = [
          ...sites.map((site) => ({ field: siteField(site.name), value: encodeSite(site) })),
          ...firsts,
        ];
        let fields: Fields = new Map();
        const states = [stateOf(fields, [])];
        for (const [index, change] of [...brought, ...changes].entries()) {
          const carried = selectorsLost(
            { configuration: rowsOf(fields), first: index < brought.length },
            change,
          );
          fields = changed(fields, change);
          states.push(stateOf(fields, carried));
          expect(servedAfterPurge(states, ({ byKey }, key) => byKey.get(key))).toEqual([]);
        }
      },
    ),
    400,
  );
});

const SITE = {
  name: "one",
  hosts: ["a.test", "b.test"],
  aliases: ["alias.test"],
  canonicalHost: "main.test",
};
const ANY_HOST = { ...SITE, hosts: ["*"] };
const HOSTS = ["a.test", "b.test", "main.test"];
const below = (path: string): string[] => HOSTS.map((host) => `one p ${host}${path}`);

/** The policies as they are, and the change of the one that is looked at. */
function lost(
  {
    before,
    after,
    others = [],
    site = SITE,
  }: Partial<Record<"before" | "after", object | null>> & {
    others?: readonly object[];
    site?: typeof SITE;
  },
  first = false,
): readonly Selector[] {
  const configuration = new Map([
    [siteField("one"), encodeSite(site)],
    ...others.map((row, index): [string, string] => [
      policyField("one", `other${index}`),
      JSON.stringify(row),
    ]),
  ]);
  if (before) configuration.set(policyField("one", "p"), JSON.stringify(before));
  const change = { field: policyField("one", "p"), value: after ? JSON.stringify(after) : null };
  return selectorsLost({ configuration: rowsOf(configuration), first }, change);
}

const HOT = { key_pattern: "/a/*", class: "hot", tags: ["t"] };

describe("a policy", () => {
  test.each<[string, object]>([
    ["its lifetime", { ttl: "9m", ttl_mode: "override" }],
    ["its window and fence", { window_ms: 9, fence: "refuse" }],
    ["stale windows", { stale_while_revalidate: "1m", stale_if_error: "1m" }],
    [
      "eviction, refresh and writes",
      { eviction_policy: "lru", refresh_strategy: "swr", write_policy: "write-through" },
    ],
    ["one more tag", { tags: ["t", "u"] }],
    ["headers and cookies of its key", { key: { headers: ["x"], cookies: ["y"] } }],
    ["a priority that nobody else is measured by", { priority: 7 }],
  ])("loses nothing by %s", (_what, more) => {
    expect(lost({ before: HOT, after: { ...HOT, ...more } })).toEqual([]);
  });

  test.each<[string, object]>([
    ["a tag that is taken away", { tags: [] }],
    ["another class", { class: "session" }],
    ["another part of the query in its key", { key: { query: "none" } }],
    ["a query in any order", { key: { query: { sort: true } } }],
  ])("names what it governs at %s", (_what, more) => {
    expect(lost({ before: HOT, after: { ...HOT, ...more } })).toEqual(below("/a"));
  });

  test("names what it governed when it goes, and what either pattern matches when that changes", () => {
    expect(lost({ before: HOT, after: null })).toEqual(below("/a"));
    expect(lost({ before: HOT, after: { ...HOT, key_pattern: "/b/:c/*" } })).toEqual([
      ...below("/a"),
      ...below("/b"),
    ]);
    expect(lost({ before: { ...HOT, key_pattern: "/a/bc*" }, after: null })).toEqual(below("/a"));
    expect(lost({ before: { ...HOT, key_pattern: "/a/bc" }, after: null })).toEqual(below("/a/bc"));
  });

  test("loses nothing to one that gives all of its names", () => {
    const heir = { key_pattern: "/*", class: "hot", tags: ["t", "u"] };
    const plain = { key_pattern: "/a/*", class: "standard" };
    expect(lost({ before: plain, after: null })).toEqual([]);
    expect(lost({ before: { ...HOT, priority: 1 }, after: HOT, others: [heir] })).toEqual([]);
    expect(lost({ before: HOT, after: null, others: [{ ...heir, tags: [] }] })).toEqual(below("/a"));
  });

  test("that comes names what it takes from others, and at first only what it takes from other policies", () => {
    const others = [{ key_pattern: "/*", class: "standard", tags: ["t"] }];
    const plain = { key_pattern: "/a/*", class: "standard" };
    expect(lost({ before: null, after: plain })).toEqual([]);
    expect(lost({ before: null, after: plain, others })).toEqual(below("/a"));
    expect(lost({ before: null, after: HOT })).toEqual(below("/a"));
    expect(lost({ before: null, after: HOT }, true)).toEqual([]);
    expect(lost({ before: null, after: plain, others }, true)).toEqual(below("/a"));
    // The other governs all that it matches.
    const first = others.map((row) => ({ ...row, priority: 1 }));
    expect(lost({ before: null, after: plain, others: first })).toEqual([]);
  });

  test("that rises above another names what it takes from it", () => {
    const others = [{ key_pattern: "/a/b/*", class: "standard", tags: ["u"] }];
    expect(lost({ before: HOT, after: { ...HOT, priority: 1 }, others })).toEqual(below("/a"));
    expect(lost({ before: { ...HOT, priority: 1 }, after: HOT, others })).toEqual(below("/a"));
    expect(lost({ before: { ...HOT, priority: 1 }, after: { ...HOT, priority: 2 }, others })).toEqual([]);
  });

  test("of some hosts names those, and of hosts that can't be counted everything", () => {
    const hosted = (key_pattern: string, site = SITE) =>
      lost({ before: { ...HOT, key_pattern }, after: null, site });
    expect(hosted("//B.test/a/*", ANY_HOST)).toEqual(["one p b.test/a"]);
    expect(hosted("*a.test/a/*")).toEqual(["one p a.test/a"]);
    expect(hosted("/a/*", ANY_HOST)).toEqual(["one e"]);
    const many = Array.from({ length: 99 }, (_, index) => `${index}.test`);
    expect(hosted("/a/*", { ...SITE, hosts: many })).toEqual(["one e"]);
  });

  test("whose row this release can't read names everything", () => {
    expect(lost({ before: HOT, after: { ...HOT, from: "later" } })).toEqual(["one e"]);
    expect(lost({ before: { key_pattern: "(" }, after: null })).toEqual(["one e"]);
  });
});

describe("a site", () => {
  const moved = (
    before: typeof SITE | null,
    after: typeof SITE | null,
    others: readonly (typeof SITE)[] = [],
  ) => {
    const all = before === null ? others : [...others, before];
    const configuration = new Map(all.map((site) => [siteField(site.name), encodeSite(site)]));
    const value = after === null ? null : encodeSite(after);
    return selectorsLost(
      { configuration: rowsOf(configuration), first: false },
      { field: siteField("one"), value },
    );
  };

  test("that goes, or lets a host go, takes no name from anything", () => {
    expect(moved(SITE, null)).toEqual([]);
    expect(moved(SITE, { ...SITE, hosts: ["a.test"] })).toEqual([]);
    expect(moved(SITE, { ...SITE, hosts: [...SITE.hosts].reverse() })).toEqual([]);
    expect(moved(ANY_HOST, SITE)).toEqual([]);
  });

  test("names the host that comes, or comes back", () => {
    expect(moved(null, SITE)).toEqual(below("/"));
    expect(moved(SITE, { ...SITE, hosts: [...SITE.hosts, "C.test"] })).toEqual(["one p c.test/"]);
    expect(moved(SITE, { ...SITE, hosts: [...SITE.hosts, "*.c.test"] })).toEqual(["one e"]);
  });

  test("names where a host is led from elsewhere", () => {
    expect(moved(SITE, { ...SITE, canonicalHost: "a.test" })).toEqual(["one p a.test/"]);
    expect(moved(SITE, { ...SITE, aliases: [...SITE.aliases, "more.test"] })).toEqual(["one p main.test/"]);
    const other = { name: "two", hosts: ["*.test"], aliases: [], canonicalHost: "two.test" };
    expect(moved(SITE, { ...SITE, hosts: ["a.test"] }, [other])).toEqual(["two p b.test/"]);
    expect(moved(ANY_HOST, { ...SITE, hosts: [] }, [{ ...other, hosts: ["*"] }])).toEqual(["two e"]);
  });
});

test("other fields have no names to lose", () => {
  const configuration = new Map([["log/replicas", "1"]]);
  expect(
    selectorsLost(
      { configuration: rowsOf(configuration), first: false },
      { field: "log/replicas", value: null },
    ),
  ).toEqual([]);
});
