// Which patterns match every URL that another matches.

import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPattern, type PathPattern, parsePattern } from "../../shared/core/pattern.ts";
import { covers } from "../../shared/core/pattern-covers.ts";

const pattern = (text: string): PathPattern => {
  const outcome = parsePattern(text);
  if (outcome.kind === "invalid") throw new Error(outcome.message);
  return outcome.pattern;
};

test.each([
  ["/*", "/a/:b/c", true],
  ["/a/*", "/a/b", true],
  ["/a/*", "/a/*/c", true],
  ["/a/*", "/ab/*", false],
  ["/a/*", "/*", false],
  ["/a/:id", "/a/*", false],
  ["/a/*", "/a/:id", true],
  ["/a/:id", "/a/b", true],
  ["/a/:id", "/a/", false],
  ["/:a/:b", "/x/:id", true],
  ["/:a", "/x/:id", false],
  ["/*.png", "/img/*.png", true],
  ["/img/*.png", "/*.png", false],
  ["/*a*", "/*ab*", true],
  ["/*ab*", "/*a*b*", false],
  ["/*/*", "/a/b", true],
  ["example.com/*", "/a", false],
  ["/a", "example.com/a", true],
  ["*.example.com/*", "www.example.com/a/*", true],
  ["www.example.com/*", "*.example.com/*", false],
  [":sub.example.com/*", "*.example.com/*", false],
] as const)("%s over %s: %s", (outer, inner, is) => {
  expect(covers(pattern(outer), pattern(inner))).toBe(is);
});

test("what is covered is matched, and every pattern covers itself", () => {
  const piece = fc.constantFrom("a", "b", "/", "*", ":n", "ab", "/a");
  const text = fc.array(piece, { maxLength: 5 }).map((pieces) => `/${pieces.join("")}`);
  const path = fc
    .array(fc.constantFrom("a", "b", "c", "/"), { maxLength: 7 })
    .map((all) => `/${all.join("")}`);
  fc.assert(
    fc.property(text, text, fc.array(path, { maxLength: 40 }), (one, other, paths) => {
      const [outer, inner] = [parsePattern(one), parsePattern(other)];
      if (outer.kind === "invalid" || inner.kind === "invalid") return;
      expect(covers(outer.pattern, outer.pattern)).toBe(true);
      const both = (path: string) =>
        matchesPattern(inner.pattern, "h", path) && !matchesPattern(outer.pattern, "h", path);
      if (covers(outer.pattern, inner.pattern)) expect(paths.filter(both)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("what does not cover fails for some URL", () => {
  const alphabet = ["a", "b", "c", "/"];
  const paths = [""];
  for (let at = 0; at < paths.length; at++) {
    const path = paths[at] ?? "";
    if (path.length < 5) for (const letter of alphabet) paths.push(path + letter);
  }
  const texts = ["/*", "/a", "/a*", "/*a", "/:n", "/a/:n", "/:n/a", "/*/a", "/a/*", "/*a*", "/:n*", "/*:n"];
  for (const one of texts)
    for (const other of texts) {
      const [outer, inner] = [pattern(one), pattern(other)];
      const fails = paths.some(
        (path) => matchesPattern(inner, "h", `/${path}`) && !matchesPattern(outer, "h", `/${path}`),
      );
      expect([one, other, covers(outer, inner)]).toEqual([one, other, !fails]);
    }
});

test("the longest patterns are told apart in a moment", () => {
  const long = pattern(`/${"*a".repeat(8)}${"b".repeat(200)}`);
  const begun = performance.now();
  covers(long, pattern(`/${"a*".repeat(8)}${"b".repeat(200)}`));
  expect(performance.now() - begun).toBeLessThan(2000);
});
