// Which requests could have provoked the error that answers them, and which could not.

import { array, constantFrom, property, string, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeaderPair } from "../../shared/core/headers.ts";
import { isProvocative } from "../../shared/core/provocation.ts";
import { holds } from "./samples.ts";

/** Fields of so many octets each, name included. */
const fieldsOf = (count: number, octets: number): HeaderPair[] =>
  Array.from({ length: count }, (_, i) => [`x-${i}`, "v".repeat(octets - `x-${i}`.length)]);

describe("a request is provocative", () => {
  test.each<[string, HeaderPair[], boolean]>([
    ["not without fields", [], false],
    ["not with a browser's fields", [["user-agent", "Mozilla/5.0 (X11; Linux x86_64)"]], false],
    ["not with an empty field", [["x", ""]], false],
    ["not with a tab", [["x", "a\tb"]], false],
    ["not with the last printable character", [["x", " ~"]], false],
    ["by a value beyond 1 KiB", [["x", "v".repeat(1025)]], true],
    ["not by one of 1 KiB", [["x", "v".repeat(1024)]], false],
    ["by cookies beyond 2 KiB", [["cookie", "v".repeat(2049)]], true],
    ["not by cookies of 2 KiB", [["cookie", "v".repeat(2048)]], false],
    ["by many octets, beyond 4 KiB", [...fieldsOf(4, 1024), ["y", ""]], true],
    ["not by 4 KiB of them", fieldsOf(4, 1024), false],
    ["by many small fields", fieldsOf(49, 8), true],
    ["not by as many as browsers may send", fieldsOf(48, 8), false],
    ["by a long name", [["x".repeat(4097), ""]], true],
    ["by a bell", [["x", "a\x07"]], true],
    ["by a null", [["x", "\0"]], true],
    ["by a line feed", [["x", "a\nb"]], true],
    ["by a carriage return", [["x", "a\r"]], true],
    ["by a delete", [["x", "\x7f"]], true],
    ["by a byte beyond ASCII", [["x", "é"]], true],
    [
      "by a control character among good fields",
      [
        ["a", "b"],
        ["x", "\x01"],
        ["c", "d"],
      ],
      true,
    ],
  ])("%s", (_, headers, expected) => expect(isProvocative(headers)).toBe(expected));

  test("in whatever order its fields come, and no less so by one more", () => {
    const value = string({ unit: constantFrom("a", "\x01", "b".repeat(1000), "é"), maxLength: 4 });
    const field = tuple(constantFrom("x", "cookie", "y"), value);
    holds(
      property(array(field, { maxLength: 6 }), field, (headers, more) => {
        const provocative = isProvocative(headers);
        expect(isProvocative([...headers].reverse())).toBe(provocative);
        if (provocative) expect(isProvocative([...headers, more])).toBe(true);
      }),
      500,
    );
  });
});
