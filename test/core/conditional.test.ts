// Conditional requests answered from what is held (RFC 9110 §13).

import { describe, expect, test } from "vitest";
import { notModified } from "../../shared/core/conditional.ts";
import { httpDate, NOON } from "./samples.ts";

const asked = (etag: string | null, ifNoneMatch: string): boolean =>
  notModified(etag === null ? [] : [["etag", etag]], { ifNoneMatch, ifModifiedSince: null }, NOON);

describe("If-None-Match (RFC 9110 §13.1.2)", () => {
  test.each([
    ['"a"', '"a"', true],
    ['"a"', '"b"', false],
    ['"a"', 'W/"a"', true],
    ['W/"a"', '"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['"a"', '"x", W/"a" ,"y"', true],
    ['"a"', '"x", "y"', false],
    ['"a,b"', '"x", "a,b"', true],
    ['"a,b"', '"a", "b"', false],
    ['"a"', '"A"', false],
    ['"a"', "a", false],
    ['"a"', 'w/"a"', false],
    ['"W/"', '""', false],
    ['""', '""', true],
    ['"a\\"', '"a\\"', true],
    ['"a"', "*", true],
    [null, "*", true],
    ['"a"', " * ", true],
    ['"a"', '"*"', false],
    [null, '"a"', false],
    ['"a"', "", false],
  ])("the tag %s against %s: %s, by weak comparison (§8.8.3.2)", (etag, condition, expected) => {
    expect(asked(etag, condition)).toBe(expected);
  });
});

describe("If-Modified-Since (RFC 9110 §13.1.3)", () => {
  const since = (modified: string | null, ifModifiedSince: string | null): boolean =>
    notModified(
      modified === null ? [] : [["last-modified", modified]],
      { ifNoneMatch: null, ifModifiedSince },
      NOON,
    );

  test.each([
    ["the same second", httpDate(NOON), httpDate(NOON), true],
    ["modified earlier", httpDate(NOON - 1000), httpDate(NOON), true],
    ["modified later", httpDate(NOON + 1000), httpDate(NOON), false],
    ["in an old form", httpDate(NOON), "Wednesday, 01-Jul-26 12:00:00 GMT", true],
    ["an invalid date is ignored", httpDate(NOON), "yesterday", false],
    ["an invalid modification date", "yesterday", httpDate(NOON), false],
    ["nothing known of the modification", null, httpDate(NOON), false],
    ["not asked", httpDate(NOON), null, false],
  ])("%s", (_, modified, condition, expected) => expect(since(modified, condition)).toBe(expected));
});

describe("both (RFC 9110 §13.2.2)", () => {
  const headers = [
    ["etag", '"a"'],
    ["last-modified", httpDate(NOON)],
  ] as const;

  test.each([
    ['"b"', httpDate(NOON), false],
    ['"a"', httpDate(NOON - 1000), true],
    ["", httpDate(NOON), false],
  ])("If-None-Match %j decides alone", (ifNoneMatch, ifModifiedSince, expected) => {
    expect(notModified(headers, { ifNoneMatch, ifModifiedSince }, NOON)).toBe(expected);
  });
});
