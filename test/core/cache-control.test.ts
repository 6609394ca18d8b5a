// Cache-Control as received in the wild: whatever is doubtful is read as less fresh.

import { array, constantFrom, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Coverage,
  coverageOf,
  deltaOf,
  governingDirectives,
  parseDirectives,
  withoutSharedDirectives,
} from "../../shared/core/cache-control.ts";
import { holds } from "./samples.ts";

const maxAge = (value: string) => deltaOf(parseDirectives(value), "max-age");

describe("delta-seconds (RFC 9111 §1.2.2, §4.2.1)", () => {
  test.each([
    ["absent", "public", null],
    ["plain", "max-age=60", 60],
    ["zero", "max-age=0", 0],
    ["leading zeros", "max-age=007", 7],
    ["any case", "MAX-Age=60", 60],
    ["among others", "public, max-age=60, immutable", 60],
    ["quoted", 'max-age="60"', 60],
    ["quoted with an escape", 'max-age="6\\0"', 60],
    ["spaced out", "max-age = 60", 60],
    ["repeated: the least", "max-age=60, max-age=5, max-age=100", 5],
    ["repeated, one invalid", "max-age=60, max-age=x", 0],
    ["in a quoted string of another", 'ext="max-age=60"', null],
    ["behind a comma in a quoted string", 'ext="a, max-age=60", max-age=5', 5],
    ["without argument", "max-age", 0],
    ["empty", "max-age=", 0],
    ["negative", "max-age=-1", 0],
    ["signed", "max-age=+60", 0],
    ["a fraction", "max-age=1.5", 0],
    ["an exponent", "max-age=1e3", 0],
    ["hexadecimal", "max-age=0x10", 0],
    ["other digits", "max-age=٦٠", 0],
    ["single quotes", "max-age='60'", 0],
    ["followed by text", "max-age=60s", 0],
    ["separated by semicolons", "max-age=60; public", 0],
    ["half quoted", 'max-age="60', 0],
    ["2^31", "max-age=2147483648", 2 ** 31],
    ["more than 2^31", "max-age=2147483649", 2 ** 31],
    ["more than a double holds", `max-age=${"9".repeat(400)}`, 2 ** 31],
    ["another directive's beginning", "max-age-x=60", null],
    ["another directive's end", "s-max-age=60", null],
  ])("%s", (_, value, seconds) => expect(maxAge(value)).toBe(seconds === null ? null : seconds * 1000));

  test("never exceed any of a directive's arguments, in whatever order these come", () => {
    holds(
      property(array(integer({ min: 0, max: 2 ** 32 }), { minLength: 1 }), (seconds) => {
        const value = seconds.map((each) => `max-age=${each}`).join(", ");
        expect(maxAge(value)).toBe(Math.min(2 ** 31, ...seconds) * 1000);
      }),
    );
  });

  test("are null or a number from 0 to 2^31 seconds for any text", () => {
    const unit = constantFrom("max-age", "=", "1", "9", '"', "\\", ",", " ", "-", ".", "e");
    holds(
      property(string({ unit, maxLength: 12 }), (value) => {
        const delta = maxAge(value);
        if (delta === null) return;
        expect(delta).toBeGreaterThanOrEqual(0);
        expect(delta).toBeLessThanOrEqual(2 ** 31 * 1000);
      }),
      1000,
    );
  });
});

describe("directives", () => {
  test.each([
    ["no-store", ["no-store"]],
    ["No-Store", ["no-store"]],
    ["private, no-cache", ["private", "no-cache"]],
    ['no-cache="set-cookie, x"', ["no-cache"]],
    ['ext="no-store"', ["ext"]],
    ["=60, public", ["public"]],
    ['ext="never closed, no-store', ["ext", "no-store"]],
  ])("of %j are %j", (value, names) => expect([...parseDirectives(value).keys()]).toEqual(names));

  test("keep all of their arguments", () => {
    expect(parseDirectives('a=1, a, A="2"').get("a")).toEqual(["1", null, "2"]);
    expect(parseDirectives(null).size).toBe(0);
  });
});

describe("the field that governs this cache (RFC 9213 §2.2)", () => {
  const all = [
    ["cache-control", "max-age=1"],
    ["surrogate-control", "max-age=2"],
    ["cdn-cache-control", "max-age=3"],
    ["tidegate-cache-control", "max-age=4"],
  ] as const;

  test.each([
    [1, 1000, false],
    [2, 2000, true],
    [3, 3000, true],
    [4, 4000, true],
  ])("of the first %i is the one meant for it most closely", (count, delta, targeted) => {
    const governing = governingDirectives(all.slice(0, count));
    expect(deltaOf(governing.directives, "max-age")).toBe(delta);
    expect(governing.targeted).toBe(targeted);
  });

  test("is not one that says nothing", () => {
    const governing = governingDirectives([
      ["cdn-cache-control", " , "],
      ["cache-control", "private"],
    ]);
    expect([governing.targeted, [...governing.directives.keys()]]).toEqual([false, ["private"]]);
  });

  test("silences Cache-Control altogether", () => {
    const { directives } = governingDirectives([
      ["cache-control", "no-store"],
      ["cdn-cache-control", "max-age=3"],
    ]);
    expect(directives.has("no-store")).toBe(false);
  });
});

/** The directives found in a field beside a Cache-Control that says `fallback`. */
const governed = (field: string, value: string) =>
  Object.fromEntries(
    governingDirectives([
      [field, value],
      ["cache-control", "fallback"],
    ]).directives,
  );
const FALLBACK = { fallback: [null] };

describe.each(["cdn-cache-control", "tidegate-cache-control"])(
  "%s is a Structured Field (RFC 9213 §2.1)",
  (field) => {
    test.each<[string, string, Record<string, (string | null)[]>]>([
      ["seconds and flags", "max-age=60, public", { "max-age": ["60"], public: [null] }],
      ["flags said to hold", "no-store=?1", { "no-store": [null] }],
      ["flags said not to", "max-age=60, no-store=?0", { "max-age": ["60"] }],
      ["field names", 'private="a, b"', { private: ["a, b"] }],
      ["the last of a repeated member", "max-age=60, max-age=5", { "max-age": ["5"] }],
      ["parameters say nothing", "max-age=60;x=1", { "max-age": ["60"] }],
      ["seconds as a string: not given", 'public, max-age="10"', { public: [null] }],
      ["seconds as a decimal: not given", "public, max-age=1.5", { public: [null] }],
      ["seconds as a token: not given", "public, s-maxage=a", { public: [null] }],
      ["seconds as a flag: not given", "public, stale-if-error", { public: [null] }],
      ["seconds as a date: not given", "public, stale-while-revalidate=@9", { public: [null] }],
      ["a list: not given", "public, max-age=(10)", { public: [null] }],
      ["nothing given for its type", 'max-age="10"', FALLBACK],
      ["nothing said to hold", "no-store=?0", FALLBACK],
      ["empty", "", FALLBACK],
      ["a name in capitals", "Max-Age=60", FALLBACK],
      ["a comma at its end", "max-age=60,", FALLBACK],
      ["two commas", "max-age=60,, public", FALLBACK],
      ["spaced out", "max-age = 60", FALLBACK],
      ["no value", "max-age=, public", FALLBACK],
      ["single quotes", "max-age='60'", FALLBACK],
      ["text behind a number", "max-age=60s", FALLBACK],
      ["too many digits", `max-age=${"9".repeat(16)}`, FALLBACK],
      ["no-store beside a fault", "no-store, ?", FALLBACK],
    ])("%s", (_, value, expected) => expect(governed(field, value)).toEqual(expected));
  },
);

test("a negative number of seconds in a targeted field is stale, as anywhere (RFC 9111 §4.2.1)", () => {
  const { directives } = governingDirectives([["cdn-cache-control", "max-age=-5"]]);
  expect(deltaOf(directives, "max-age")).toBe(0);
});

test("a targeted field that is ignored leaves the word to a less specific one (RFC 9213 §2.2)", () => {
  const governing = governingDirectives([
    ["tidegate-cache-control", "max-age=1,"],
    ["cdn-cache-control", "max-age=2"],
    ["cache-control", "max-age=3"],
  ]);
  expect([governing.targeted, deltaOf(governing.directives, "max-age")]).toEqual([true, 2000]);
});

describe("Surrogate-Control (W3C Edge Architecture §2.2, §2.3)", () => {
  test.each<[string, string, Record<string, (string | null)[]>]>([
    ["seconds", "max-age=60", { "max-age": ["60"] }],
    ["any case", "Max-Age=60, No-Store", { "max-age": ["60"], "no-store": [null] }],
    ["what else may be there", 'max-age=60, content="ESI/1.0"', { "max-age": ["60"], content: ["esi/1.0"] }],
    ["for this cache", "max-age=60;tidegate", { "max-age": ["60"] }],
    ["for this cache in any case", "max-age=60;Tidegate", { "max-age": ["60"] }],
    ["for this cache and another", "max-age=60;other;tidegate", { "max-age": ["60"] }],
    ["for another", "max-age=60;other", FALLBACK],
    ["for another, beside what is for all", "no-store;other, max-age=60", { "max-age": ["60"] }],
    [
      "for another, of the same name as what is for all",
      "max-age=60, max-age=5;other",
      { "max-age": ["60"] },
    ],
    [
      "for another, of the same name as what is ours",
      "max-age=60;tidegate, max-age=5;other",
      { "max-age": ["60"] },
    ],
    ["unparsable", "max-age=60,", FALLBACK],
    ["nothing of caching", 'content="ESI/1.0"', FALLBACK],
    [
      "to those that are not the origin's own",
      "no-store-remote",
      { "no-store-remote": [null], "no-store": [null] },
    ],
  ])("%s", (_, value, expected) => expect(governed("surrogate-control", value)).toEqual(expected));
});

describe("directives that nobody can have meant otherwise", () => {
  test.each([
    ["no-store; max-age=60", ["no-store"]],
    ["private; max-age=60", ["private"]],
    ["private max-age=60", ["private"]],
    ["no-cache no-store must-revalidate", ["no-store", "no-cache", "must-revalidate"]],
    ["max-age=60 private", ["private"]],
    ["public, max-age=60; no-store", ["no-store"]],
    ['"no-store"', ["no-store"]],
    ['private="x-user"; max-age=60', ["private"]],
    ["foo=bar baz; Proxy-Revalidate", ["proxy-revalidate"]],
    ["no-store=", ["no-store"]],
  ])("%s forbids all the same", (value, words) => {
    const directives = parseDirectives(value);
    for (const word of words) expect(directives.get(word), word).toContain(null);
  });

  test.each([
    ["s-maxage=60; public", "public"],
    ["max-age=5 s-maxage=60", "s-maxage"],
    ["ext; must-understand", "must-understand"],
    ["no-store-x; y", "no-store"],
    ['ext="a; no-store"', "no-store"],
    ["x-no-store y", "no-store"],
  ])("%s does not say %s", (value, word) => expect(parseDirectives(value).has(word)).toBe(false));
});

describe("what no-cache and private cover (RFC 9111 §5.2.2.4, §5.2.2.7)", () => {
  const fields = (...names: string[]): Coverage => ({ kind: "fields", names });

  test.each<[string, string, Coverage]>([
    ["absent", "public", { kind: "nothing" }],
    ["another directive's beginning", "private-x", { kind: "nothing" }],
    ["without argument", "private", { kind: "answer" }],
    ["a field", 'private="x-user"', fields("x-user")],
    ["a field, unquoted", "private=x-user", { kind: "answer" }],
    ["a field, unquoted, beside a quoted one", 'private="a", private=b', { kind: "answer" }],
    ["fields, in any case", 'PRIVATE="Set-Cookie,  X-User"', fields("set-cookie", "x-user")],
    ["twice for fields", 'private="a", private="b"', fields("a", "b")],
    ["for a field, and altogether", 'private="a", private', { kind: "answer" }],
    ["altogether, and for a field", 'private, private="a"', { kind: "answer" }],
    ["an empty list", 'private=""', { kind: "answer" }],
    ["an empty argument", "private=", { kind: "answer" }],
    ["an empty name among fields", 'private="a,,b"', { kind: "answer" }],
    ["a comma at the end", 'private="a,"', { kind: "answer" }],
    ["names parted by spaces", 'private="a b"', { kind: "answer" }],
    ["no name", 'private="a:b"', { kind: "answer" }],
    ["a quote never closed", 'private="a', { kind: "answer" }],
    ["single quotes around two", "private='a, b'", { kind: "answer" }],
    ["in a quoted string of another", 'x="private"', { kind: "nothing" }],
  ])("%s", (_, value, expected) => {
    expect(coverageOf(parseDirectives(value), "private")).toEqual(expected);
    const noCache = value.replace(/private/gi, "no-cache");
    expect(coverageOf(parseDirectives(noCache), "no-cache")).toEqual(expected);
  });

  test("is never less where more of it is said", () => {
    const words = constantFrom("private", 'private="a"', "private=", "public", 'private="a, b"', "x=1");
    const rank = (value: readonly string[]) =>
      ["nothing", "fields", "answer"].indexOf(coverageOf(parseDirectives(value.join(", ")), "private").kind);
    holds(
      property(array(words), words, (value, more) => {
        expect(rank([...value, more])).toBeGreaterThanOrEqual(rank(value));
      }),
    );
  });
});

describe("Cache-Control for the client", () => {
  test.each([
    ["public, max-age=60, s-maxage=600", "public, max-age=60"],
    ["S-MaxAge=600, Proxy-Revalidate", null],
    ["max-age=60, must-revalidate", "max-age=60, must-revalidate"],
    ['no-cache="a, b", s-maxage=1', 'no-cache="a, b"'],
    ["", null],
  ])("of %j is %j", (value, kept) => expect(withoutSharedDirectives(value)).toBe(kept));
});
