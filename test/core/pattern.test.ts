// Key patterns: what they match, what is refused, and how little work matching takes.

import { array, constantFrom, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_PATTERN_LENGTH,
  MAX_WILDCARDS,
  matchesPattern,
  type PathPattern,
  parsePattern,
  patternsMeet,
  reachesInto,
} from "../../shared/core/pattern.ts";
import { holds } from "./samples.ts";

function patternOf(text: string): PathPattern {
  const outcome = parsePattern(text);
  if (outcome.kind === "invalid") throw new Error(`${text} ${outcome.message}`);
  return outcome.pattern;
}

/** `url` is `host/path`. */
function matches(text: string, url: string): boolean {
  const slash = url.indexOf("/");
  return matchesPattern(patternOf(text), url.slice(0, slash), url.slice(slash));
}

describe("a path pattern", () => {
  test.each([
    ["/a", "h/a", true],
    ["/a", "h/a/", false],
    ["/a", "h/ab", false],
    ["/a", "h/A", false],
    ["/*", "h/", true],
    ["/*", "h/a/b", true],
    ["/a/*", "h/a/", true],
    ["/a/*", "h/a", false],
    ["/a/*", "h/a/b/c", true],
    ["/a*", "h/ab/c", true],
    ["*", "h/a", true],
    ["/*.css", "h/a/b.css", true],
    ["/*.css", "h/.css", true],
    ["/*.css", "h/a.css/b", false],
    ["/*.css", "h/acss", false],
    ["/*/*", "h/a/b", true],
    ["/*/*", "h/a", false],
    ["/a*b*c", "h/abcbc", true],
    ["/a*b*c", "h/acb", false],
    ["/products/:id", "h/products/1", true],
    ["/products/:id", "h/products/", false],
    ["/products/:id", "h/products/1/reviews", false],
    ["/products/:id", "h/products/a%2Fb", true],
    ["/products/:id/reviews", "h/products/1/reviews", true],
    ["/:a/:b", "h/x/y", true],
    ["/:a/:b", "h/x//y", false],
    ["/:a-:b", "h/x-y-z", true],
    ["/:a-:b", "h/x-", false],
    ["/v:major.json", "h/v2.json", true],
    ["/v:major.json", "h/v.json", false],
    ["/:name.*", "h/a.b/c", true],
    ["/a:1", "h/a:1", true],
    ["/%61", "h/a", true],
    ["/%2a", "h/*", true],
    ["/%2a", "h/b", false],
    ["/%3Ab", "h/:b", true],
    ["/%3Ab", "h/x", false],
    ["/a%3f", "h/a%3F", true],
    ["/%c3%a9", "h/%C3%A9", true],
    ["/a.b", "h/axb", false],
    ["/a%2Fb", "h/a%2Fb", true],
    ["/é", "h/%C3%A9", true],
  ])("%s against %s: %s", (text, url, expected) => expect(matches(text, url)).toBe(expected));
});

describe("a pattern with a host", () => {
  test.each([
    ["//shop.example/a", "shop.example/a", true],
    ["https://shop.example/a", "shop.example/a", true],
    ["http://Shop.Example/a", "shop.example/a", true],
    ["shop.example/a", "shop.example/a", true],
    ["shop.example", "shop.example/any/thing", true],
    ["//shop.example/a", "other.example/a", false],
    ["shop.example/a", "a.shop.example/a", false],
    ["*.example/a", "shop.example/a", true],
    ["*.example/a", "a.b.example/a", true],
    ["*.example/a", "example/a", false],
    ["*.example/a", "shop.example.evil/a", false],
    ["*/a", "anything/a", true],
    [":sub.example/a", "shop.example/a", true],
    [":sub.example/a", "a.b.example/a", false],
    ["shop.example:8080/a", "shop.example:8080/a", true],
    ["shop.example:8080/a", "shop.example/a", false],
  ])("%s against %s: %s", (text, url, expected) => expect(matches(text, url)).toBe(expected));
});

describe("what is no pattern", () => {
  test.each([
    ["", "empty"],
    ["/a(b)", "groups"],
    ["/a{/b}?", "groups"],
    ["/[ab]", "groups"],
    ["/a+", "groups"],
    ["/a|b", "groups"],
    ["/^a$", "groups"],
    ["/a\\b", "groups"],
    ["/a?b=c", "query"],
    ["/a#b", "fragment"],
    ["/a b", "spaces"],
    ["/a\n", "spaces"],
    ['/"', "quotes"],
    ["/<script>", "angle"],
    ["ftp://x/a", "http"],
    ["TIDEGATE://shop/*", "http"],
    ["https:///zz", "host"],
    ["///zz", "host"],
    ["bücher.example/*", "xn--"],
    ["/aa/../b/*", "segments"],
    ["/./b", "segments"],
    ["/b/..", "segments"],
    ["/\ud800", "Unicode"],
    [`/${"a".repeat(MAX_PATTERN_LENGTH)}`, "longer"],
    ["/*".repeat(MAX_WILDCARDS + 1), "wildcards"],
    ["/:a".repeat(MAX_WILDCARDS + 1), "wildcards"],
    [`${"/*:A".repeat(MAX_WILDCARDS / 2)}/*`, "wildcards"],
  ])("%j is refused, with a word on why", (text, word) => {
    const outcome = parsePattern(text);
    expect(outcome.kind === "invalid" && outcome.message).toContain(word);
  });

  test.each([
    `/${"a".repeat(MAX_PATTERN_LENGTH - 1)}`,
    "/*".repeat(MAX_WILDCARDS),
    "/a:1b",
    "/a-b_c~d.e,f;g=h@i!j&k",
    "/.well-known/*",
    "/a..b/...",
  ])("%j is allowed", (text) => expect(parsePattern(text).kind).toBe("pattern"));
});

test.each([
  ["/é/*", "h", "/%C3%A9/x"],
  ["/日本", "h", "/%E6%97%A5%E6%9C%AC"],
  ["X.Example:80/*", "x.example", "/x"],
  ["y.example:443/*", "y.example", "/x"],
  ["HTTPS://y.example/a", "y.example", "/a"],
  ["y.example:8443/*", "y.example:8443", "/x"],
])("%s is of URLs as they are: %s%s", (text, host, path) => {
  expect(matchesPattern(patternOf(text), host, path)).toBe(true);
});

/** The definition, word by word, without any thought for its cost. */
function naive(tokens: readonly string[], text: string, boundary: string): boolean {
  const [first, ...rest] = tokens;
  if (first === undefined) return text === "";
  if (first === "*") return [...text, ""].some((_, taken) => naive(rest, text.slice(taken), boundary));
  if (first !== ":n") return text.startsWith(first) && naive(rest, text.slice(first.length), boundary);
  for (let taken = 1; taken <= text.length && text[taken - 1] !== boundary; taken++)
    if (naive(rest, text.slice(taken), boundary)) return true;
  return false;
}

describe("matching", () => {
  const pieces = array(constantFrom("*", ":n", "a", "b", "ab", "/", "-"), { maxLength: 6 });
  const subject = array(constantFrom("a", "b", "/", "-"), { maxLength: 8 }).map((chars) => chars.join(""));
  /** `:n` in front of a letter would be a longer name. */
  const isPlain = (tokens: readonly string[]) => !/:n\w|^\//.test(tokens.join(""));

  test("is what a naive matcher says, for paths", () => {
    holds(
      property(pieces.filter(isPlain), subject, (tokens, text) => {
        const expected = naive(["/", ...tokens], `/${text}`, "/");
        expect(matchesPattern(patternOf(`/${tokens.join("")}`), "h", `/${text}`)).toBe(expected);
      }),
      3000,
    );
  });

  test("is what a naive matcher says, for hosts", () => {
    const dotted = (text: string) => text.replaceAll("/", ".");
    holds(
      property(
        pieces.filter((tokens) => isPlain(tokens) && tokens.length > 0),
        subject,
        (tokens, text) => {
          const expected = naive(tokens.map(dotted), dotted(text), ".") || tokens.join("") === "*";
          const pattern = patternOf(`//${dotted(tokens.join(""))}/x`);
          expect(matchesPattern(pattern, dotted(text), "/x")).toBe(expected);
        },
      ),
      3000,
    );
  });

  test.each([
    ["/*a*a*a*a*a*a*a*b", "a"],
    ["/:a:b:c:d:e:f:g:h", "a"],
    ["/*/*/*/*/*/*/*/*z", "/"],
    ["/*:a*:b*:c*:d", "a"],
  ])("%s looks at each character a bounded number of times, whatever the input", (text, char) => {
    const looks = (length: number): number => {
      const subject = "/".padEnd(length, char);
      let count = 0;
      /** A string that counts how often it is looked at. */
      const counting = new Proxy(Object(subject) as object, {
        get: (_, name) => {
          if (name === "length") return length;
          count += 1;
          return name === "startsWith" ? subject.startsWith.bind(subject) : subject[Number(name)];
        },
      });
      matchesPattern(patternOf(text), "h", counting as unknown as string);
      return count;
    };
    const [short, long] = [looks(500), looks(4000)];
    expect(short).toBeGreaterThan(500);
    expect(long / short).toBeLessThan(8.1);
    expect(long).toBeLessThan(2 * (2 * MAX_WILDCARDS + 1) * 4001);
  });
});

describe("what patterns have in common", () => {
  const pieces = array(constantFrom("*", ":n", "a", "b", "ab", "/", "-"), { maxLength: 5 }).filter(
    (tokens) => !/:n\w|^\//.test(tokens.join("")),
  );
  const paths = array(constantFrom("a", "b", "/", "-"), { maxLength: 6 }).map(
    (chars) => `/${chars.join("")}`,
  );

  test.each([
    ["/a/*", "/a/b/*", true],
    ["/a/*", "/b/*", false],
    ["/*.css", "/img/*", true],
    ["/*.css", "/*.js", false],
    ["/:a", "/x/y", false],
    ["/:a/y", "/x/:b", true],
    ["/:id.json", "/v2.json", true],
    ["/:id.json", "/.json", false],
    ["//h.test/*", "//i.test/*", false],
    ["//h.test/a", "/a", true],
    ["*.h.test/a", "//x.h.test/:b", true],
    ["//:sub.h.test/a", "//x.y.h.test/a", false],
  ])("%s and %s: %s", (a, b, meet) => {
    expect(patternsMeet(patternOf(a), patternOf(b))).toBe(meet);
    expect(patternsMeet(patternOf(b), patternOf(a))).toBe(meet);
  });

  test("two that match the same URL meet, always", () => {
    holds(
      property(pieces, pieces, paths, (a, b, path) => {
        const [one, other] = [patternOf(`/${a.join("")}`), patternOf(`/${b.join("")}`)];
        if (matchesPattern(one, "h", path) && matchesPattern(other, "h", path))
          expect(patternsMeet(one, other)).toBe(true);
      }),
      3000,
    );
  });

  test("two that meet match the same URL, where one is short enough to be found", () => {
    const short = array(constantFrom("*", ":n", "a", "b", "/"), { maxLength: 3 }).filter(
      (tokens) => !/:n\w|^\//.test(tokens.join("")),
    );
    const all = ["/"];
    for (let length = 0; length < 6; length++)
      for (const path of all.slice())
        if (path.length === length + 1) for (const c of "ab/") all.push(path + c);
    holds(
      property(short, short, (a, b) => {
        const [one, other] = [patternOf(`/${a.join("")}`), patternOf(`/${b.join("")}`)];
        const found = all.some((path) => matchesPattern(one, "h", path) && matchesPattern(other, "h", path));
        expect(patternsMeet(one, other)).toBe(found);
      }),
      300,
    );
  });

  test.each([
    ["/a/*", "/a", true],
    ["/a/*", "/b", false],
    ["/a", "/a", true],
    ["/a", "/", true],
    ["/ab", "/a", false],
    ["/a/b/c", "/a/b", true],
    ["/*.css", "/a", true],
    ["/:id", "/a", true],
    ["/:id", "/a/b", false],
    ["/x/:id/y", "/x/1", true],
    ["//i.test/*", "/a", false],
    ["*.test/a*", "/a", true],
  ])("%s reaches below the prefix %s of h.test: %s", (pattern, below, reaches) => {
    expect(reachesInto(patternOf(pattern), { host: "h.test", anyPort: false, below })).toBe(reaches);
  });

  test("a pattern that matches below a prefix reaches into it, always", () => {
    holds(
      property(pieces, paths, constantFrom("", "/", "/a", "/a/b", "/-/b-/a"), (tokens, prefix, rest) => {
        const pattern = patternOf(`/${tokens.join("")}`);
        if (matchesPattern(pattern, "h", prefix + rest))
          expect(reachesInto(pattern, { host: "h", anyPort: false, below: prefix })).toBe(true);
      }),
      3000,
    );
  });

  test("a host without a port stands for all of its ports, where it is to", () => {
    const region = { host: "h.test", below: null };
    expect(reachesInto(patternOf("//h.test:81/a"), { ...region, anyPort: true })).toBe(true);
    expect(reachesInto(patternOf("//h.test:81/a"), { ...region, anyPort: false })).toBe(false);
    expect(reachesInto(patternOf("//h.test.x/a"), { ...region, anyPort: true })).toBe(false);
  });
});
