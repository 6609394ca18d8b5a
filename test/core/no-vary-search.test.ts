// No-Vary-Search: which parts of a query an answer says make no difference, and the query in the form that is left.

import { array, boolean, constantFrom, property, record, shuffledSubarray, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalQuery,
  decoded,
  type SearchVariance,
  searchVariance,
} from "../../shared/core/no-vary-search.ts";
import { hostile } from "./hostile.ts";
import { holds } from "./samples.ts";

const but = (...names: string[]) => ({ kind: "but" as const, names });
const only = (...names: string[]) => ({ kind: "only" as const, names });
const varies = (keyOrder: boolean, parameters: SearchVariance["parameters"]) => ({ keyOrder, parameters });

describe("the field (WICG No-Vary-Search §3)", () => {
  test.each<[string, string | null, SearchVariance | null]>([
    ["absent", null, null],
    ["empty", "", null],
    ["the order makes no difference", "key-order", varies(true, but())],
    ["said to", "key-order=?1", varies(true, but())],
    ["said to make one", "key-order=?0", null],
    ["some parameters make none", 'params=("a" "b")', varies(false, but("a", "b"))],
    ["neither do the order nor some parameters", 'key-order, params=("a")', varies(true, but("a"))],
    ["no parameter makes one", "params", varies(false, only())],
    ["no parameter but some", 'params, except=("a")', varies(false, only("a"))],
    ["no parameter but none", "params, except=()", varies(false, only())],
    ["the order of those excepted", 'params, except=("b" "a"), key-order', varies(true, only("b", "a"))],
    ["an empty list changes nothing", "params=()", null],
    ["parameters that all count", "params=?0", null],
    ["but in any order", "params=?0, key-order", varies(true, but())],
    ["names are decoded", 'params=("%61+b" "c%5B%5D")', varies(false, but("a b", "c[]"))],
    ["the last of a repeated member", "key-order, key-order=?0", null],
    ["an unknown member", "key-order, x=1", varies(true, but())],
    ["parameters of members say nothing", 'params=("a";x);y', varies(false, but("a"))],
    ["except without params", 'except=("a")', null],
    ["except without all params", 'params=("b"), except=("a")', null],
    ["except with params that all count", 'params=?0, except=("a")', null],
    ["except that is no list", 'params, except="a"', null],
    ["except that is a flag", "params, except", null],
    ["params that is a string", 'params="a"', null],
    ["params that is a number", "params=1", null],
    ["names that are tokens", "params=(a)", null],
    ["one name that is a number", 'params=("a" 1)', null],
    ["one excepted name that is a token", 'params, except=("a" b)', null],
    ["an order that is a token", "key-order=yes", null],
    ["an order that spoils good params", 'key-order=1, params=("a")', null],
    ["no dictionary", 'params=("a"', null],
    ["names in capitals of the field's own", "Key-Order", null],
  ])("%s", (_, value, expected) => {
    expect(searchVariance(value === null ? [] : [["no-vary-search", value]])).toEqual(expected);
  });

  test("given twice is one field (RFC 9110 §5.3)", () => {
    const headers = [
      ["no-vary-search", "key-order"],
      ["no-vary-search", "params"],
    ] as const;
    expect(searchVariance(headers)).toEqual(varies(true, only()));
  });

  test("of any text is null or says something that makes a difference", () => {
    holds(
      property(hostile(), (value) => {
        const variance = searchVariance([["no-vary-search", value]]);
        expect(variance).not.toEqual(varies(false, but()));
      }),
      500,
    );
  });
});

describe("a query with what makes no difference left out", () => {
  test.each<[string, string, SearchVariance, string]>([
    ["some parameters", "a=1&b=2&a=3", varies(false, but("a")), "b=2"],
    ["all parameters", "a=1&b=2", varies(false, only()), ""],
    ["all but some", "a=1&b=2&c", varies(false, only("c", "a")), "a=1&c"],
    ["the order", "b=1&a=2", varies(true, but()), "a=2&b=1"],
    [
      "the order, but not that of one name's values",
      "b=2&a=2&b=1&a=1",
      varies(true, but()),
      "a=2&a=1&b=2&b=1",
    ],
    ["the order of names as they are meant", "b=1&%61=2", varies(true, but()), "%61=2&b=1"],
    ["empty pairs", "&&a=1&", varies(true, but()), "a=1"],
    ["a name spelt otherwise", "%61=1&b", varies(false, but("a")), "b"],
    ["a name with a space", "my+id=1&my%20id=2&b", varies(false, but("my id")), "b"],
    ["a name encoded twice is another", "%2561=1", varies(false, but("a")), "%2561=1"],
    ["a malformed name is its own", "%E0%=1&a=1", varies(false, but("a")), "%E0%=1"],
    ["a nameless value", "=1&a", varies(false, but("")), "a"],
    ["case matters", "A=1&a=1", varies(false, but("a")), "A=1"],
    ["a value is kept as it came", "b=%41+x&a=a=b", varies(true, but()), "a=a=b&b=%41+x"],
    ["names that objects have", "__proto__=1&constructor=2", varies(true, but("constructor")), "__proto__=1"],
  ])("%s", (_, query, variance, expected) => expect(canonicalQuery(query, variance)).toBe(expected));

  const name = constantFrom("a", "%61", "b", "c", "a b", "a+b", "%E0%", "");
  const pair = tuple(name, constantFrom("", "=", "=1", "=2", "==", "=a%61")).map(
    ([key, value]) => key + value,
  );
  const variances = record({
    keyOrder: boolean(),
    parameters: record({
      kind: constantFrom("but" as const, "only" as const),
      names: array(name.map(decoded)),
    }),
  });

  test("stays as it is when it is made again", () => {
    holds(
      property(array(pair), variances, (pairs, variance) => {
        const canonical = canonicalQuery(pairs.join("&"), variance);
        expect(canonicalQuery(canonical, variance)).toBe(canonical);
      }),
      500,
    );
  });

  test("is the same in every order in which no two values of one name changed places", () => {
    const letters = ["a", "b", "c", "d", "e", "%66"];
    const places = tuple(shuffledSubarray(letters, { minLength: 6 }), array(constantFrom("1", "2", "3")));
    holds(
      property(places, variances, ([names, values], variance) => {
        const grouped = (list: string[]) => list.flatMap((key) => values.map((value) => `${key}=${value}`));
        const one = canonicalQuery(grouped(letters).join("&"), { ...variance, keyOrder: true });
        expect(canonicalQuery(grouped(names).join("&"), { ...variance, keyOrder: true })).toBe(one);
      }),
    );
  });

  test("has no parameter that it hadn't, and all that make a difference, as often", () => {
    holds(
      property(array(pair), variances, (pairs, variance) => {
        const listed = new Set(variance.parameters.names);
        const counts = (text: string): boolean =>
          text !== "" &&
          listed.has(decoded(text.split("=", 1)[0] ?? "")) === (variance.parameters.kind === "only");
        const left = canonicalQuery(pairs.join("&"), variance);
        expect((left === "" ? [] : left.split("&")).sort()).toEqual(pairs.filter(counts).sort());
      }),
      500,
    );
  });
});
