// RFC 8246: what browsers are told of content that never changes, and when its origin's own words stand.

import { expect, test } from "vitest";
import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import { withImmutable } from "../../shared/core/immutable.ts";
import { type ClassSettings, type Rules, rulesOfClass } from "../../shared/core/rules.ts";
import { seconds } from "../../shared/core/units.ts";

const rulesOf = (name: string): Rules => rulesOfClass(DEFAULT_CLASSES.get(name) as ClassSettings);
const RULES = rulesOf("immutable");

const told = (headers: HeaderList, rules = RULES, status = 200): string | null =>
  headerValue(withImmutable(headers, { status, headers }, rules), "cache-control");

const TARGETED_PRIVATE: HeaderList = [
  ["tidegate-cache-control", "private"],
  ["cache-control", "max-age=60"],
];

test.each<[string, HeaderList, string]>([
  ["that says nothing", [], "max-age=31536000, immutable"],
  ["that says public", [["cache-control", "public"]], "public, max-age=31536000, immutable"],
  ["with a lifetime", [["cache-control", "max-age=60"]], "max-age=60, immutable"],
  [
    "with a lifetime for each",
    [["cache-control", "s-maxage=9, max-age=60"]],
    "s-maxage=9, max-age=60, immutable",
  ],
  [
    "with a lifetime for clients beside that for caches",
    [
      ["cdn-cache-control", "max-age=9"],
      ["cache-control", "max-age=60"],
    ],
    "max-age=60, immutable",
  ],
])("an origin %s", (_, headers, expected) => expect(told(headers)).toBe(expected));

test.each<[string, HeaderList]>([
  ["no-store", [["cache-control", "no-store"]]],
  ["private", [["cache-control", "private, max-age=60"]]],
  ["private fields", [["cache-control", 'private="x-one", max-age=60']]],
  ["no-cache", [["cache-control", "no-cache"]]],
  ["must-revalidate", [["cache-control", "max-age=60, must-revalidate"]]],
  ["proxy-revalidate", [["cache-control", "max-age=60, proxy-revalidate"]]],
  ["it in capitals", [["cache-control", "No-Store"]]],
  ["no lifetime at all", [["cache-control", "max-age=0"]]],
  ["a lifetime that can't be read", [["cache-control", "max-age=soon"]]],
  ["a lifetime for shared caches alone", [["cache-control", "s-maxage=60"]]],
  ["a lifetime for caches of our kind", [["cdn-cache-control", "max-age=60"]]],
  ["a lifetime for surrogates", [["surrogate-control", "max-age=60"]]],
  ["a lifetime for us", [["tidegate-cache-control", "s-maxage=60"]]],
  ["no-store to caches of our kind", [["cdn-cache-control", "no-store"]]],
  ["private to us, and a lifetime", TARGETED_PRIVATE],
  ["a date", [["expires", "Thu, 01 Jan 2026 00:00:00 GMT"]]],
  ["Pragma", [["pragma", "no-cache"]]],
  ["a cookie", [["set-cookie", "a=b"]]],
  ["immutable already", [["cache-control", "max-age=60, immutable"]]],
])("an origin that says %s is not talked over", (_, headers) => {
  expect(told(headers)).toBe(headerValue(headers, "cache-control"));
});

test.each([302, 307, 404, 410, 500, 503])("a %i is no content for good", (status) => {
  expect(told([], RULES, status)).toBeNull();
});

test.each(["hot", "session", "standard"])("the content of class %s may change", (name) => {
  expect(told([], rulesOf(name))).toBeNull();
});

test("a policy's own lifetime is told, and a policy can say no", () => {
  expect(told([], { ...RULES, ttl: seconds(3600) })).toBe("max-age=3600, immutable");
  expect(told([], { ...RULES, answer: { ...RULES.answer, immutable: "leave" } })).toBeNull();
});

test("what a policy strips of the origin's words is heeded all the same", () => {
  const headers: HeaderList = [["cache-control", "s-maxage=60"]];
  expect(withImmutable([], { status: 200, headers }, RULES)).toEqual([]);
});
