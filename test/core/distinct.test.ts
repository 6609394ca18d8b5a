// How many different keys there were: estimates within their stated error, and merged in any order.
import { expect, test } from "vitest";
import {
  estimateDistinct,
  mergeInto,
  noRegisters,
  readRegisters,
  STANDARD_ERROR,
  touch,
  writeRegisters,
} from "../../shared/core/distinct.ts";

const of = (from: number, to: number) => {
  const registers = noRegisters();
  for (let i = from; i < to; i++) touch(registers, `default https://shop.test/products/${i}`);
  return registers;
};

test.each([0, 1, 10, 100, 1000, 3000, 10_000, 100_000])(
  "%i keys are estimated within four standard errors",
  (count) => {
    const estimate = estimateDistinct(of(0, count));
    expect(Math.abs(estimate - count)).toBeLessThanOrEqual(Math.ceil(4 * STANDARD_ERROR * count));
  },
);

test("a key that comes again is none more, and registers that are merged are those of all their keys", () => {
  const merged = of(0, 600);
  mergeInto(merged, of(300, 1000));
  mergeInto(merged, of(0, 600));
  expect(merged).toEqual(of(0, 1000));
});

test("registers survive being written, and what is none is read as none", () => {
  expect(readRegisters(writeRegisters(of(0, 5000)))).toEqual(of(0, 5000));
  expect(writeRegisters(of(0, 100_000))).toMatch(/^[A-Z[]+$/);
  expect(readRegisters("AAA")).toBeNull();
});
