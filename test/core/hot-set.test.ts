// The hot set: who comes in, who stays, who goes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextHotSet, type Warmth } from "../../shared/core/hot-set.ts";
import { assertSeeded } from "./seeded.ts";

const LIMITS = { share: 0.01, least: 30, most: 3 };
const key = (id: string, share: number, score = 1000): Warmth => ({ id, share, score });
const next = (before: readonly string[], ...ranking: Warmth[]): string[] =>
  nextHotSet(new Set(before), ranking, LIMITS).map(({ id }) => id);

describe("the hot set", () => {
  test("a key comes in from its share on", () => {
    expect(next([], key("a", 0.01), key("b", 0.0099))).toEqual(["a"]);
  });

  test("it stays above half of that, and goes below", () => {
    expect(next(["a", "b"], key("a", 0.005), key("b", 0.0049))).toEqual(["a"]);
  });

  test("a share of next to nothing lets nobody in, and throws nobody out", () => {
    expect(next([], key("a", 1, 29))).toEqual([]);
    expect(next(["a"], key("a", 1, 29))).toEqual(["a"]);
  });

  test("the hottest have the room", () => {
    expect(next(["d"], ...["a", "b", "c", "d"].map((id, n) => key(id, 0.2 - n / 100)))).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  test("a share that wavers between half and whole changes nothing, whichever way it began", () => {
    const wavering = fc.array(fc.double({ min: 0.005, max: 0.0099, noNaN: true }), { minLength: 1 });
    assertSeeded(
      fc.property(wavering, fc.boolean(), (shares, was) => {
        let held = was ? ["a"] : [];
        for (const share of shares) held = next(held, key("a", share));
        expect(held).toEqual(was ? ["a"] : []);
      }),
      200,
    );
  });
});
