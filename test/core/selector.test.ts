// Selectors: what an invalidation names hits exactly the answers it should.

import { array, constantFrom, oneof, property, record, string, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatSelector,
  parseSelector,
  pathPrefixes,
  prefixFault,
  type SelectorSpec,
  selectorKind,
  selectorsOf,
} from "../../shared/core/selector.ts";
import { holds } from "./samples.ts";

const answerAt = (pathAndQuery: string, tags: readonly string[] = []) =>
  new Set(selectorsOf({ site: "shop", host: "shop.example", pathAndQuery, class: "hot", tags }));

const prefix = (path: string) => formatSelector("shop", { kind: "prefix", host: "shop.example", path });
const isHit = (pathAndQuery: string, by: string) =>
  answerAt(pathAndQuery).has(by as ReturnType<typeof prefix>);

describe("a prefix hits at segment boundaries", () => {
  test.each([
    ["/a", "/a", true],
    ["/a", "/a/", true],
    ["/a", "/a/b", true],
    ["/a", "/a/b/c?d=/e", true],
    ["/a", "/a?x", true],
    ["/a", "/a?", true],
    ["/a", "/ab", false],
    ["/a", "/a.b", false],
    ["/a", "/a%2Fb", false],
    ["/a", "/A", false],
    ["/a", "/", false],
    ["/a", "/b/a", false],
    ["/a", "/?x=/a", false],
    ["/a/", "/a", true],
    ["/a/", "/a/b", true],
    ["/a/", "/ab", false],
    ["/a/b", "/a", false],
    ["/a/b", "/a//b", false],
    ["/a//b", "/a//b/c", true],
    ["/", "/", true],
    ["/", "/anything/at?all", true],
    ["/", "//", true],
  ])("%s against %s: %s", (named, path, hit) => {
    expect(isHit(path, prefix(named))).toBe(hit);
  });

  test("and on random paths exactly where a naive comparison says so", () => {
    const segment = constantFrom("a", "b", "ab", "a.b", "%2F");
    const path = array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
    holds(
      property(path, path, constantFrom("", "?", "?a", "/", "/?b=/a"), (named, base, end) => {
        const pathAndQuery = base + end;
        const own = pathAndQuery.replace(/\?.*/, "");
        const naive = named === "/" || own === named || own.startsWith(`${named}/`);
        expect(isHit(pathAndQuery, prefix(named))).toBe(naive);
      }),
      500,
    );
  });

  test("down to 32 segments and no deeper", () => {
    const deep = (n: number) => `/${Array.from({ length: n }, (_, i) => `s${i}`).join("/")}`;
    const path = deep(40);
    expect(pathPrefixes(path)).toHaveLength(33);
    expect(isHit(path, prefix(deep(32)))).toBe(true);
    expect(isHit(path, prefix(deep(33)))).toBe(false);
    expect(pathPrefixes(deep(32)).at(-1)).toBe(deep(32));
    expect(prefixFault(deep(32))).toBeNull();
    expect(prefixFault(deep(33))).toContain("32 segments");
    expect(pathPrefixes("/".repeat(5000))).toEqual(["/"]);
  });
});

describe("an answer", () => {
  test("is hit by its URL, host, class, tags, prefixes and everything, each named once", () => {
    expect([...answerAt("/a/b?c=d", ["two words", "t", "t"])].sort()).toEqual(
      [
        "shop e",
        "shop h shop.example",
        "shop c hot",
        "shop u shop.example/a/b?c=d",
        "shop p shop.example/",
        "shop p shop.example/a",
        "shop p shop.example/a/b",
        "shop t t",
        "shop t two words",
      ].sort(),
    );
  });

  test.each([
    ["another site", formatSelector("shop2", { kind: "everything" })],
    ["another host", formatSelector("shop", { kind: "host", host: "example" })],
    ["another class", formatSelector("shop", { kind: "class", class: "ho" })],
    [
      "the URL without its query",
      formatSelector("shop", { kind: "url", host: "shop.example", pathAndQuery: "/a" }),
    ],
    [
      "the URL with more query",
      formatSelector("shop", { kind: "url", host: "shop.example", pathAndQuery: "/a?c&d" }),
    ],
    ["a tag in another case", formatSelector("shop", { kind: "tag", tag: "T" })],
    [
      "a prefix of another host",
      formatSelector("shop", { kind: "prefix", host: "a.shop.example", path: "/" }),
    ],
  ])("is not hit by %s", (_, selector) => {
    expect(answerAt("/a?c", ["t"]).has(selector)).toBe(false);
  });
});

describe("texts of selectors", () => {
  const word = stringMatching(/^[a-z.]{1,3}$/);
  const path = stringMatching(/^\/[a-z/ ?]{0,4}$/);
  const tricky = oneof(string({ maxLength: 4 }), constantFrom("e", " e", "u a/b", "a/", "a e"));
  const specs = oneof(
    record({ kind: constantFrom("url" as const), host: word, pathAndQuery: path }),
    record({ kind: constantFrom("tag" as const), tag: tricky }),
    record({
      kind: constantFrom("prefix" as const),
      host: word,
      path: stringMatching(/^(\/[a-z]{1,2}){1,3}$|^\/$/),
    }),
    record({ kind: constantFrom("host" as const), host: word }),
    record({ kind: constantFrom("class" as const), class: word }),
    record({ kind: constantFrom("everything" as const) }),
  );
  const site = constantFrom("a", "b", "a.b", "e");

  test("no two specs share one", () => {
    const identity = (named: string, spec: SelectorSpec) => JSON.stringify([named, spec]);
    holds(
      property(array(record({ site, spec: specs }), { minLength: 2, maxLength: 40 }), (named) => {
        const texts = new Set(named.map((one) => formatSelector(one.site, one.spec)));
        expect(texts.size).toBe(new Set(named.map((one) => identity(one.site, one.spec))).size);
      }),
    );
  });

  test("say of which kind they are", () => {
    holds(
      property(site, specs, (named, spec) => {
        expect(selectorKind(formatSelector(named, spec))).toBe(spec.kind);
      }),
    );
  });

  test("are read back as what they were made of", () => {
    const group = record({ kind: constantFrom("group" as const), host: word, group: tricky });
    holds(
      property(site, oneof(specs, group), (named, spec) => {
        expect(parseSelector(formatSelector(named, spec))).toEqual({ site: named, spec });
      }),
    );
  });

  test.each([
    "",
    "shop",
    "shop ",
    "shop x a",
    "shop everything",
    "shop urls",
    "shop u",
    "shop e x",
    "shop  e",
  ])("%j is none", (text) => {
    expect(selectorKind(text)).toBeNull();
    expect(parseSelector(text)).toBeNull();
  });
});
