// Second tries: a share of what was lately sent, whatever fails.

import { array, boolean, integer, oneof, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import {
  countRequest,
  countRetry,
  mayRetry,
  newRetryBudget,
  type RetryBudget,
} from "../../shared/core/retry-budget.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { assertSeeded } from "./seeded.ts";

const LIMITS = { share: 0.1, span: millis(1000) };

function sent(count: number, now: number) {
  const budget = newRetryBudget(instant(now));
  for (let i = 0; i < count; i++) countRequest(budget, instant(now), LIMITS);
  return budget;
}

function triesAgain(budget: RetryBudget, now: number): boolean {
  if (!mayRetry(budget, instant(now), LIMITS)) return false;
  countRetry(budget, instant(now), LIMITS);
  return true;
}

test("one in ten may be tried again", () => {
  expect(mayRetry(sent(9, 0), instant(0), LIMITS)).toBe(false);
  const budget = sent(20, 0);
  expect([1, 2, 3].map(() => triesAgain(budget, 1))).toEqual([true, true, false]);
});

test("to ask whether one may be costs nothing", () => {
  const budget = sent(10, 0);
  expect([1, 2, 3].map(() => mayRetry(budget, instant(1), LIMITS))).toEqual([true, true, true]);
});

test("what was sent long ago allows nothing any more", () => {
  expect(mayRetry(sent(100, 0), instant(1999), LIMITS)).toBe(true);
  expect(mayRetry(sent(100, 0), instant(2000), LIMITS)).toBe(false);
});

test("a share of nought allows none", () => {
  expect(mayRetry(sent(1000, 0), instant(0), { ...LIMITS, share: 0 })).toBe(false);
});

test("retries are never more than their share of what was sent in twice the span", () => {
  assertSeeded(
    property(
      array(tuple(oneof(integer({ min: 0, max: 60 }), integer({ min: 0, max: 2500 })), boolean()), {
        maxLength: 200,
      }),
      (steps) => {
        const budget = newRetryBudget(instant(0));
        const requests: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const [wait, fails] of steps) {
          now += wait;
          countRequest(budget, instant(now), LIMITS);
          requests.push(now);
          if (!fails || !triesAgain(budget, now)) continue;
          retries.push(now);
          const lately = (list: number[], span: number) => list.filter((one) => one > now - span).length;
          expect(lately(retries, 1000)).toBeLessThanOrEqual(0.1 * lately(requests, 2001));
        }
      },
    ),
    300,
  );
});
