// Cache keys: requests share one exactly where the recipe says that they may.

import {
  array,
  constant,
  constantFrom,
  dictionary,
  option,
  property,
  record,
  string,
  stringMatching,
} from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cacheKey,
  type KeyedRequest,
  keyedPath,
  keyedQuery,
  searchedPath,
  variantKey,
} from "../../shared/core/cache-key.ts";
import type { SearchVariance } from "../../shared/core/no-vary-search.ts";
import { type KeyRecipe, WHOLE_URL } from "../../shared/core/rules.ts";
import { NOTHING_VARIES, type VaryMark } from "../../shared/core/vary.ts";
import { holds, urlParts } from "./samples.ts";

const varyingBy = (...names: string[]): VaryMark => ({ ...NOTHING_VARIES, names });

const requestWith = (fields: Readonly<Record<string, string>> = {}): KeyedRequest => ({
  header: (name) => fields[name] ?? null,
});

function keyOf(url: string, recipe: Partial<KeyRecipe> = {}, fields: Record<string, string> = {}): string {
  return cacheKey({
    site: "shop",
    url: urlParts(url),
    recipe: { ...WHOLE_URL, ...recipe },
    request: requestWith(fields),
  });
}

describe("without a recipe", () => {
  test.each([
    ["an encoded slash is not a slash", "http://a/x%2Fy", "http://a/x/y"],
    ["a path's case matters", "http://a/x", "http://a/X"],
    ["a trailing slash matters", "http://a/x", "http://a/x/"],
    ["an empty query is not an absent one", "http://a/x?", "http://a/x"],
    ["an encoded question mark is not one", "http://a/x%3Fy", "http://a/x?y"],
    ["the order of parameters matters", "http://a/x?b=1&a=2", "http://a/x?a=2&b=1"],
    ["the scheme matters", "http://a/x", "https://a/x"],
    ["the host matters", "http://a/x", "http://b/x"],
    ["the port matters", "http://a/x", "http://a:8080/x"],
    ["text can't move from host to path", "http://ab/c", "http://a/b/c"],
  ])("%s", (_, one, other) => expect(keyOf(one)).not.toBe(keyOf(other)));

  test.each([
    ["the default port is none", "http://a:80/x", "http://a/x"],
    ["a host has no case", "http://A/x", "http://a/x"],
    ["a fragment is not part of it", "http://a/x#y", "http://a/x"],
  ])("%s", (_, one, other) => expect(keyOf(one)).toBe(keyOf(other)));

  test("another site is another key", () => {
    const url = urlParts("http://a/x");
    const key = (site: string) => cacheKey({ site, url, recipe: WHOLE_URL, request: requestWith() });
    expect(key("a")).not.toBe(key("b"));
  });

  test("headers and cookies don't matter", () => {
    expect(keyOf("http://a/x", {}, { cookie: "a=1", "x-a": "1" })).toBe(keyOf("http://a/x"));
  });
});

describe("query parts", () => {
  const include = (...names: string[]): KeyRecipe => ({ ...WHOLE_URL, query: { kind: "include", names } });
  const exclude = (...names: string[]): KeyRecipe => ({ ...WHOLE_URL, query: { kind: "exclude", names } });
  const none: KeyRecipe = { ...WHOLE_URL, query: { kind: "none" } };
  const sorted = (recipe: KeyRecipe): KeyRecipe => ({ ...recipe, sort: true });

  test.each([
    ["all", WHOLE_URL, "?a=1&b", "?a=1&b"],
    ["all, empty", WHOLE_URL, "?", "?"],
    ["all, absent", WHOLE_URL, "", ""],
    ["none", none, "?a=1", ""],
    ["none, empty", none, "?", ""],
    ["include", include("a", "c"), "?c=3&b=2&a=1", "?c=3&a=1"],
    ["include, repeated", include("a"), "?a=1&b=2&a=2", "?a=1&a=2"],
    ["include, nothing left", include("z"), "?a=1", ""],
    ["include, value with =", include("a"), "?a=b=c&d", "?a=b=c"],
    ["include, no value", include("a"), "?a&b", "?a"],
    ["include, a name's beginning is not the name", include("a"), "?ab=1&A=2", ""],
    ["include, spelt otherwise", include("id"), "?%69d=5&x=1", "?%69d=5"],
    ["include, listed encoded", include("a%5B%5D"), "?a[]=5", "?a[]=5"],
    ["include, plus for space", include("my id"), "?my+id=5", "?my+id=5"],
    ["include, encoded twice is another name", include("id"), "?%2569d=5", ""],
    ["include, malformed", include("id"), "?%E0%=5&id=1", "?id=1"],
    ["exclude", exclude("utm_source"), "?a=1&utm_source=x&b", "?a=1&b"],
    ["exclude, spelt otherwise", exclude("utm_source"), "?utm%5Fsource=x&a", "?a"],
    ["exclude, nothing left", exclude("a"), "?a=1", ""],
    ["exclude, malformed stays", exclude("a"), "?%E0%=5", "?%E0%=5"],
    ["include, empty pairs", include("a", ""), "?&a=1&&", "?a=1"],
    ["all, empty pairs stay", WHOLE_URL, "?&a=1&&", "?&a=1&&"],
    ["all, sorted", sorted(WHOLE_URL), "?b=1&a=2", "?a=2&b=1"],
    ["all, sorted, values of one name in their order", sorted(WHOLE_URL), "?a=2&b&a=1", "?a=2&a=1&b"],
    ["all, sorted, empty", sorted(WHOLE_URL), "?", ""],
    ["include, sorted", sorted(include("b", "a")), "?c&b=1&a=2", "?a=2&b=1"],
    ["exclude, sorted", sorted(exclude("c")), "?c&b=1&%61=2", "?%61=2&b=1"],
    ["none, sorted", sorted(none), "?b&a", ""],
  ])("%s", (_, recipe, search, kept) => {
    expect(keyedQuery(urlParts(`http://a/p${search}`), recipe)).toBe(kept);
    expect(keyedPath(urlParts(`http://a/p${search}`), recipe)).toBe(`/p${kept}`);
  });

  test("every parameter is either included or excluded by the same names, and keeps its order", () => {
    const name = constantFrom("a", "b", "%61", "c", "");
    const pair = record({ name, value: option(constantFrom("1", "", "=")) });
    holds(
      property(array(pair, { minLength: 1 }), array(constantFrom("a", "b", "c")), (pairs, names) => {
        const texts = pairs.map((one) => (one.value === null ? one.name : `${one.name}=${one.value}`));
        const url = { ...urlParts("http://a/p"), query: texts.join("&"), hasQuery: true };
        const listed = new Set<string>(names);
        const isListed = (text: string) => listed.has((text.split("=", 1)[0] ?? "").replace("%61", "a"));
        // An empty pair is no parameter.
        const expected = (kept: string[]) => {
          const pairs = kept.filter((text) => text !== "");
          return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
        };
        expect(keyedQuery(url, include(...names))).toBe(expected(texts.filter(isListed)));
        expect(keyedQuery(url, exclude(...names))).toBe(expected(texts.filter((text) => !isListed(text))));
      }),
    );
  });
});

describe("a resource that has said which of its query makes no difference", () => {
  const ignoring = (...names: string[]): SearchVariance => ({
    keyOrder: true,
    parameters: { kind: "but", names },
  });
  const onlyA: KeyRecipe = { ...WHOLE_URL, query: { kind: "exclude", names: ["x"] } };

  test.each<[string, string, KeyRecipe, SearchVariance | null, string]>([
    ["nothing said", "?b&a", WHOLE_URL, null, "/p?b&a"],
    ["nothing said of an empty query", "?", WHOLE_URL, null, "/p?"],
    ["its order", "?b&a", WHOLE_URL, ignoring(), "/p?a&b"],
    ["a parameter", "?b=1&a=2", WHOLE_URL, ignoring("b"), "/p?a=2"],
    ["all there is", "?b=1", WHOLE_URL, ignoring("b"), "/p"],
    ["an empty query", "?", WHOLE_URL, ignoring(), "/p"],
    ["no query", "", WHOLE_URL, ignoring("b"), "/p"],
    ["another than the recipe leaves out", "?x=1&b=1&a=2", onlyA, ignoring("b"), "/p?a=2"],
    ["what the recipe leaves out anyway", "?x=1&a=2", onlyA, ignoring("x"), "/p?a=2"],
  ])("%s", (_, search, recipe, variance, expected) => {
    expect(searchedPath(urlParts(`http://a/p${search}`), recipe, variance)).toBe(expected);
  });

  test("has one key for all of them, and its key without it for those that have nothing left out", () => {
    const keyBy = (search: string, variance: SearchVariance | null) => {
      const url = urlParts(`http://a/p${search}`);
      return cacheKey({ site: "shop", url, recipe: WHOLE_URL, request: requestWith(), variance });
    };
    expect(keyBy("?b=1&a=2", ignoring("b"))).toBe(keyBy("?a=2&b=3", ignoring("b")));
    expect(keyBy("?b=1&a=2", ignoring("b"))).not.toBe(keyBy("?a=3", ignoring("b")));
    expect(keyBy("?a=2", ignoring("b"))).toBe(keyBy("?a=2", null));
    expect(keyBy("?b=1&a=2", null)).not.toBe(keyBy("?a=2&b=1", null));
  });
});

describe("headers and cookies of a recipe", () => {
  const byHeader: Partial<KeyRecipe> = { headers: ["x-a", "x-b"] };
  const byCookie: Partial<KeyRecipe> = { cookies: ["a", "b"] };
  const url = "http://a/x";

  test("absent, empty and any value are three keys", () => {
    const headers = [{}, { "x-a": "" }, { "x-a": "-" }, { "x-a": "+" }, { "x-b": "" }];
    expect(new Set(headers.map((fields) => keyOf(url, byHeader, fields))).size).toBe(headers.length);
    const cookies = ["", "a=", "a=-", "a=+", "b=", "a=; b=", "A=", "ab="].map((cookie) => ({ cookie }));
    const same = new Set([keyOf(url, byCookie, {}), keyOf(url, byCookie, { cookie: "ab=" })]);
    expect(same.size).toBe(1);
    expect(new Set(cookies.map((fields) => keyOf(url, byCookie, fields))).size).toBe(cookies.length - 1);
  });

  test.each([
    ["other cookies", "c=9; a=1", "a=1"],
    ["the order of cookies", "b=2; a=1", "a=1; b=2"],
    ["spaces before a pair", "  a=1;b=2", "a=1; b=2"],
    ["names that the cookie's is a part of", "ba=1; a-b=2; a1=3; x-a=4; a=1", "a=1"],
    ["values that name it", 'z=a; y=/p?a=1&b=2; x="a"; w={"v":1}; a=1', "a=1"],
    ["text that is no pair", "a=1; zzz; =5", "a=1"],
    ["escapes in values and in others' names", "x=%61; %63=1; a=1; x%=2", "a=1"],
  ])("%s don't matter", (_, one, other) => {
    expect(keyOf(url, byCookie, { cookie: one })).toBe(keyOf(url, byCookie, { cookie: other }));
  });

  test("a cookie's value is kept whole", () => {
    const key = (cookie: string) => keyOf(url, byCookie, { cookie });
    expect(key("a=1=2")).not.toBe(key("a=1"));
    expect(key("a=1")).not.toBe(key("a=1; b=1"));
    expect(key("a=1")).not.toBe(key("b=1"));
  });

  test("every value of a cookie counts, in its order: which of them an origin reads is its own affair", () => {
    const all = ["a=1", "a=2", "a=1; a=2", "a=2; a=1", "a=1; a=1", "a=; a=1", "a=1; b=2; a=2"];
    expect(new Set(all.map((cookie) => keyOf(url, byCookie, { cookie }))).size).toBe(all.length);
    expect(keyOf(url, byCookie, { cookie: "a=1; c=3; a=2" })).toBe(
      keyOf(url, byCookie, { cookie: "a=1;a=2" }),
    );
  });

  test.each([
    "x=1 a=2",
    "x=1,a=2",
    "x=1, a=2",
    "x=1\ta=2",
    "x=1\xa0a=2",
    ";\xa0a=2",
    'x="1"a=2',
    "x=1; a =2",
    "x=1; =a=2",
    "x=1; A=2",
    "x=1; a[]=2",
    "x=1; a",
    "x=1; %61=2",
    "a=1; %41[]=2",
    'x="1; a=2; b="',
    'x="\\"; a=2; b="',
  ])("what not every origin reads alike is nobody's but who sends the same: %s", (cookie) => {
    const key = (sent: string) => keyOf(url, { cookies: ["a"] }, { cookie: sent });
    const others = ["", "x=1", "a=", "a=1", "a=2", "x=1; a=2", `a=${cookie}`];
    expect(others.map(key)).not.toContain(key(cookie));
    expect(key(cookie)).toBe(key(cookie));
  });

  test("an underscore may stand for what PHP makes one of", () => {
    const key = (cookie: string) => keyOf(url, { cookies: ["my_lang"] }, { cookie });
    for (const cookie of ["my.lang=de", "my lang=de", "my[lang=de"]) expect(key(cookie)).not.toBe(key(""));
    expect(key("my-lang=de")).toBe(key(""));
  });

  test("whoever shares a key is read alike by all, whatever they take for the end of a pair", () => {
    const readings = [
      (text: string) => text.split(";"),
      (text: string) => text.split(/[;,]/),
      (text: string) => text.split(/[;\s]/),
      (text: string) => text.split(/[;,\s]/),
      (text: string) => text.match(/(?:"(?:[^"\\]|\\.)*"|[^;])+/g) ?? [],
    ].map((pairsOf) => (text: string) => {
      const pairs = pairsOf(text).map((pair) => pair.trim());
      return pairs.filter((pair) => /^a=/i.test(pair)).map((pair) => pair.replace(/^a=\s*/i, "").trim());
    });
    const unit = constantFrom("a=", "A=", "=", "a", "; ", ";", ",", " ", 'x="', '"', "\\", "1");
    holds(
      property(array(string({ unit, maxLength: 7 }), { minLength: 30, maxLength: 120 }), (list) => {
        const read = new Map<string, string>();
        for (const cookie of list) {
          const key = keyOf(url, { cookies: ["a"] }, { cookie });
          const all = JSON.stringify(readings.map((reading) => reading(cookie)));
          expect(read.get(key) ?? all).toBe(all);
          read.set(key, all);
        }
      }),
      300,
    );
  });

  test("any change of the recipe changes the key, whatever is asked", () => {
    const recipes: Partial<KeyRecipe>[] = [
      {},
      { query: { kind: "none" } },
      { query: { kind: "include", names: [] } },
      { query: { kind: "exclude", names: [] } },
      { query: { kind: "include", names: ["a"] } },
      { query: { kind: "exclude", names: ["a"] } },
      { headers: ["a"] },
      { headers: ["a", "b"] },
      { headers: ["b", "a"] },
      { cookies: ["a"] },
      { cookies: ["a", "b"] },
      { headers: ["a"], cookies: ["a"] },
      { sort: true },
      { sort: true, query: { kind: "include", names: ["a"] } },
    ];
    for (const asked of ["http://a/x", "http://a/x?a=1", "http://a/x?"])
      expect(new Set(recipes.map((recipe) => keyOf(asked, recipe))).size).toBe(recipes.length);
  });
});

describe("no two different requests meet", () => {
  /** Texts that try to look like the delimiters. */
  const sly = stringMatching(/^[0-9:+|\-a]{0,6}$/);
  const inputs = record({
    site: stringMatching(/^[0-9:a]{1,3}$/),
    scheme: constantFrom("http", "https"),
    host: stringMatching(/^[0-9:a]{1,4}$/),
    path: sly.map((text) => `/${text}`),
    query: option(sly),
    headers: array(constantFrom("x", "y"), { maxLength: 2 }),
    values: dictionary(constantFrom("x", "y"), sly),
  });

  test("unless they are equal in all that the recipe reads", () => {
    holds(
      property(array(inputs, { minLength: 2, maxLength: 40 }), (list) => {
        const keys = new Set<string>();
        const identities = new Set<string>();
        for (const { site, scheme, host, path, query, headers, values } of list) {
          const url = { scheme, host, path, query: query ?? "", hasQuery: query !== null };
          const recipe: KeyRecipe = { ...WHOLE_URL, headers };
          keys.add(cacheKey({ site, url, recipe, request: requestWith(values) }));
          const read = headers.map((name) => values[name] ?? null);
          identities.add(JSON.stringify([site, scheme, host, path, query, headers, read]));
        }
        expect(keys.size).toBe(identities.size);
      }),
      200,
    );
  });

  test("nor by values that write delimiters themselves", () => {
    const value = string({ unit: constantFrom(":", ":+", "+", "2:+", "1", "-"), maxLength: 3 });
    const two: Partial<KeyRecipe> = { headers: ["x", "y"] };
    holds(
      property(
        array(record({ x: value, y: value }), { minLength: 50, maxLength: 150, size: "max" }),
        (list) => {
          const keys = new Set(list.map((fields) => keyOf("http://a/x", two, fields)));
          expect(keys.size).toBe(new Set(list.map((fields) => JSON.stringify(fields))).size);
        },
      ),
      50,
    );
  });

  test("nor do two variants, or a variant and a resource", () => {
    const variant = record({
      names: array(constantFrom("x", "y", "xy")),
      values: dictionary(constantFrom("x", "y", "xy"), sly),
    });
    const primary = constantFrom("http://a/x", "http://a/x?|vary", "http://a/|vary1:x2:+1").map((url) =>
      keyOf(url),
    );
    const one = record({ primary, variant: option(variant) });
    holds(
      property(array(one, { minLength: 2, maxLength: 30 }), (list) => {
        const keys = new Set<string>();
        const identities = new Set<string>();
        for (const { primary: base, variant: chosen } of list) {
          const read = chosen?.names.map((name) => [name, chosen.values[name] ?? null]) ?? [];
          const request = requestWith(chosen?.values);
          keys.add(
            chosen === null
              ? base
              : variantKey(base as ReturnType<typeof cacheKey>, varyingBy(...chosen.names), request),
          );
          identities.add(JSON.stringify([base, read]));
        }
        expect(keys.size).toBe(identities.size);
      }),
      200,
    );
  });

  test("a variant's absent field is not an empty one", () => {
    const base = keyOf("http://a/x") as ReturnType<typeof cacheKey>;
    holds(
      property(constant("accept-language"), string(), (name, value) => {
        const absent = variantKey(base, varyingBy(name), requestWith());
        expect(variantKey(base, varyingBy(name), requestWith({ [name]: value }))).not.toBe(absent);
        expect(absent.startsWith(base)).toBe(true);
      }),
    );
  });
});

test("a resource that doesn't vary has one key, its own", () => {
  const base = keyOf("http://a/x") as ReturnType<typeof cacheKey>;
  expect(variantKey(base, NOTHING_VARIES, requestWith({ accept: "x" }))).toBe(base);
});
