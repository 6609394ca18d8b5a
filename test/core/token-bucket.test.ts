// The bucket's promise: whatever is asked, whenever, no span of time sees more than its burst and what comes in it.

import { array, constantFrom, double, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bucket, fullBucket, reserveOf, takeTokens } from "../../shared/core/token-bucket.ts";
import { instant, millis } from "../../shared/core/units.ts";
import { assertSeeded } from "./seeded.ts";

const TERMS = { rate: 10, burst: 5 };
const ONE = { ...TERMS, cost: 1, patience: millis(0), reserve: 0 };
const at = (ms: number) => instant(ms);

describe("a bucket", () => {
  test("gives its burst at once, and then one by one as they come", () => {
    const bucket = fullBucket(TERMS, at(0));
    const given = Array.from({ length: 6 }, () => takeTokens(bucket, ONE, at(0)).kind);
    expect(given).toEqual(["granted", "granted", "granted", "granted", "granted", "refused"]);
    expect(takeTokens(bucket, ONE, at(99))).toEqual({ kind: "refused", wait: 1 });
    expect(takeTokens(bucket, ONE, at(100))).toEqual({ kind: "granted", after: 0 });
  });

  test("holds no more than its burst, however long nobody asks", () => {
    const bucket = fullBucket(TERMS, at(0));
    for (let i = 0; i < 5; i++) takeTokens(bucket, ONE, at(0));
    const later = Array.from({ length: 6 }, () => takeTokens(bucket, ONE, at(1_000_000)).kind);
    expect(later.filter((kind) => kind === "granted")).toHaveLength(5);
  });

  test("promises tokens ahead to those who wait, each for a time of its own", () => {
    const bucket = fullBucket({ rate: 10, burst: 1 }, at(0));
    const patient = { ...ONE, burst: 1, patience: millis(250) };
    const given = Array.from({ length: 4 }, () => takeTokens(bucket, patient, at(0)));
    expect(given).toEqual([
      { kind: "granted", after: 0 },
      { kind: "granted", after: 100 },
      { kind: "granted", after: 200 },
      { kind: "refused", wait: 300 },
    ]);
  });

  test("keeps what background work has to leave to users", () => {
    const bucket = fullBucket({ rate: 10, burst: 4 }, at(0));
    const behind = { ...ONE, burst: 4, reserve: reserveOf({ rate: 10, burst: 4 }, 0.5, 1) };
    const given = Array.from({ length: 3 }, () => takeTokens(bucket, behind, at(0)).kind);
    expect(given).toEqual(["granted", "granted", "refused"]);
    expect(takeTokens(bucket, { ...ONE, burst: 4 }, at(0)).kind).toBe("granted");
  });

  test("of one token leaves that to background work too", () => {
    const terms = { rate: 1, burst: 1 };
    const bucket = fullBucket(terms, at(0));
    expect(takeTokens(bucket, { ...ONE, ...terms, reserve: reserveOf(terms, 0.5, 1) }, at(0)).kind).toBe(
      "granted",
    );
  });
});

interface Used {
  readonly at: number;
  readonly cost: number;
}

test("no schedule of takes gets more out of it than burst + rate · t, in any span", () => {
  const asks = array(
    record({
      wait: integer({ min: 0, max: 700 }),
      cost: constantFrom(1, 1, 1, 0.5, 2),
      patience: constantFrom(0, 0, 100, 1000),
      reserve: constantFrom(0, 0, 1),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const terms = record({
    rate: double({ min: 0.2, max: 50, noNaN: true }),
    burst: integer({ min: 2, max: 9 }),
  });
  assertSeeded(
    property(terms, asks, ({ rate, burst }, schedule) => {
      const bucket = fullBucket({ rate, burst }, at(0));
      const used: Used[] = [];
      let now = 0;
      for (const { wait, cost, patience, reserve } of schedule) {
        now += wait;
        const asked = { rate, burst, cost, patience: millis(patience), reserve };
        const given = takeTokens(bucket, asked, at(now));
        if (given.kind === "granted") used.push({ at: now + given.after, cost });
      }
      for (const [first, { at: from }] of used.entries()) {
        let total = 0;
        for (const { at: to, cost } of used.slice(first)) {
          total += cost;
          // A token that is waited for is used up to a millisecond late.
          expect(total).toBeLessThanOrEqual(burst + ((to - from + 1) * rate) / 1000 + 1e-5);
        }
      }
    }),
    400,
  );
});

test("what is refused costs nothing", () => {
  const bucket: Bucket = { left: 0, at: at(0) };
  for (let ms = 0; ms < 100; ms += 10) takeTokens(bucket, ONE, at(ms));
  expect(takeTokens(bucket, ONE, at(100)).kind).toBe("granted");
});
