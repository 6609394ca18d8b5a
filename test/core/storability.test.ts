// What a shared cache may store (RFC 9111 §3), and which tags an answer has.

import { describe, expect, test } from "vitest";
import type { HeaderPair } from "../../shared/core/headers.ts";
import {
  groupNames,
  hasValidator,
  isOfItsAsker,
  isOfOneRequest,
  MAX_TAG_BYTES,
  MAX_TAGS,
  type Storability,
  type StorabilityInput,
  storability,
  tagsOf,
} from "../../shared/core/storability.ts";
import { MAX_VARY_NAMES } from "../../shared/core/vary.ts";
import { cacheControl, rulesWith } from "./samples.ts";

function verdict(given: Partial<StorabilityInput>): string {
  const found: Storability = storability({
    method: "GET",
    authorized: false,
    requestNoStore: false,
    provocative: false,
    status: 200,
    headers: [],
    rules: rulesWith(),
    lifetime: 1000,
    isOver: false,
    ...given,
  });
  return found.kind === "store" ? "store" : found.reason;
}

const targeted = (value: string): HeaderPair => ["cdn-cache-control", value];
const ETAG: HeaderPair = ["etag", '"a"'];

/** Any final status will do, known or not (RFC 9111 §3) … */
const STORED = [
  ...[200, 201, 202, 203, 204, 206, 207, 208, 218, 299, 300, 301, 302, 303, 307, 308, 399],
  ...[400, 401, 402, 403, 404, 405, 409, 410, 414, 418, 422, 423, 429, 451, 499],
  ...[500, 501, 502, 503, 504, 505, 511, 599],
];
/** … but those that say something of one request or its connection alone. */
const OF_ONE_REQUEST = [
  ...[205, 226, 304, 305, 306, 406, 407, 408, 411, 412, 413, 415, 416, 417, 421, 425, 426, 428, 431],
];

describe("an answer (RFC 9111 §3)", () => {
  test.each<[string, Partial<StorabilityInput>, string]>([
    ["plain, with a lifetime", {}, "store"],
    ["to HEAD", { method: "HEAD" }, "method"],
    ["to POST", { method: "POST" }, "method"],
    ["no-store", { headers: cacheControl("no-store") }, "no-store"],
    ["No-Store beside max-age", { headers: cacheControl("max-age=60, No-Store") }, "no-store"],
    ["no-store in a quoted string", { headers: cacheControl('ext="no-store"') }, "store"],
    ["no-store behind an open quote", { headers: cacheControl('ext="x, no-store') }, "no-store"],
    ["to a request that says no-store", { requestNoStore: true }, "no-store"],
    ["private", { headers: cacheControl("private") }, "private"],
    ["private for some fields (§5.2.2.7)", { headers: cacheControl('private="x-user"') }, "store"],
    ["private for fields that can't be read", { headers: cacheControl('private="x-user,"') }, "private"],
    ["private for some fields, and altogether", { headers: cacheControl('private="x", private') }, "private"],
    ["targeted private for some fields", { headers: [targeted('private="x-user"')] }, "store"],
    ["targeted private said not to hold", { headers: [targeted("max-age=9, private=?0")] }, "store"],
    [
      "targeted no-store that can't be parsed, beside max-age",
      { headers: [...cacheControl("max-age=9"), targeted("no-store,")] },
      "store",
    ],
    [
      "targeted max-age that can't be parsed, beside no-store",
      { headers: [...cacheControl("no-store"), targeted("max-age=9,")] },
      "no-store",
    ],
    [
      "targeted no-store beside public",
      { headers: [...cacheControl("public"), targeted("no-store")] },
      "no-store",
    ],
    [
      "targeted max-age beside private",
      { headers: [...cacheControl("private"), targeted("max-age=9")] },
      "store",
    ],
    [
      "with Set-Cookie",
      { headers: [["set-cookie", "a=1"], ...cacheControl("public, max-age=60")] },
      "set-cookie",
    ],
    ["Vary: *", { headers: [["vary", "*"]] }, "vary-star"],
    [
      "Vary: * among others",
      {
        headers: [
          ["vary", "accept"],
          ["vary", "a, *"],
        ],
      },
      "vary-star",
    ],
    ["Vary", { headers: [["vary", "accept"]] }, "store"],
    [
      "coded with Vary: *",
      {
        headers: [
          ["vary", "*"],
          ["content-encoding", "gzip"],
        ],
      },
      "vary-star",
    ],
    ["without a lifetime", { lifetime: null }, "no-lifetime"],
    ["without a lifetime but with a validator", { lifetime: null, headers: [ETAG] }, "no-lifetime"],
    ["past its life", { isOver: true }, "expired"],
    ["past its life, with an ETag", { isOver: true, headers: [ETAG] }, "store"],
    ["stale at once", { lifetime: 0 }, "no-validator"],
    ["stale at once, with an ETag", { lifetime: 0, headers: [ETAG] }, "store"],
    ["stale at once, with Last-Modified", { lifetime: 0, headers: [["last-modified", "x"]] }, "store"],
    [
      "stale at once, servable stale",
      { lifetime: 0, headers: cacheControl("max-age=0, stale-while-revalidate=9") },
      "store",
    ],
    [
      "stale at once, servable on error",
      { lifetime: 0, headers: cacheControl("max-age=0, stale-if-error=9") },
      "store",
    ],
    [
      "stale at once, servable stale, must-revalidate",
      { lifetime: 0, headers: cacheControl("stale-if-error=9, must-revalidate") },
      "no-validator",
    ],
    ["no-cache, with an ETag", { lifetime: 0, headers: [...cacheControl("no-cache"), ETAG] }, "store"],
  ])("%s", (_, given, expected) => expect(verdict(given)).toBe(expected));

  test.each([
    ["", "authorization"],
    ["max-age=60", "authorization"],
    ["public", "store"],
    ["s-maxage=60", "store"],
    ["must-revalidate", "store"],
    ["proxy-revalidate", "authorization"],
    ["public, no-store", "no-store"],
    ["public, private", "private"],
  ])("to a request with Authorization, marked %j: %s (§3.5)", (value, expected) => {
    expect(verdict({ authorized: true, headers: cacheControl(value) })).toBe(expected);
  });

  test.each([
    ...STORED.map((status) => [status, "store"]),
    ...[0, 100, 101, 103, 199, ...OF_ONE_REQUEST, 600, 999].map((status) => [status, "status"]),
  ] as [number, string][])("of status %i with a lifetime: %s", (status, expected) => {
    expect(verdict({ status })).toBe(expected);
    if (expected === "store") expect(verdict({ status, lifetime: null })).toBe("no-lifetime");
  });

  test("says nothing of other requests where its status is of one, or a 400", () => {
    for (const status of [...OF_ONE_REQUEST, 400]) expect(isOfOneRequest(status), String(status)).toBe(true);
    const others = STORED.filter((status) => status !== 400);
    for (const status of others) expect(isOfOneRequest(status), String(status)).toBe(false);
    expect(STORED.filter(isOfItsAsker)).toEqual([401, 403, 429]);
  });
});

describe("must-understand (RFC 9111 §5.2.2.3)", () => {
  test.each([
    [200, "must-understand", "store"],
    [200, "must-understand, no-store", "store"],
    [200, "no-store, must-understand", "store"],
    [206, "must-understand, no-store", "store"],
    [404, "must-understand, no-store", "store"],
    [207, "must-understand", "status"],
    [299, "must-understand, no-store", "status"],
    [499, "must-understand, max-age=60", "status"],
    [304, "must-understand", "status"],
    [200, "must-understand, private", "private"],
    [200, "must-understand=x, no-store", "store"],
  ])("of a %i marked %j: %s", (status, value, expected) => {
    expect(verdict({ status, headers: cacheControl(value) })).toBe(expected);
  });

  test("lifts the answer's no-store, not the request's", () => {
    const headers = cacheControl("must-understand, no-store");
    expect(verdict({ requestNoStore: true, headers })).toBe("no-store");
  });
});

describe("an error that its request may have provoked", () => {
  test.each([
    [200, "store"],
    [299, "store"],
    [301, "provoked"],
    [400, "provoked"],
    [404, "provoked"],
    [503, "provoked"],
    [431, "status"],
  ])("of a %i: %s", (status, expected) => {
    expect(verdict({ status, provocative: true, headers: cacheControl("public, s-maxage=60") })).toBe(
      expected,
    );
  });
});

describe("Set-Cookie (RFC 9111 §7.3)", () => {
  const cookies: HeaderPair[] = [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ];

  test.each([
    ["refuse", "set-cookie"],
    ["strip", "store"],
    ["store", "store"],
  ] as const)("where a policy says %s: %s", (setCookie, expected) => {
    expect(verdict({ headers: cookies, rules: rulesWith({ setCookie }) })).toBe(expected);
    expect(verdict({ rules: rulesWith({ setCookie }) })).toBe("store");
  });

  test("is no way round private or no-store", () => {
    const rules = rulesWith({ setCookie: "store" });
    for (const reason of ["private", "no-store"])
      expect(verdict({ headers: [...cookies, ...cacheControl(reason)], rules })).toBe(reason);
  });
});

describe("Vary of many fields", () => {
  const varied = (count: number, more: HeaderPair[] = []): string =>
    verdict({ headers: [["vary", Array.from({ length: count }, (_, i) => `x-${i}`).join(",")], ...more] });

  test("is refused beyond the limit, the coding's own counted", () => {
    expect(varied(MAX_VARY_NAMES)).toBe("store");
    expect(varied(MAX_VARY_NAMES + 1)).toBe("vary-names");
    expect(varied(MAX_VARY_NAMES, [["content-encoding", "gzip"]])).toBe("vary-names");
    expect(varied(MAX_VARY_NAMES, [["content-encoding", "identity"]])).toBe("store");
    expect(varied(MAX_VARY_NAMES, [["vary", "X-0, x-1"]])).toBe("store");
  });

  test("is refused where a name is none: no request has such a field (RFC 9110 §12.5.5)", () => {
    for (const name of ["a b", "a=b", '"a"', "a/b"])
      expect(verdict({ headers: [["vary", name]] }), name).not.toBe("store");
  });
});

describe("tags", () => {
  test.each<[string, HeaderPair[], string[]]>([
    ["none", [], []],
    ["Cache-Tag by commas, spaces within kept", [["cache-tag", "a, b c ,,d"]], ["a", "b c", "d"]],
    [
      "Cache-Tag twice",
      [
        ["cache-tag", "a"],
        ["cache-tag", "b"],
      ],
      ["a", "b"],
    ],
    ["Cache-Tag with quotes that quote nothing", [["cache-tag", 'a", b, c"']], ['a"', "b", 'c"']],
    ["Surrogate-Key by spaces", [["surrogate-key", "a  b\tc"]], ["a", "b", "c"]],
    [
      "xkey twice",
      [
        ["xkey", "a b"],
        ["xkey", "c"],
      ],
      ["a", "b", "c"],
    ],
    [
      "Cache-Groups as strings (RFC 9875 §2)",
      [["cache-groups", '"a b", "c,d";x=1, "e\\"f"']],
      ["a b", "c,d", 'e"f'],
    ],
    ["Cache-Groups that are none", [["cache-groups", 'a, "", 1, ("b")']], []],
    ["Cache-Groups that can't be parsed", [["cache-groups", '"a", "b']], []],
    [
      "each once, whatever field names it",
      [
        ["cache-tag", "a,a"],
        ["xkey", "a"],
        ["cache-groups", '"a"'],
      ],
      ["a"],
    ],
    ["case kept", [["cache-tag", "a,A"]], ["a", "A"]],
    [
      "UTF-8 that was read as Latin-1",
      [["cache-tag", "tag-\u00c3\u00a9,100%\u00e2\u0082\u00ac"]],
      ["tag-é", "100%€"],
    ],
    ["Latin-1 that is no UTF-8", [["surrogate-key", "tag-\u00e9 b"]], ["tag-é", "b"]],
    ["what is Unicode already", [["xkey", "日本 \u00c3\u00a9"]], ["日本", "\u00c3\u00a9"]],
  ])("%s", (_, headers, expected) => expect(tagsOf(headers)).toEqual(expected));

  const tagged = (value: string): string => verdict({ headers: [["surrogate-key", value]] });
  const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(" ");

  test("beyond the limits keep an answer from being stored: a tag cut off would be a purge missed", () => {
    expect(tagged(many(MAX_TAGS))).toBe("store");
    expect(tagged(many(MAX_TAGS + 1))).toBe("tags");
    expect(tagged("x".repeat(MAX_TAG_BYTES))).toBe("store");
    expect(tagged("x".repeat(MAX_TAG_BYTES + 1))).toBe("tags");
    expect(tagged(`${"x".repeat(MAX_TAG_BYTES / 2)} ${"y".repeat(MAX_TAG_BYTES / 2 + 1)}`)).toBe("tags");
  });
});

test("a validator is an ETag or a Last-Modified", () => {
  expect([[ETAG], [["last-modified", ""] as const], [], [["x", "y"] as const]].map(hasValidator)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe("names of groups (RFC 9875 §2, §3; RFC 9651 §3.1)", () => {
  test.each<[string | null, string[]]>([
    [null, []],
    ["", []],
    ['"a"', ["a"]],
    ['"a", "b"', ["a", "b"]],
    ['"a", "a"', ["a", "a"]],
    ['"A b,c"', ["A b,c"]],
    ['"a\\\\b"', ["a\\b"]],
    ['"a";x="b"', ["a"]],
    ["a", []],
    ['"a", b, ?1, 5', ["a"]],
    ['("a" "b"), "c"', ["c"]],
    ['"", "a"', ["a"]],
    ['"a",', []],
    ['"a" "b"', []],
    ["'a'", []],
    ['"a", "é"', []],
    ['"a", "b', []],
  ])("of %j are %j", (value, names) => expect(groupNames(value)).toEqual(names));
});
