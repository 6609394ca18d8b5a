// Header lists and the members of list-valued fields.

import { array, constantFrom, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  changedFields,
  hasHeader,
  headerValue,
  hopByHopNames,
  listMembers,
  withHeader,
  withoutHeaders,
} from "../../shared/core/headers.ts";
import { holds } from "./samples.ts";

describe("members of a list (RFC 9110 §5.6.1)", () => {
  test.each([
    [null, []],
    ["", []],
    [" , ,", []],
    ["a", ["a"]],
    ["a,b", ["a", "b"]],
    [" a ,\tb ", ["a", "b"]],
    [",a,,b,", ["a", "b"]],
    ['a="x,y",b', ['a="x,y"', "b"]],
    ['"a\\",b",c', ['"a\\",b"', "c"]],
    ["a\\,b", ["a\\", "b"]],
    ['"x" , "y"', ['"x"', '"y"']],
    ['W/"a,b", "c"', ['W/"a,b"', '"c"']],
  ])("of %j are %j", (value, members) => expect(listMembers(value)).toEqual(members));

  test.each([
    ['a="x, no-store', ['a="x', "no-store"]],
    ['a, b", c', ["a", 'b"', "c"]],
    ['"\\', ['"\\']],
    ['"a\\"', ['"a\\"']],
  ])("behind a quote that is never closed are still seen: %j", (value, members) => {
    expect(listMembers(value)).toEqual(members);
  });

  test("written as a list read back the same", () => {
    const member = constantFrom("a", "b=c", '"x,y"', '"\\""', 'W/"1"', "a b");
    holds(
      property(array(member), constantFrom(",", ", ", " ,, "), (members, comma) => {
        expect(listMembers(members.join(comma))).toEqual(members);
      }),
    );
  });

  test("are never empty or padded, and hold every other character of the field", () => {
    const plain = (text: string) => text.replace(/[\s,]/g, "");
    holds(
      property(string({ unit: constantFrom("a", '"', "\\", ",", " ") }), (value) => {
        const members = listMembers(value);
        expect(members).toEqual(members.map((member) => member.trim()).filter(Boolean));
        expect(plain(members.join(""))).toBe(plain(value));
      }),
    );
  });
});

describe("a header list", () => {
  const headers = [
    ["vary", "a"],
    ["x", "1"],
    ["vary", "b"],
    ["empty", ""],
  ] as const;

  test("joins repeated fields in their order (RFC 9110 §5.3), and tells absent from empty", () => {
    expect(headerValue(headers, "vary")).toBe("a, b");
    expect(headerValue(headers, "empty")).toBe("");
    expect(headerValue(headers, "none")).toBeNull();
    expect([hasHeader(headers, "empty"), hasHeader(headers, "none")]).toEqual([true, false]);
  });

  test("replaces a field wherever it stood, and drops those named", () => {
    expect(withHeader(headers, "vary", "c")).toEqual([
      ["x", "1"],
      ["empty", ""],
      ["vary", "c"],
    ]);
    expect(withoutHeaders(headers, new Set(["vary", "none"]))).toEqual([
      ["x", "1"],
      ["empty", ""],
    ]);
  });

  test("has hop-by-hop fields, those that Connection names included (RFC 9110 §7.6.1)", () => {
    const names = hopByHopNames([
      ["connection", "close, X-Mine"],
      ["connection", "keep-alive"],
    ]);
    for (const name of [
      "connection",
      "x-mine",
      "keep-alive",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
    ])
      expect(names.has(name)).toBe(true);
    expect(names.has("cache-control")).toBe(false);
    expect(hopByHopNames([]).has("x-mine")).toBe(false);
  });

  test.for([1, 20])("change by %i names at a time", (count) => {
    const headers = Array.from({ length: count }, (_, at) => [`x-${at}`, String(at)] as const);
    const without = headers.slice(1).map(([name]) => name);
    const change = { without, replaced: [["x-0", "new"]] } as const;
    expect(changedFields([["kept", "1"], ...headers], change)).toEqual([
      ["kept", "1"],
      ["x-0", "new"],
    ]);
  });
});
