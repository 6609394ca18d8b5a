// Cache-Control as received in the wild: whatever is doubtful is read as less fresh.

import { array, constantFrom, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clientCacheControl,
  deltaOf,
  governingDirectives,
  parseDirectives,
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

describe("Cache-Control for the client", () => {
  test.each([
    ["public, max-age=60, s-maxage=600", "public, max-age=60"],
    ["S-MaxAge=600, Proxy-Revalidate", null],
    ["max-age=60, must-revalidate", "max-age=60, must-revalidate"],
    ['no-cache="a, b", s-maxage=1', 'no-cache="a, b"'],
    ["", null],
  ])("of %j is %j", (value, kept) => expect(clientCacheControl(value)).toBe(kept));
});
