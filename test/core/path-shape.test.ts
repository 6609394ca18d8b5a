// Paths as patterns: what names one thing among many becomes a wildcard, and what tells kinds apart stays.

import { describe, expect, test } from "vitest";
import { mixUnit } from "../../shared/core/mix.ts";
import { PathTree } from "../../shared/core/path-shape.ts";
import { matchesPattern, parsePattern } from "../../shared/core/pattern.ts";
import { readAs } from "../../shared/core/spelling.ts";

const tree = () => new PathTree({ children: 24, nodes: 2048 });
const shape = (path: string): string => tree().shape(path).pattern;

describe("a path", () => {
  test.each([
    ["/", "/"],
    ["/about", "/about"],
    ["/api/v1/products", "/api/v1/products"],
    ["/api/v1/products/42", "/api/v1/products/:id"],
    ["/products/42/reviews/", "/products/:id/reviews/"],
    ["/users/550e8400-e29b-41d4-a716-446655440000", "/users/:id"],
    ["/session/9f8a7b6c5d4e3f2a", "/session/:id"],
    ["/session/s-1042/position", "/session/s-:id/position"],
    ["/blog/2026-11-26/frost", "/blog/:id/frost"],
    ["/blog/2026/11/frost", "/blog/:id/:id/frost"],
    ["/t/eyJhbGciOi1234JIUzI1NiJ9", "/t/:id"],
    ["/images/IMG_2041.jpg", "/images/IMG_:id.jpg"],
    ["/images/2041.jpg", "/images/:id.jpg"],
    ["/item1234", "/item:id"],
    ["/mp3/h264", "/mp3/h:id"],
    ["/files/a(1).txt", "/files/:id"],
    ["/files/a:b", "/files/:id"],
    ["//evil.test/a", "/*"],
    ["/a/b/c/d/e/f/g/h/i", "/a/b/c/d/e/f/g/*"],
  ])("%s is %s", (path, pattern) => expect(shape(path)).toBe(pattern));

  test.each([
    ["/assets/app.3f9a1c2b.js", "/assets/:hashed.js"],
    ["/assets/index-BkT9xA3f.css", "/assets/:hashed.css"],
    ["/assets/3f9a1c2b77.woff2", "/assets/:hashed.woff2"],
    ["/static/chunk~d41d8cd98f00b204.min.js", "/static/:hashed.js"],
  ])("%s names its content", (path, pattern) =>
    expect(tree().shape(path)).toEqual({ pattern, hashed: true }),
  );

  test.each(["/app.js", "/documents/handbook.pdf", "/deadline.html", "/assets/bootstrap.min.css"])(
    "%s does not",
    (path) => expect(tree().shape(path)).toEqual({ pattern: path, hashed: false }),
  );
});

test("names below one directory become one wildcard once they are too many, and keep their extension", () => {
  const one = tree();
  const word = (i: number) => `word${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`;
  const patterns = new Set<string>();
  for (let i = 0; i < 200; i++) patterns.add(one.shape(`/shop/${word(i)}.html`).pattern);
  expect(patterns.size).toBe(25);
  expect(one.shape("/shop/worda.html").pattern).toBe("/shop/:id.html");
  expect(one.shape("/shop/other").pattern).toBe("/shop/:id");
  expect(one.shape("/help/other").pattern).toBe("/help/other");
});

test("nobody makes them many by names that look like numbered ones, or by extensions", () => {
  const one = tree();
  const word = (i: number) => [...String(i)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  for (const path of [
    (i: number) => `/${word(i)}-1`,
    (i: number) => `/${word(i)}:id`,
    (i: number) => `/1.${word(i)}`,
  ])
    expect(new Set(Array.from({ length: 5000 }, (_, i) => one.shape(path(i)).pattern)).size).toBeLessThan(60);
});

test("a pattern is its own shape, and in a tree that knows more it is what its paths are there", () => {
  const one = tree();
  for (const path of ["/products/:id", "/assets/:hashed.js", "/s-:id/x", "/a/*"])
    expect(one.shape(path).pattern).toBe(path);
  expect(one.shape("/assets/:hashed.js").hashed).toBe(true);
});

test("whatever the paths, patterns are few, can be read, and match what they were made of", () => {
  let drawn = 0;
  const random = (): number => mixUnit("paths", ++drawn);
  const one = tree();
  const patterns = new Set<string>();
  const alphabet = "abcXYZ019-_.~%:()*+@";
  const unmatched: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const segments = Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
      Array.from(
        { length: Math.floor(random() * 14) },
        () => alphabet[Math.floor(random() * alphabet.length)],
      ).join(""),
    );
    // As URLs have it: without the segments that they resolve.
    const path = `/${segments.map((segment) => segment.replace(/^\.{1,2}$/, "dots")).join("/")}`;
    const { pattern } = one.shape(path);
    patterns.add(pattern);
    const read = parsePattern(pattern);
    if (read.kind === "invalid" || !matchesPattern(read.pattern, "a.test", readAs(path)))
      unmatched.push(`${path} ${pattern}`);
  }
  expect(unmatched.slice(0, 5)).toEqual([]);
  expect(patterns.size).toBeLessThan(5000);
});
