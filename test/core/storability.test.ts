// What a shared cache may store (RFC 9111 §3), and which tags an answer has.

import { describe, expect, test } from "vitest";
import type { HeaderPair } from "../../shared/core/headers.ts";
import {
  hasValidator,
  MAX_TAG_BYTES,
  MAX_TAGS,
  type Storability,
  type StorabilityInput,
  storability,
  tagsOf,
} from "../../shared/core/storability.ts";
import { cacheControl, rulesWith } from "./samples.ts";

function verdict(given: Partial<StorabilityInput>): string {
  const found: Storability = storability({
    method: "GET",
    authorized: false,
    requestNoStore: false,
    status: 200,
    headers: [],
    rules: rulesWith(),
    lifetime: 1000,
    ...given,
  });
  return found.kind === "store" ? "store" : found.reason;
}

const targeted = (value: string): HeaderPair => ["cdn-cache-control", value];
const ETAG: HeaderPair = ["etag", '"a"'];

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
    ["private for some fields", { headers: cacheControl('private="x-user"') }, "private"],
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
    ["without a lifetime", { lifetime: null }, "no-lifetime"],
    ["without a lifetime but with a validator", { lifetime: null, headers: [ETAG] }, "no-lifetime"],
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
    ...[200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501].map((status) => [
      status,
      "store",
    ]),
    ...[400, 401, 403, 429, 500, 502, 503, 504, 599].map((status) => [status, "store"]),
    ...[100, 101, 201, 202, 205, 206, 207, 226, 299, 304, 305, 306, 399, 600, 999].map((status) => [
      status,
      "status",
    ]),
  ] as [number, string][])("of status %i with a lifetime: %s", (status, expected) => {
    expect(verdict({ status })).toBe(expected);
    if (expected === "store") expect(verdict({ status, lifetime: null })).toBe("no-lifetime");
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
    ["Cache-Groups that are none", [["cache-groups", 'a, "", 1']], []],
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
