// The circuit breaker: when it opens, whom it lets through, when it closes.

import { array, constantFrom, integer, oneof, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { closedBreaker, failed, mayTry, succeeded } from "../../shared/core/breaker.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { holds } from "./samples.ts";

const limits = { failures: 3, pause: millis(100) };
const at = instant;

function opened(now: number) {
  const breaker = closedBreaker();
  for (let i = 0; i < limits.failures; i++) failed(breaker, at(now), limits);
  return breaker;
}

describe("a breaker", () => {
  test("stays closed below the limit, and opens at it", () => {
    const breaker = closedBreaker();
    for (const _ of [1, 2]) failed(breaker, at(0), limits);
    expect(mayTry(breaker, at(0), limits)).toBe(true);
    failed(breaker, at(0), limits);
    expect(mayTry(breaker, at(0), limits)).toBe(false);
    expect(mayTry(breaker, at(99), limits)).toBe(false);
  });

  test("counts only failures in a row", () => {
    const breaker = closedBreaker();
    for (const _ of [1, 2, 3, 4]) {
      failed(breaker, at(0), limits);
      failed(breaker, at(0), limits);
      succeeded(breaker);
    }
    expect(mayTry(breaker, at(0), limits)).toBe(true);
  });

  test("lets one caller a pause probe", () => {
    const breaker = opened(0);
    expect([100, 100, 199, 200, 200].map((now) => mayTry(breaker, at(now), limits))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  test("closes when the probe succeeds, and then forgives as many failures as at first", () => {
    const breaker = opened(0);
    mayTry(breaker, at(100), limits);
    succeeded(breaker);
    expect(mayTry(breaker, at(100), limits)).toBe(true);
    for (const _ of [1, 2]) failed(breaker, at(100), limits);
    expect(mayTry(breaker, at(100), limits)).toBe(true);
  });

  test("opens for a whole pause again when the probe fails", () => {
    const breaker = opened(0);
    mayTry(breaker, at(100), limits);
    failed(breaker, at(150), limits);
    expect([150, 249, 250].map((now) => mayTry(breaker, at(now), limits))).toEqual([false, false, true]);
  });

  test("while a tier never answers, lets through no more than the limit and one a pause", () => {
    const calls = array(oneof(constantFrom(0, 0, 1), integer({ min: 0, max: 300 })), { maxLength: 60 });
    holds(
      property(calls, (gaps) => {
        const breaker = closedBreaker();
        let now = 0;
        let tried = 0;
        for (const gap of gaps) {
          now += gap;
          if (!mayTry(breaker, at(now), limits)) continue;
          tried += 1;
          failed(breaker, at(now), limits);
        }
        expect(tried).toBeLessThanOrEqual(limits.failures + Math.floor(now / limits.pause));
      }),
    );
  });
});
