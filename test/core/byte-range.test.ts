// Byte ranges: what a Range asks for, what of a body that is, and what a Content-Range says (RFC 9110 §14).

import { array, constantFrom, integer, oneof, option, property, record, string } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areModest,
  type ByteRange,
  formatContentRange,
  lengthOf,
  parseContentRange,
  parseRange,
  type RangeSpec,
  resolveRanges,
} from "../../shared/core/byte-range.ts";
import { holds } from "./samples.ts";

const from = (first: number, to: number | null = null): RangeSpec => ({ kind: "from", from: first, to });
const suffix = (length: number): RangeSpec => ({ kind: "suffix", length });

describe("Range (RFC 9110 §14.1.1, §14.1.2, §14.2)", () => {
  test.each<[string, string | null, RangeSpec[] | null]>([
    ["absent", null, null],
    ["empty", "", null],
    ["from here to there", "bytes=2-5", [from(2, 5)]],
    ["one octet", "bytes=0-0", [from(0, 0)]],
    ["from here on", "bytes=2-", [from(2)]],
    ["the last few", "bytes=-3", [suffix(3)]],
    ["the last none", "bytes=-0", [suffix(0)]],
    ["several, order kept", "bytes=5-6,0-1, -2", [from(5, 6), from(0, 1), suffix(2)]],
    ["empty members are dropped (§5.6.1)", "bytes=,0-1, ,2-3,", [from(0, 1), from(2, 3)]],
    ["the unit in any case (§14.1)", "Bytes=0-1", [from(0, 1)]],
    ["space around", " bytes=0-1 ", [from(0, 1)]],
    ["leading zeros", "bytes=007-008", [from(7, 8)]],
    ["another unit is ignored", "lines=0-1", null],
    ["no unit", "0-1", null],
    ["no members", "bytes=", null],
    ["only commas", "bytes=,,", null],
    ["backwards", "bytes=5-2", null],
    ["backwards among good ones", "bytes=0-1, 5-2", null],
    ["no position at all", "bytes=-", null],
    ["no dash", "bytes=5", null],
    ["two dashes", "bytes=1-2-3", null],
    ["a sign", "bytes=+1-2", null],
    ["space within", "bytes=1 -2", null],
    ["space before the equals sign", "bytes =1-2", null],
    ["a fraction", "bytes=0.5-1", null],
    ["hexadecimal", "bytes=0x1-2", null],
    ["other digits", "bytes=٠-١", null],
    ["a line feed at its end", "bytes=0-1\n,x", null],
    ["a number that a double can't count to", `bytes=${"9".repeat(16)}-`, null],
    ["the longest number", `bytes=${"9".repeat(15)}-`, [from(999_999_999_999_999)]],
  ])("%s", (_, value, specs) => expect(parseRange(value)).toEqual(specs));

  test("of more than 16 ranges is ignored: many small ones are an attack (§17.15)", () => {
    const ranges = (count: number) => `bytes=${Array.from({ length: count }, (_, i) => `${i}-${i}`)}`;
    expect(parseRange(ranges(16))).toHaveLength(16);
    expect(parseRange(ranges(17))).toBeNull();
  });
});

describe("what of a body is asked for (RFC 9110 §14.1.2)", () => {
  test.each<[string, RangeSpec[], number, [number, number][]]>([
    ["from here to there", [from(2, 5)], 10, [[2, 5]]],
    ["from here on", [from(2)], 10, [[2, 9]]],
    ["an end past the end", [from(2, 50)], 10, [[2, 9]]],
    ["the last octet", [from(9)], 10, [[9, 9]]],
    ["a beginning past the end", [from(10)], 10, []],
    ["the last few", [suffix(3)], 10, [[7, 9]]],
    ["more than all as the last few", [suffix(50)], 10, [[0, 9]]],
    ["the last none", [suffix(0)], 10, []],
    ["an empty body from its beginning", [from(0)], 0, []],
    ["an empty body's last few", [suffix(5)], 0, []],
    [
      "satisfiable ones only, order kept",
      [from(8), from(20), from(0, 1)],
      10,
      [
        [8, 9],
        [0, 1],
      ],
    ],
  ])("%s", (_, specs, length, expected) => {
    const ranges = resolveRanges(specs, length);
    expect(ranges.map((range) => [range.from, range.to])).toEqual(expected);
  });

  const position = integer({ min: 0, max: 30 });
  const spec = oneof(
    record({ first: position, more: option(position) }).map(({ first, more }) =>
      from(first, more === null ? null : first + more),
    ),
    position.map(suffix),
  );
  /** The octets that a spec names, one by one. */
  const octetsOf = (one: RangeSpec, length: number): number[] =>
    Array.from({ length }, (_, i) => i).filter((i) =>
      one.kind === "suffix" ? i >= length - one.length : i >= one.from && i <= (one.to ?? length),
    );

  test("lies within the body, in the order asked, and is the octets that were named", () => {
    holds(
      property(array(spec, { maxLength: 6 }), integer({ min: 0, max: 25 }), (specs, length) => {
        const ranges = resolveRanges(specs, length);
        for (const range of ranges) {
          expect(range.from).toBeGreaterThanOrEqual(0);
          expect(range.to).toBeGreaterThanOrEqual(range.from);
          expect(range.to).toBeLessThan(length);
        }
        const octets = ranges.map((range) =>
          Array.from({ length: lengthOf(range) }, (_, i) => range.from + i),
        );
        expect(octets).toEqual(specs.map((one) => octetsOf(one, length)).filter((list) => list.length > 0));
      }),
      500,
    );
  });

  test("is read back from what was written", () => {
    const text = (one: RangeSpec) =>
      one.kind === "suffix" ? `-${one.length}` : `${one.from}-${one.to ?? ""}`;
    holds(
      property(
        array(spec, { minLength: 1, maxLength: 16 }),
        constantFrom(",", ", ", " ,, "),
        (specs, comma) => {
          expect(parseRange(`bytes=${specs.map(text).join(comma)}`)).toEqual(specs);
        },
      ),
    );
  });

  test("is null or something that can be resolved, for any text", () => {
    const unit = constantFrom("bytes=", "-", "0", "5", "9", ",", " ", "x", "\n");
    holds(
      property(string({ unit, maxLength: 10 }), (value) => {
        const specs = parseRange(value);
        for (const range of resolveRanges(specs ?? [], 7)) expect(lengthOf(range)).toBeGreaterThan(0);
      }),
      1000,
    );
  });
});

describe("ranges worth answering as such (RFC 9110 §17.15)", () => {
  test.each<[string, [number, number][], boolean]>([
    ["none", [], true],
    ["one", [[0, 9]], true],
    [
      "two apart",
      [
        [0, 1],
        [5, 6],
      ],
      true,
    ],
    [
      "two apart, backwards",
      [
        [5, 6],
        [0, 1],
      ],
      true,
    ],
    [
      "two that touch",
      [
        [0, 1],
        [2, 3],
      ],
      true,
    ],
    [
      "two that overlap by one octet",
      [
        [0, 2],
        [2, 3],
      ],
      false,
    ],
    [
      "the same twice",
      [
        [0, 1],
        [0, 1],
      ],
      false,
    ],
    [
      "one in another",
      [
        [0, 9],
        [3, 4],
      ],
      false,
    ],
    [
      "one in another, a third apart",
      [
        [20, 21],
        [3, 4],
        [0, 9],
      ],
      false,
    ],
  ])("%s", (_, pairs, expected) => {
    expect(areModest(pairs.map(([first, to]) => ({ from: first, to })))).toBe(expected);
  });

  test("never come to more octets than there are, and name none of them twice", () => {
    const range = record({ first: integer({ min: 0, max: 20 }), more: integer({ min: 0, max: 6 }) }).map(
      ({ first, more }): ByteRange => ({ from: first, to: first + more }),
    );
    holds(
      property(array(range, { maxLength: 5 }), (ranges) => {
        const octets = ranges.flatMap((one) => Array.from({ length: lengthOf(one) }, (_, i) => one.from + i));
        expect(areModest(ranges)).toBe(new Set(octets).size === octets.length);
      }),
      500,
    );
  });
});

describe("Content-Range (RFC 9110 §14.4)", () => {
  test.each<[string, string | null, [number, number, number | null] | null]>([
    ["absent", null, null],
    ["of a known length", "bytes 2-5/10", [2, 5, 10]],
    ["of an unknown length", "bytes 2-5/*", [2, 5, null]],
    ["all of it", "bytes 0-9/10", [0, 9, 10]],
    ["the unit in any case", "BYTES 0-0/1", [0, 0, 1]],
    ["space around", " bytes 0-0/1 ", [0, 0, 1]],
    ["unsatisfied", "bytes */10", null],
    ["backwards", "bytes 5-2/10", null],
    ["an end that is no part of it", "bytes 0-10/10", null],
    ["of nothing", "bytes 0-0/0", null],
    ["another unit", "lines 0-1/2", null],
    ["as a Range is written", "bytes=0-1/2", null],
    ["no length", "bytes 0-1", null],
    ["given twice", "bytes 0-1/2, bytes 0-1/2", null],
    ["a number that a double can't count to", `bytes 0-1/${"9".repeat(16)}`, null],
    ["a sign", "bytes -1-2/5", null],
  ])("%s", (_, value, expected) => {
    const [first, to, complete] = expected ?? [];
    expect(parseContentRange(value)).toEqual(expected === null ? null : { from: first, to, complete });
  });

  test("is read back from what was written", () => {
    holds(
      property(integer({ min: 0 }), integer({ min: 0 }), integer({ min: 1 }), (first, more, rest) => {
        const range = { from: first, to: first + more };
        const complete = range.to + rest;
        expect(parseContentRange(formatContentRange(range, complete))).toEqual({ ...range, complete });
      }),
    );
  });
});
