// Conditional requests answered from what is held (RFC 9110 §13), and what a 304 or a 206 may say of it.

import { describe, expect, test } from "vitest";
import {
  notModified,
  notModifiedHeaders,
  rangeApplies,
  sameByValidators,
  strongEtag,
} from "../../shared/core/conditional.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
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

  test.each([
    ["the same second", NOON, true],
    ["made later", NOON + 1000, false],
    ["made earlier", NOON - 1000, true],
  ])("without Last-Modified its Date stands in (RFC 9111 §4.3.2): %s", (_, made, expected) => {
    const conditions = { ifNoneMatch: null, ifModifiedSince: httpDate(NOON) };
    expect(notModified([["date", httpDate(made)]], conditions, NOON)).toBe(expected);
  });

  test("an invalid Last-Modified is not made good by a Date", () => {
    const headers: HeaderPair[] = [
      ["last-modified", "x"],
      ["date", httpDate(NOON)],
    ];
    expect(notModified(headers, { ifNoneMatch: null, ifModifiedSince: httpDate(NOON) }, NOON)).toBe(false);
  });
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

describe("an entity tag (RFC 9110 §8.8.3)", () => {
  const tagged = (etag: string | null): HeaderPair[] => (etag === null ? [] : [["etag", etag]]);

  test.each([
    ['"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['W/"a"', 'W/"a"', true],
    ['"a"', '"b"', false],
    ['"a"', '"A"', false],
    ['"a"', null, null],
    [null, '"a"', null],
    [null, null, null],
    ['"a"', "a", false],
  ])("%s and %s are the same, weakly compared (§8.8.3.2): %s", (one, other, expected) => {
    expect(sameByValidators(tagged(one), tagged(other))).toBe(expected);
  });

  test("decides where both have one; else the date of the last modification does, where both have that (RFC 9111 §4.3.4)", () => {
    const [early, late] = [httpDate(NOON), httpDate(NOON + 1000)];
    const modified = (date: string): HeaderPair => ["last-modified", date];
    expect(sameByValidators([modified(early)], [modified(early)])).toBe(true);
    expect(sameByValidators([modified(late)], [modified(early)])).toBe(false);
    expect(sameByValidators([...tagged('"a"'), modified(late)], [modified(early)])).toBe(false);
    expect(sameByValidators([...tagged('"a"'), modified(late)], [...tagged('W/"a"'), modified(early)])).toBe(
      true,
    );
    expect(sameByValidators([modified(late)], [])).toBe(null);
  });

  test.each([
    ['"a"', '"a"'],
    ['""', '""'],
    ['"a, b"', '"a, b"'],
    ['W/"a"', null],
    ['w/"a"', null],
    ["a", null],
    ['"a', null],
    ['"a"b"', null],
    [null, null],
  ])("%s is strong as %s (§8.8.1)", (etag, expected) => expect(strongEtag(tagged(etag))).toBe(expected));

  test("given twice is no strong one", () => {
    expect(
      strongEtag([
        ["etag", '"a"'],
        ["etag", '"b"'],
      ]),
    ).toBeNull();
  });
});

describe("If-Range (RFC 9110 §13.1.5)", () => {
  const modified: HeaderPair = ["last-modified", httpDate(NOON)];
  const made = (after: number): HeaderPair[] => [modified, ["date", httpDate(NOON + after)]];

  test.each<[string, HeaderPair[], string | null, boolean]>([
    ["not asked", [], null, true],
    ["the tag", [["etag", '"a"']], '"a"', true],
    ["the tag, padded", [["etag", '"a"']], ' "a" ', true],
    ["another tag", [["etag", '"a"']], '"b"', false],
    ["the same weak tag", [["etag", 'W/"a"']], 'W/"a"', false],
    ["a weak one of a strong tag", [["etag", '"a"']], 'W/"a"', false],
    ["a strong one of a weak tag", [["etag", 'W/"a"']], '"a"', false],
    ["a tag where there is none", made(5000), '"a"', false],
    ["a list of tags", [["etag", '"a"']], '"a", "b"', false],
    ["any tag", [["etag", '"a"']], "*", false],
    ["a tag without quotes", [["etag", '"a"']], "a", false],
    ["exactly the date", made(1000), httpDate(NOON), true],
    ["the date in an old form", made(1000), "Wednesday, 01-Jul-26 12:00:00 GMT", true],
    ["a later date", made(5000), httpDate(NOON + 1000), false],
    ["an earlier date", made(5000), httpDate(NOON - 1000), false],
    ["a date within the second it was made in (§8.8.2.2)", made(0), httpDate(NOON), false],
    ["a date where it was made earlier still", made(-1000), httpDate(NOON), false],
    ["a date where nothing is known of when it was made", [modified], httpDate(NOON), false],
    ["a date where nothing is known of its modification", [["date", httpDate(NOON)]], httpDate(NOON), false],
    [
      "an invalid date, the same",
      [
        ["last-modified", "x"],
        ["date", httpDate(NOON)],
      ],
      "x",
      false,
    ],
    ["empty", made(5000), "", false],
  ])("%s", (_, headers, ifRange, expected) => expect(rangeApplies(headers, ifRange, NOON)).toBe(expected));
});

test("a 304 has no field of a content that it doesn't have (RFC 9110 §15.4.5)", () => {
  const kept: HeaderPair[] = [
    ...([
      ["date", httpDate(NOON)],
      ["etag", '"a"'],
      ["vary", "accept"],
      ["cache-control", "max-age=1"],
    ] as const),
    ...([
      ["content-location", "/a"],
      ["expires", "0"],
      ["last-modified", "x"],
      ["set-cookie", "a"],
      ["x", ""],
    ] as const),
  ];
  const dropped: HeaderPair[] = [
    ...([
      ["content-length", "5"],
      ["content-type", "a/b"],
      ["content-encoding", "gzip"],
    ] as const),
    ...([
      ["content-language", "de"],
      ["content-range", "bytes 0-1/2"],
    ] as const),
  ];
  expect(notModifiedHeaders([...dropped, ...kept, ...dropped])).toEqual(kept);
});
