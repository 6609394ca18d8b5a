// Positions: one total order, and one text for each.

import { constantFrom, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  comparePositions,
  formatPosition,
  greatestPosition,
  leastPosition,
  type Position,
  parsePosition,
} from "../../shared/core/position.ts";
import { holds } from "./samples.ts";

const at = (epoch: number, seq: number): Position => ({ epoch, seq });

/** Few enough numbers that equal epochs and equal sequence numbers are met often. */
const nearby = record({
  epoch: constantFrom(0, 9, 10, 1_767_225_600_000),
  seq: constantFrom(0, 1, 9, 10, 99),
});
const any = record({ epoch: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), seq: integer({ min: 0 }) });

describe("order", () => {
  test.each([
    [at(1, 5), at(1, 5), 0],
    [at(1, 5), at(1, 6), -1],
    [at(1, 10), at(1, 9), 1],
    [at(2, 0), at(1, 999), 1],
    [at(9, 0), at(10, 0), -1],
  ])("%j against %j is %i: epochs first, then numbers, neither as text", (a, b, order) => {
    expect(comparePositions(a, b)).toBe(order);
  });

  test("it is total: antisymmetric, transitive, and zero only between equals", () => {
    holds(
      property(nearby, nearby, nearby, (a, b, c) => {
        expect(comparePositions(a, b) + comparePositions(b, a)).toBe(0);
        expect(comparePositions(a, b) === 0).toBe(a.epoch === b.epoch && a.seq === b.seq);
        if (comparePositions(a, b) <= 0 && comparePositions(b, c) <= 0)
          expect(comparePositions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("the least and the greatest of two are those two, in order", () => {
    holds(
      property(nearby, nearby, (a, b) => {
        const [low, high] = [leastPosition(a, b), greatestPosition(a, b)];
        expect(comparePositions(low, high)).toBeLessThanOrEqual(0);
        const texts = [a, b].map(formatPosition).sort();
        expect([low, high].map(formatPosition).sort()).toEqual(texts);
      }),
    );
  });
});

describe("text", () => {
  test("what is written reads back as the same position", () => {
    holds(
      property(any, (position) => {
        expect(parsePosition(formatPosition(position))).toEqual(position);
      }),
    );
    expect(formatPosition(at(1_767_225_600_000, 42))).toBe("1767225600000-42");
  });

  test.each([
    "",
    "-",
    "1-",
    "-1",
    "1",
    "1-2-3",
    " 1-2",
    "1-2 ",
    "1-2\n",
    "+1-2",
    "1--2",
    "1.0-2",
    "1e3-2",
    "0x1-2",
    "none",
    "٣-1",
    "9007199254740993-1",
    `1-${"9".repeat(16)}`,
    `${"1".repeat(17)}-1`,
  ])("%j names no position", (text) => expect(parsePosition(text)).toBeNull());
});
