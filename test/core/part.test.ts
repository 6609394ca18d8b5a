// Parts of a representation (RFC 9111 §3.3, §3.4): what a 206 brought, and that joining parts invents no octet.

import { constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { lengthOf } from "../../shared/core/byte-range.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
import {
  combined,
  covers,
  isComplete,
  missing,
  type RangePart,
  receivedPart,
} from "../../shared/core/part.ts";
import { holds } from "./samples.ts";

const STRONG: HeaderPair = ["etag", '"a"'];
const part = (from: number, to: number, complete: number): RangePart => ({
  kind: "range",
  from,
  to,
  complete,
});

describe("the part that a 206 brought (RFC 9110 §15.3.7)", () => {
  const received = (value: string | null, octets: number, more: HeaderPair[] = []) =>
    receivedPart(value === null ? more : [["content-range", value], ...more], { octets, announced: true });

  test("that ends one octet too late is believed only where its own length was announced", () => {
    const headers: HeaderPair[] = [["content-range", "bytes 4-9/10"]];
    expect(receivedPart(headers, { octets: 5, announced: true })).toEqual(part(4, 8, 9));
    expect(receivedPart(headers, { octets: 5, announced: false })).toBeNull();
  });

  test.each<[string, string | null, number, HeaderPair[], RangePart | null]>([
    ["as stated", "bytes 2-5/10", 4, [], part(2, 5, 10)],
    ["all of it", "bytes 0-9/10", 10, [], part(0, 9, 10)],
    ["one octet", "bytes 0-0/1", 1, [], part(0, 0, 1)],
    ["with a validator", "bytes 2-5/10", 4, [STRONG], part(2, 5, 10)],
    ["without Content-Range, as multipart is", null, 4, [], null],
    ["of an unknown length", "bytes 2-5/*", 4, [], null],
    ["cut off", "bytes 2-5/10", 3, [], null],
    ["with an octet too many", "bytes 2-5/10", 5, [], null],
    ["with none at all", "bytes 0-0/1", 0, [], null],
    ["malformed", "bytes 5-2/10", 4, [], null],
    ["two of them", "bytes 0-1/9, bytes 3-4/9", 4, [], null],
    ["an end one too far, by its own octets", "bytes 5-10/11", 5, [], part(5, 9, 10)],
    ["an end one too far, all of it", "bytes 0-10/11", 10, [], part(0, 9, 10)],
    ["an end one too far, with a strong validator", "bytes 5-10/11", 5, [STRONG], null],
    ["an end one too far, with a weak validator", "bytes 5-10/11", 5, [["etag", 'W/"a"']], part(5, 9, 10)],
    ["an end two too far", "bytes 5-10/11", 4, [], null],
    ["one octet short, and not at the end", "bytes 5-9/11", 4, [], null],
    ["an end one too far of nothing", "bytes 0-0/1", 0, [], null],
  ])("%s", (_, value, octets, more, expected) => expect(received(value, octets, more)).toEqual(expected));

  test("has as many octets as came, within the whole", () => {
    const small = integer({ min: 0, max: 12 });
    holds(
      property(small, small, small, small, (from, to, complete, octets) => {
        const found = received(`bytes ${from}-${to}/${complete}`, octets);
        if (found === null) return;
        expect([lengthOf(found), found.from]).toEqual([octets, from]);
        expect(found.to).toBeLessThan(found.complete);
      }),
      2000,
    );
  });
});

/** Parts of a body of up to eight octets. */
const anyPart = record({
  complete: integer({ min: 1, max: 8 }),
  a: integer({ min: 0 }),
  b: integer({ min: 0 }),
}).map(({ complete, a, b }) => {
  const [from, to] = [a % complete, b % complete].sort((x, y) => x - y) as [number, number];
  return part(from, to, complete);
});
/** Which octets are there. */
const octetsOf = ({ from, to, complete }: Omit<RangePart, "kind">): boolean[] =>
  Array.from({ length: complete }, (_, i) => i >= from && i <= to);

describe("what a part answers", () => {
  test.each([
    ["itself", [2, 5], [2, 5], true],
    ["what is within", [2, 5], [3, 4], true],
    ["not what begins before", [2, 5], [1, 4], false],
    ["not what ends behind", [2, 5], [3, 6], false],
    ["not what is elsewhere", [2, 5], [7, 8], false],
  ] as const)("%s", (_, held, wanted, expected) => {
    expect(covers(part(...held, 10), { from: wanted[0], to: wanted[1] })).toBe(expected);
  });

  test.each<[string, RangePart, [number, number] | null]>([
    ["the end", part(0, 3, 10), [4, 9]],
    ["the beginning", part(4, 9, 10), [0, 3]],
    ["the last octet", part(0, 8, 10), [9, 9]],
    ["the first octet", part(1, 9, 10), [0, 0]],
    ["two pieces", part(1, 8, 10), null],
  ])("lacks %s", (_, held, expected) => {
    expect(missing(held)).toEqual(expected === null ? null : { from: expected[0], to: expected[1] });
    expect(isComplete(held)).toBe(false);
  });

  test("and what it lacks are all octets, each once", () => {
    holds(
      property(anyPart, (held) => {
        const here = octetsOf(held);
        expect(isComplete(held)).toBe(here.every(Boolean));
        expect(covers(held, { from: 0, to: held.complete - 1 })).toBe(isComplete(held));
        const rest = missing(held);
        if (rest === null) return;
        expect(octetsOf({ ...rest, complete: held.complete })).toEqual(here.map((is) => !is));
      }),
      500,
    );
  });
});

describe("two parts of one representation (RFC 9111 §3.4)", () => {
  const joined = (
    one: RangePart,
    other: RangePart,
    etags: readonly [string | null, string | null] = ['"a"', '"a"'],
  ) => {
    const headers = (etag: string | null): HeaderPair[] => (etag === null ? [] : [["etag", etag]]);
    return combined({ part: one, headers: headers(etags[0]) }, { part: other, headers: headers(etags[1]) });
  };

  test.each<[string, RangePart, RangePart, RangePart | null]>([
    ["that touch", part(0, 3, 10), part(4, 9, 10), part(0, 9, 10)],
    ["that touch, the later first", part(4, 9, 10), part(0, 3, 10), part(0, 9, 10)],
    ["that overlap", part(0, 5, 10), part(3, 7, 10), part(0, 7, 10)],
    ["of which one is in the other", part(0, 9, 10), part(3, 4, 10), part(0, 9, 10)],
    ["that are the same", part(3, 4, 10), part(3, 4, 10), part(3, 4, 10)],
    ["with a gap of one octet", part(0, 3, 10), part(5, 9, 10), null],
    ["with a gap, the later first", part(5, 9, 10), part(0, 3, 10), null],
    ["of different lengths", part(0, 3, 10), part(4, 9, 11), null],
  ])("%s", (_, one, other, expected) => expect(joined(one, other)).toEqual(expected));

  test.each<[string, string | null, string | null, boolean]>([
    ["the same strong one", '"a"', '"a"', true],
    ["the same empty one", '""', '""', true],
    ["different ones", '"a"', '"b"', false],
    ["the same weak one", 'W/"a"', 'W/"a"', false],
    ["a strong and a weak one", '"a"', 'W/"a"', false],
    ["one on one side only", '"a"', null, false],
    ["none", null, null, false],
    ["the same malformed one", "a", "a", false],
  ])("with validators: %s", (_, one, other, expected) => {
    expect(joined(part(0, 3, 10), part(4, 9, 10), [one, other]) !== null).toBe(expected);
  });

  test("are never joined by Last-Modified alone", () => {
    const headers: HeaderPair[] = [["last-modified", "Wed, 01 Jul 2026 12:00:00 GMT"]];
    expect(combined({ part: part(0, 3, 10), headers }, { part: part(4, 9, 10), headers })).toBeNull();
  });

  test("have together exactly the octets that either had, or are left apart for a gap", () => {
    const etag = constantFrom<readonly [string, string]>(['"a"', '"a"'], ['"a"', '"b"'], ['W/"a"', 'W/"a"']);
    holds(
      property(anyPart, anyPart, etag, (one, other, etags) => {
        const whole = joined(one, other, etags);
        expect(joined(other, one, [etags[1], etags[0]])).toEqual(whole);
        const here = octetsOf(one).map((is, i) => is || octetsOf(other)[i] === true);
        const inOnePiece = !/10+1/.test(here.map(Number).join(""));
        const mayJoin =
          etags[0] === '"a"' && etags[1] === '"a"' && one.complete === other.complete && inOnePiece;
        expect(whole !== null).toBe(mayJoin);
        if (whole !== null) expect(octetsOf(whole)).toEqual(here);
      }),
      2000,
    );
  });
});
