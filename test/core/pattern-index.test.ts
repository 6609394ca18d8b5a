// The index of patterns finds what trying one after another finds, and its work does not grow with the table.

import { array, constantFrom, property, record, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { matchesPattern, type PathPattern, parsePattern } from "../../shared/core/pattern.ts";
import { candidatesFor, firstMatch, indexPatterns } from "../../shared/core/pattern-index.ts";
import { holds } from "./samples.ts";

function patternOf(text: string): PathPattern {
  const outcome = parsePattern(text);
  if (outcome.kind === "invalid") throw new Error(`${text} ${outcome.message}`);
  return outcome.pattern;
}

const indexOf = (texts: readonly string[]) =>
  indexPatterns(texts.map((text) => ({ pattern: patternOf(text), value: text })));

const oneByOne = (texts: readonly string[], host: string, path: string): string | undefined =>
  texts.find((text) => matchesPattern(patternOf(text), host, path));

describe("the index", () => {
  const segment = constantFrom("a", "b", "ab", ":x", "*", "a*", "*b", "a:x", ":x-:y", "");
  const patterns = record({
    host: constantFrom("", "", "//h", "//*.h", "//h:1", "//*"),
    path: array(segment, { maxLength: 4 }),
  })
    .map(({ host, path }) => `${host}/${path.join("/")}`)
    // Some have more wildcards than a pattern may.
    .filter((text) => parsePattern(text).kind !== "invalid");
  const hosts = constantFrom("h", "x.h", "h:1", "other");
  const paths = array(constantFrom("a", "b", "ab", "a-b", "ba", ""), { maxLength: 5 }).map(
    (segments) => `/${segments.join("/")}`,
  );

  test("finds the pattern that trying one after another finds first", () => {
    holds(
      property(tuple(array(patterns, { maxLength: 12 }), hosts, paths), ([texts, host, path]) => {
        expect(firstMatch(indexOf(texts), { host, path })).toBe(oneByOne(texts, host, path));
      }),
      5000,
    );
  });

  test.each([
    ["/a/:x", "/a/", undefined],
    ["/a/:x", "/a/b", "/a/:x"],
    ["/a/:x", "/a/b/c", undefined],
    ["/a/*", "/a", undefined],
    ["/a/*", "/a/", "/a/*"],
    ["/", "/", "/"],
    ["/a/", "/a", undefined],
    ["/*", "/", "/*"],
  ])("%s and %s", (text, path, found) => {
    expect(firstMatch(indexOf([text]), { host: "h", path })).toBe(found);
  });
});

describe("patterns that are looked at for one path", () => {
  const tables: Record<string, (n: number) => string> = {
    "a folder each": (n) => `/shop/${n}/*`,
    "a page each": (n) => `/shop/page-${n}`,
    "a folder below a name each": (n) => `/:tenant/section-${n}/*`,
    "a host each": (n) => `//h${n}/*`,
  };
  const paths = ["/shop/7/x", "/shop/page-7", "/acme/section-7/x", "/elsewhere"];

  test.each(Object.entries(tables))("%s: as many of 10 000 as of 10", (_, textOf) => {
    const looked = (size: number): number[] => {
      const index = indexOf([...Array.from({ length: size }, (_, n) => textOf(n)), "/*"]);
      return paths.map((path) => candidatesFor(index, "h", path).reduce((sum, list) => sum + list.length, 0));
    };
    expect(looked(10_000)).toEqual(looked(10));
  });
});
