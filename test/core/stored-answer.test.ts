// A stored answer's life: never more than it was stored with, whatever rules come into force.

import { constantFrom, double, integer, option, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import type { HeaderPair } from "../../shared/core/headers.ts";
import type { Rules } from "../../shared/core/rules.ts";
import {
  ageOf,
  currentLifetime,
  freshnessOf,
  grantLifetime,
  type HeldAnswer,
  keepFor,
  type StoredAnswer,
} from "../../shared/core/stored-answer.ts";
import { days, hours, instant, type Millis, millis, minutes, seconds } from "../../shared/core/units.ts";
import { cacheControl, holds, NOON, rulesWith } from "./samples.ts";

function answerWith(changes: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    version: 2,
    id: "fill-1",
    key: "k",
    status: 200,
    headers: cacheControl("max-age=100, stale-while-revalidate=20, stale-if-error=30"),
    class: "standard",
    selectors: [],
    asOf: { epoch: 1, seq: 1 },
    vary: [],
    part: { kind: "whole" },
    length: 0,
    dirty: false,
    fresh: seconds(100),
    staleWhileRevalidate: seconds(20),
    staleIfError: seconds(30),
    ageWhenSent: millis(0),
    receivedAtWall: NOON,
    lease: "lease-1",
    ...changes,
  };
}

/** The answer as it would be stored under the rules. */
function storedUnder(rules: Rules, headers: readonly HeaderPair[]): StoredAnswer | null {
  const answer = answerWith({ headers });
  const granted = grantLifetime({ ...answer, rules });
  return granted === null ? null : { ...answer, ...granted };
}

const spans = option(integer({ min: 0, max: 200_000 }).map((ms): Millis => millis(ms)));
const anyRules = record({
  ttl: spans,
  ttlMode: constantFrom("respect" as const, "override" as const),
  staleWhileRevalidate: spans,
  staleIfError: spans,
  jitter: double({ min: 0, max: 1, noNaN: true }),
}).map((changes) => rulesWith(changes));
const anyHeaders = constantFrom<HeaderPair[]>(
  [],
  [["cache-control", "max-age=100"]],
  [["cache-control", "max-age=100, stale-while-revalidate=20, stale-if-error=30"]],
  [["cache-control", "s-maxage=50"]],
  [["cache-control", "max-age=50, must-revalidate"]],
  [["cache-control", "no-cache"]],
  [["expires", new Date(NOON + 60_000).toUTCString()]],
  [
    ["cache-control", "max-age=100"],
    ["etag", '"a"'],
  ],
  [
    ["cache-control", "no-cache"],
    ["last-modified", new Date(NOON).toUTCString()],
  ],
);

describe("the lifetime under the rules in force", () => {
  test("is never more than the stored one, nor than what the rules grant now", () => {
    holds(
      property(anyRules, anyRules, anyHeaders, (then, now, headers) => {
        const stored = storedUnder(then, headers);
        if (stored === null) return;
        const life = currentLifetime(stored, now);
        const granted = grantLifetime({ ...stored, rules: now });
        for (const span of ["fresh", "staleWhileRevalidate", "staleIfError"] as const)
          expect(life[span]).toBe(Math.min(stored[span], granted?.[span] ?? 0));
      }),
      500,
    );
  });

  test("is the stored one while the rules stay", () => {
    holds(
      property(anyRules, anyHeaders, (rules, headers) => {
        const stored = storedUnder(rules, headers);
        if (stored === null) return;
        const { fresh, staleWhileRevalidate, staleIfError } = stored;
        expect(currentLifetime(stored, rules)).toEqual({ fresh, staleWhileRevalidate, staleIfError });
      }),
      500,
    );
  });

  test("ends where the origin's word ends it, by the Date that a policy's life leaves out, when that policy goes", () => {
    const stored = answerWith({ fresh: hours(1), ageLeftOut: seconds(50) });
    const override = rulesWith({ ttl: hours(1), ttlMode: "override" });
    expect(currentLifetime(stored, override).fresh).toBe(hours(1));
    expect(currentLifetime(stored, rulesWith()).fresh).toBe(seconds(50));
    expect(currentLifetime({ ...stored, ageLeftOut: seconds(101) }, rulesWith()).fresh).toBe(0);
  });

  test("ends where a policy's lifetime, that alone gave it one, is taken away", () => {
    const stored = storedUnder(rulesWith({ ttl: seconds(60), staleIfError: seconds(60) }), []);
    expect(stored?.fresh).toBe(60_000);
    expect(stored && currentLifetime(stored, rulesWith())).toEqual({
      fresh: 0,
      staleWhileRevalidate: 0,
      staleIfError: 0,
    });
  });

  test("is jittered the same on every replica of a fill, by its key and lease", () => {
    const rules = rulesWith({ jitter: 0.5 });
    const grant = (key: string, lease: string) =>
      grantLifetime({ ...answerWith({ key, lease }), rules })?.fresh;
    expect(grant("k", "l")).toBe(grant("k", "l"));
    expect(new Set([grant("k", "l"), grant("k", "m"), grant("j", "l")]).size).toBe(3);
    expect(grant("k", "l")).toBeLessThan(100_000);
  });
});

describe("an answer held", () => {
  const held = (answer: StoredAnswer, bornAt = 0): HeldAnswer => ({
    answer,
    verifiedTo: answer.asOf,
    bornAt: instant(bornAt),
    sentAt: null,
  });
  const at = (now: number, softSince: number | null = null) => ({
    now: instant(now),
    softSince: softSince === null ? null : instant(softSince),
  });

  test("is as old as the time since it was born", () => {
    expect(ageOf(held(answerWith(), -5000), instant(1000))).toBe(6000);
  });

  test.each([
    [99_999, null, "fresh"],
    [100_000, null, "stale-while-revalidate"],
    [120_000, null, "stale-if-error"],
    [130_000, null, "expired"],
    [10_000, 10_000, "stale-while-revalidate"],
    [30_000, 10_000, "stale-if-error"],
    [40_000, 10_000, "expired"],
    [10_000, 11_000, "stale-while-revalidate"],
  ])("is at %i ms, soft-invalidated at %s, %s", (now, softSince, kind) => {
    expect(freshnessOf(held(answerWith()), rulesWith(), at(now, softSince)).kind).toBe(kind);
  });

  test("is never fresh once soft-invalidated", () => {
    holds(
      property(integer({ min: 0, max: 200_000 }), integer({ min: -1000, max: 300_000 }), (now, softSince) => {
        expect(freshnessOf(held(answerWith()), rulesWith(), at(now, softSince)).kind).not.toBe("fresh");
      }),
    );
  });

  test("has less to live as soon as a policy shortens its life", () => {
    const rules = rulesWith({ ttl: seconds(10), ttlMode: "override" });
    expect(freshnessOf(held(answerWith()), rules, at(9999))).toEqual({ kind: "fresh", remaining: 1 });
    expect(freshnessOf(held(answerWith()), rules, at(10_000))).toEqual({ kind: "expired", staleFor: 0 });
  });

  test("is kept for its life and the longer of its windows, and is of no use afterwards", () => {
    expect(keepFor(answerWith())).toBe(130_000);
    expect(keepFor(answerWith({ staleWhileRevalidate: seconds(40) }))).toBe(140_000);
    holds(
      property(anyRules, anyRules, anyHeaders, (then, now, headers) => {
        const stored = storedUnder(then, headers);
        if (stored === null) return;
        expect(freshnessOf(held(stored), now, at(keepFor(stored))).kind).toBe("expired");
      }),
    );
  });

  test.each([
    ["a minute where it lives for less", seconds(10), seconds(0), seconds(70)],
    ["as long as it lives", hours(2), seconds(0), hours(4)],
    ["a day where it lives for more", days(7), seconds(0), days(8)],
    ["a minute where it never was fresh", seconds(0), seconds(0), minutes(1)],
    ["no longer than a longer window", seconds(10), hours(1), millis(seconds(10) + hours(1))],
  ])("is kept for its validation for %s", (_, fresh, staleIfError, expected) => {
    for (const validator of [["etag", 'W/"a"'] as const, ["last-modified", "x"] as const]) {
      const answer = answerWith({
        headers: [validator],
        fresh,
        staleIfError,
        staleWhileRevalidate: millis(0),
      });
      expect(keepFor(answer)).toBe(expected);
    }
  });
});
