// How long an answer is fresh and may be served stale, and how old it is (RFC 9111 §4.2, RFC 5861).

import { constantFrom, integer, option, property, record, string, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ageLeftOut,
  ageWhenSent,
  type FreshnessInput,
  freshnessAt,
  isOverOnArrival,
  type LifetimeInput,
  lifetimeOf,
  mustRevalidate,
} from "../../shared/core/freshness.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
import type { Rules } from "../../shared/core/rules.ts";
import { days, hours, millis, minutes, seconds } from "../../shared/core/units.ts";
import { cacheControl, holds, httpDate, NOON, rulesWith } from "./samples.ts";

const DATE: HeaderPair = ["date", httpDate(NOON)];

const inputOf = (
  headers: readonly HeaderPair[],
  rules: Partial<Rules> = {},
  status = 200,
): LifetimeInput => ({ status, headers, rules: rulesWith(rules), receivedAtWall: NOON });

const lifetime = (...given: Parameters<typeof inputOf>) => lifetimeOf(inputOf(...given));
const secondsFresh = (...given: Parameters<typeof inputOf>): number | null => {
  const { fresh } = lifetime(...given);
  return fresh === null ? null : fresh / 1000;
};

/** `Cache-Control` by its value, everything else by name. */
const fields = (given: Record<string, string>): HeaderPair[] => [DATE, ...Object.entries(given)];

describe("which lifetime counts (RFC 9111 §4.2.1)", () => {
  const expires = { expires: httpDate(NOON + 40_000) };
  const modified = { "last-modified": httpDate(NOON - 1000_000) };

  test.each([
    ["s-maxage before max-age", { "cache-control": "max-age=10, s-maxage=20" }, 20],
    ["s-maxage before a longer max-age", { "cache-control": "s-maxage=5, max-age=10" }, 5],
    ["an invalid s-maxage is stale, not absent", { "cache-control": "s-maxage=x, max-age=10" }, 0],
    ["max-age before Expires", { "cache-control": "max-age=10", ...expires }, 10],
    ["an invalid max-age before Expires", { "cache-control": "max-age=-1", ...expires }, 0],
    ["Expires before a guess", { ...expires, ...modified }, 40],
    ["a guess from Last-Modified last", { ...modified }, 100],
    ["nothing at all", {}, null],
    ["public says nothing of time", { "cache-control": "public" }, null],
    [
      "the targeted field before Cache-Control",
      { "cache-control": "max-age=10", "cdn-cache-control": "max-age=7" },
      7,
    ],
    ["the targeted field alone: no Expires", { "cdn-cache-control": "public", ...expires }, null],
    ["the targeted field alone: but a guess", { "cdn-cache-control": "public", ...modified }, 100],
    ["no-cache ends it", { "cache-control": "max-age=10, no-cache" }, 0],
    ["no-cache for fields doesn't (§5.2.2.4)", { "cache-control": 'max-age=10, no-cache="x"' }, 10],
    ["no-cache for fields, in part unreadable, does", { "cache-control": 'max-age=10, no-cache="x,"' }, 0],
    ["no-cache for fields, and altogether", { "cache-control": 'max-age=10, no-cache="x", no-cache' }, 0],
    ["targeted no-cache for fields", { "cdn-cache-control": 'max-age=10, no-cache="x"' }, 10],
    [
      "targeted seconds of another type: none",
      { "cdn-cache-control": 'public, max-age="9"', ...expires },
      null,
    ],
    [
      "a targeted field that can't be parsed: the next",
      { "cdn-cache-control": "max-age=7,", ...expires },
      40,
    ],
    ["no-cache without lifetime", { "cache-control": "no-cache" }, 0],
  ])("%s", (_, given: Record<string, string>, expected) => {
    expect(secondsFresh(fields(given))).toBe(expected);
  });

  test.each([
    ["the policy's where the origin says nothing", {}, 30],
    ["the policy's before a guess", { "last-modified": httpDate(NOON - days(30)) }, 30],
    ["the origin's before the policy's", { "cache-control": "max-age=10" }, 10],
    ["the origin's longer one too", { "cache-control": "max-age=100" }, 100],
    ["the origin's Expires too", { expires: "0" }, 0],
  ])("%s (policy: 30 s, respect)", (_, given: Record<string, string>, expected) => {
    expect(secondsFresh(fields(given), { ttl: seconds(30) })).toBe(expected);
  });

  test.each([
    ["over a shorter one", { "cache-control": "max-age=10" }, 30],
    ["over a longer one", { "cache-control": "s-maxage=1000" }, 30],
    ["over a targeted one", { "cdn-cache-control": "max-age=10" }, 30],
    ["not over no-cache", { "cache-control": "no-cache" }, 0],
  ])("the policy's %s (30 s, override)", (_, given: Record<string, string>, expected) => {
    expect(secondsFresh(fields(given), { ttl: seconds(30), ttlMode: "override" })).toBe(expected);
  });

  test("an override without a lifetime overrides none", () => {
    expect(secondsFresh(cacheControl("max-age=10"), { ttlMode: "override" })).toBe(10);
    expect(secondsFresh([], { ttl: millis(0), ttlMode: "override" })).toBe(0);
  });

  test.each([200, 203, 204, 301, 308, 404, 410])("a policy gives %i its lifetime", (status) => {
    expect(secondsFresh([], { ttl: seconds(30) }, status)).toBe(30);
  });

  test.each([302, 303, 307, 400, 401, 403, 408, 429, 500, 502, 503, 504])(
    "a policy gives the detour or failure %i none, only its origin may",
    (status) => {
      for (const ttlMode of ["respect", "override"] as const) {
        expect(secondsFresh([], { ttl: seconds(30), ttlMode }, status)).toBeNull();
        expect(secondsFresh(cacheControl("max-age=5"), { ttl: seconds(30), ttlMode }, status)).toBe(5);
      }
    },
  );
});

describe("Expires (RFC 9111 §5.3)", () => {
  const at = (wall: number) => httpDate(wall);

  test.each([
    ["counts from Date", at(NOON + 60_000), at(NOON), 60],
    ["counts from Date, not from our clock", at(NOON - 1000), at(NOON - 61_000), 60],
    ["counts from arrival without a Date", at(NOON + 60_000), null, 60],
    ["counts from arrival with an invalid Date", at(NOON + 60_000), "today", 60],
    ["in the past is stale", at(NOON - 60_000), at(NOON), 0],
    ["equal to Date is stale", at(NOON), at(NOON), 0],
    ["0 is stale", "0", at(NOON), 0],
    ["-1 is stale", "-1", at(NOON), 0],
    ["empty is stale", "", at(NOON), 0],
    ["a number of seconds is stale", "60", at(NOON), 0],
    ["in RFC 850 form", "Wednesday, 01-Jul-26 12:01:00 GMT", at(NOON), 60],
    ["in asctime form", "Wed Jul  1 12:01:00 2026", at(NOON), 60],
    ["in another zone is stale", "Wed, 01 Jul 2026 12:01:00 CET", at(NOON), 0],
    ["given twice is stale", `${at(NOON + 60_000)}, ${at(NOON + 60_000)}`, at(NOON), 0],
  ])("%s", (_, expires, date, expected) => {
    const headers: HeaderPair[] = [["expires", expires]];
    if (date !== null) headers.push(["date", date]);
    expect(secondsFresh(headers)).toBe(expected);
  });
});

describe("a guessed lifetime (RFC 9111 §4.2.2)", () => {
  const modified = (ago: number): HeaderPair[] => [DATE, ["last-modified", httpDate(NOON - ago)]];

  test.each([
    ["a tenth of the time since the last modification", minutes(10), 60],
    ["a day at most", days(365), 86_400],
    ["a day exactly", days(10), 86_400],
    ["less than a day below that", days(10) - 10_000, 86_399],
    ["nothing where it was modified just now", 0, 0],
    ["nothing where it was modified later", -hours(1), 0],
  ])("is %s", (_, ago, expected) => expect(secondsFresh(modified(ago))).toBe(expected));

  test("is not made of an invalid date", () => {
    expect(secondsFresh([DATE, ["last-modified", "yesterday"]])).toBeNull();
  });

  const guessed = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
  test.each([...guessed, 201, 202, 302, 303, 304, 307, 400, 403, 429, 500, 502, 503])(
    "of a %i only where RFC 9110 §15.1 allows it",
    (status) => {
      expect(secondsFresh(modified(minutes(10)), {}, status)).toBe(guessed.includes(status) ? 60 : null);
    },
  );

  test.each([201, 302, 307, 400, 403, 500, 503])("of a %i too where it is public (§5.2.2.9)", (status) => {
    const headers = [...modified(minutes(5)), ...cacheControl("public")];
    expect(secondsFresh(headers, {}, status)).toBe(30);
  });

  test.each([
    [200, 86_400],
    [301, 86_400],
    [302, 86_400],
    [404, 60],
    [410, 60],
    [501, 60],
    [503, 60],
  ])("of a %i is never more than %i s", (status, cap) => {
    const headers = [...modified(days(365)), ...cacheControl("public")];
    expect(secondsFresh(headers, {}, status)).toBe(cap);
  });

  test("is made without a policy too", () => {
    expect(secondsFresh(modified(days(1)), { policyId: null })).toBe(8640);
  });

  test.each([
    ["no-cache", null],
    ["No-Cache", null],
    ["x=1, no-cache", null],
    ["x=1", 60],
    ["", 60],
  ])(
    "beside Pragma: %s is %s (§5.4: said by an origin it means nothing, but it meant something)",
    (pragma, found) => {
      expect(secondsFresh([...modified(minutes(10)), ["pragma", pragma]])).toBe(found);
    },
  );

  test("is all that Pragma has a say in", () => {
    expect(secondsFresh([["pragma", "no-cache"], ...cacheControl("max-age=5")])).toBe(5);
    expect(secondsFresh([["pragma", "no-cache"]], { ttl: seconds(30) })).toBe(30);
  });
});

describe("stale windows (RFC 5861, RFC 9111 §4.2.4)", () => {
  const windows = (value: string, rules: Partial<Rules> = {}) => {
    const { staleWhileRevalidate, staleIfError } = lifetime(cacheControl(value), rules);
    return [staleWhileRevalidate / 1000, staleIfError / 1000];
  };
  const policy = { staleWhileRevalidate: seconds(7), staleIfError: seconds(8) };

  test.each([
    ["the origin's", "max-age=1, stale-while-revalidate=3, stale-if-error=4", {}, [3, 4]],
    ["none stated", "max-age=1", {}, [0, 0]],
    ["the policy's where the origin states none", "max-age=1", policy, [7, 8]],
    ["the origin's before the policy's, each for itself", "max-age=1, stale-if-error=4", policy, [7, 4]],
    ["the origin's zero before the policy's", "max-age=1, stale-while-revalidate=0", policy, [0, 8]],
    ["an invalid one is none", "max-age=1, stale-while-revalidate=x", policy, [0, 8]],
    ["a repeated one: the least", "max-age=1, stale-if-error=9, stale-if-error=2", {}, [0, 2]],
    ["must-revalidate forbids them", "max-age=1, must-revalidate, stale-if-error=4", policy, [0, 0]],
    ["proxy-revalidate forbids them", "max-age=1, proxy-revalidate", policy, [0, 0]],
    ["no-cache forbids them", "no-cache, stale-while-revalidate=3", policy, [0, 0]],
    ["no-cache for fields doesn't", 'max-age=1, no-cache="x", stale-if-error=4', policy, [7, 4]],
    ["no-cache for fields and altogether does", 'no-cache="x", no-cache, stale-if-error=4', policy, [0, 0]],
    ["s-maxage forbids the policy's (§5.2.2.10)", "s-maxage=1", policy, [0, 0]],
    ["s-maxage with the origin's own windows", "s-maxage=1, stale-while-revalidate=3", policy, [3, 0]],
    ["s-maxage with must-revalidate", "s-maxage=1, stale-if-error=3, must-revalidate", policy, [0, 0]],
  ])("%s", (_, value, rules, expected) => expect(windows(value, rules)).toEqual(expected));

  test.each([
    ["the policy's before the origin's", "max-age=1, stale-if-error=4", policy, [7, 8]],
    ["the policy's beside s-maxage", "s-maxage=1", policy, [7, 8]],
    ["none, where the policy has none", "max-age=1, stale-if-error=4", {}, [0, 0]],
    ["but must-revalidate holds", "max-age=1, must-revalidate", policy, [0, 0]],
  ])("in override mode: %s", (_, value, rules, expected) => {
    expect(windows(value, { ...rules, ttlMode: "override" })).toEqual(expected);
  });

  test("the targeted field governs them too", () => {
    const headers: HeaderPair[] = [
      ["cache-control", "max-age=1, must-revalidate"],
      ["cdn-cache-control", "max-age=1, stale-if-error=4"],
    ];
    expect([lifetime(headers).staleIfError, mustRevalidate(headers)]).toEqual([4000, false]);
    expect(mustRevalidate(headers.slice(0, 1))).toBe(true);
  });
});

describe("where an answer stands", () => {
  const input = (given: Partial<Record<keyof FreshnessInput, number | null>>): FreshnessInput =>
    ({
      age: 0,
      fresh: 100,
      staleWhileRevalidate: 10,
      staleIfError: 50,
      softFor: null,
      ...given,
    }) as FreshnessInput;

  test.each([
    ["new", {}, { kind: "fresh", remaining: 100 }],
    ["at its last millisecond", { age: 99 }, { kind: "fresh", remaining: 1 }],
    ["at its end", { age: 100 }, { kind: "stale-while-revalidate", staleFor: 0, ifError: true }],
    ["within the first window", { age: 109 }, { kind: "stale-while-revalidate", staleFor: 9, ifError: true }],
    ["past the first window", { age: 110 }, { kind: "stale-if-error", staleFor: 10 }],
    ["past both", { age: 150 }, { kind: "expired", staleFor: 50 }],
    [
      "with the longer window first",
      { age: 115, staleWhileRevalidate: 20, staleIfError: 10 },
      { kind: "stale-while-revalidate", staleFor: 15, ifError: false },
    ],
    [
      "without windows",
      { age: 100, staleWhileRevalidate: 0, staleIfError: 0 },
      { kind: "expired", staleFor: 0 },
    ],
    [
      "without life",
      { fresh: 0, staleWhileRevalidate: 0, staleIfError: 0 },
      { kind: "expired", staleFor: 0 },
    ],
    [
      "soft-invalidated just now",
      { softFor: 0 },
      { kind: "stale-while-revalidate", staleFor: 0, ifError: true },
    ],
    ["soft-invalidated a while ago", { softFor: 12 }, { kind: "stale-if-error", staleFor: 12 }],
    ["soft-invalidated long ago", { softFor: 60 }, { kind: "expired", staleFor: 60 }],
    ["soft-invalidated after it expired", { age: 120, softFor: 5 }, { kind: "stale-if-error", staleFor: 20 }],
    [
      "soft-invalidated before it expired",
      { age: 105, softFor: 30 },
      { kind: "stale-if-error", staleFor: 30 },
    ],
  ])("%s", (_, given, expected) => expect(freshnessAt(input(given))).toEqual(expected));

  const spans = {
    age: integer({ min: 0, max: 300 }),
    fresh: integer({ min: 0, max: 200 }),
    staleWhileRevalidate: integer({ min: 0, max: 80 }),
    staleIfError: integer({ min: 0, max: 80 }),
  };
  const states = record({ ...spans, softFor: option(integer({ min: 0, max: 300 })) });
  const RANK = ["fresh", "stale-while-revalidate", "stale-if-error", "expired"];
  const remaining = (given: FreshnessInput) => {
    const found = freshnessAt(given);
    return found.kind === "fresh" ? found.remaining : -found.staleFor;
  };

  test("what remains never grows with time, and no state comes back", () => {
    holds(
      property(states, integer({ min: 0, max: 200 }), (given, passed) => {
        const before = input(given);
        const after = input({
          ...given,
          age: given.age + passed,
          softFor: given.softFor === null ? null : given.softFor + passed,
        });
        expect(remaining(after)).toBeLessThanOrEqual(remaining(before) - passed);
        expect(RANK.indexOf(freshnessAt(after).kind)).toBeGreaterThanOrEqual(
          RANK.indexOf(freshnessAt(before).kind),
        );
      }),
      1000,
    );
  });

  test("a soft invalidation never adds to it, and less life or smaller windows never do", () => {
    holds(
      property(
        states,
        integer({ min: 0, max: 50 }),
        constantFrom("fresh", "staleWhileRevalidate", "staleIfError"),
        (given, less, which) => {
          const lesser = input({ ...given, [which]: Math.max(0, given[which] - less) });
          expect(remaining(lesser)).toBeLessThanOrEqual(remaining(input(given)));
          expect(remaining(input(given))).toBeLessThanOrEqual(remaining(input({ ...given, softFor: null })));
          const rank = (one: FreshnessInput) => RANK.indexOf(freshnessAt(one).kind);
          if (which === "fresh") expect(rank(lesser)).toBeGreaterThanOrEqual(rank(input(given)));
        },
      ),
      1000,
    );
  });

  test("nothing is usable past life and both windows", () => {
    holds(
      property(states, (given) => {
        const past = given.age >= given.fresh + Math.max(given.staleWhileRevalidate, given.staleIfError);
        expect(freshnessAt(input({ ...given, softFor: null })).kind === "expired").toBe(past);
      }),
      500,
    );
  });
});

describe("arbitrary headers", () => {
  const names = constantFrom(
    "cache-control",
    "cdn-cache-control",
    "surrogate-control",
    "expires",
    "date",
    "last-modified",
    "age",
  );
  const words = constantFrom(
    "max-age=",
    "s-maxage=",
    "no-cache",
    ",",
    '"',
    "-",
    "9",
    "0",
    " ",
    httpDate(NOON),
    "stale-if-error=",
    "1e9",
    "=",
    "\\",
  );
  const value = string({ unit: words, maxLength: 6 });
  const headers = tuple(tuple(names, value), tuple(names, value), tuple(names, value));
  const ttl = option(integer({ min: 0, max: 100 }).map((ms) => millis(ms)));

  test("never give a lifetime, window or age below zero, or one that is no number", () => {
    holds(
      property(headers, constantFrom(200, 302, 404, 500), ttl, (list, status, policy) => {
        const input = inputOf(list, { ttl: policy }, status);
        const { fresh, staleWhileRevalidate, staleIfError } = lifetimeOf(input);
        const age = ageWhenSent({ ...input, responseDelay: seconds(1) });
        for (const span of [fresh ?? 0, staleWhileRevalidate, staleIfError, age]) {
          expect(Number.isFinite(span)).toBe(true);
          expect(span).toBeGreaterThanOrEqual(0);
        }
      }),
      2000,
    );
  });
});

describe("how old an answer was when its request was sent (RFC 9111 §4.2.3)", () => {
  const ageOf = (given: Record<string, string>, delay = 0): number =>
    ageWhenSent({ ...inputOf(Object.entries(given)), responseDelay: millis(delay) });

  test.each([
    ["nothing stated", {}, 0, 0],
    ["made just now", { date: httpDate(NOON) }, 0, 0],
    ["an Age", { age: "30" }, 0, 30_000],
    ["an Age, and the time the answer took comes on top", { age: "30" }, 5000, 30_000],
    ["a Date in the past", { date: httpDate(NOON - 30_000) }, 0, 30_000],
    [
      "a Date in the past, that the answer's way explains in part",
      { date: httpDate(NOON - 30_000) },
      10_000,
      20_000,
    ],
    ["a Date in the past, that the answer's way explains", { date: httpDate(NOON - 30_000) }, 40_000, 0],
    ["a Date in the future", { date: httpDate(NOON + 30_000) }, 0, 0],
    ["the greater of Age and Date", { age: "10", date: httpDate(NOON - 30_000) }, 0, 30_000],
    ["the greater of Date and Age", { age: "60", date: httpDate(NOON - 30_000) }, 0, 60_000],
    ["the first of several ages (§5.1)", { age: "10, 90" }, 0, 10_000],
    ["an invalid Age", { age: "x" }, 0, 0],
    ["a negative Age", { age: "-5" }, 0, 0],
    ["a fraction of an Age", { age: "1.5" }, 0, 0],
    ["a huge Age", { age: "9".repeat(50) }, 0, 2 ** 31 * 1000],
    ["an invalid Date", { date: "yesterday" }, 0, 0],
  ])("%s", (_, given: Record<string, string>, delay, expected) => expect(ageOf(given, delay)).toBe(expected));

  const granted = (given: Record<string, string>, rules: Partial<Rules>): number =>
    ageWhenSent({ ...inputOf(Object.entries(given), rules), responseDelay: millis(0) });
  const slow = { date: httpDate(NOON - 120_000) };
  const ttl = seconds(60);

  test.each<[string, Record<string, string>, Partial<Rules>, number]>([
    ["that states none", slow, { ttl }, 0],
    [
      "over what the origin states",
      { ...slow, "cache-control": "max-age=9" },
      { ttl, ttlMode: "override" },
      0,
    ],
    ["and an Age counts all the same", { ...slow, age: "30" }, { ttl }, 30_000],
  ])(
    "a life that a policy grants begins when the origin is asked, whatever its clock says: %s",
    (_, given, rules, expected) => expect(granted(given, rules)).toBe(expected),
  );

  test("what a policy's life leaves out of an age is told beside it", () => {
    const leftOut = (rules: Partial<Rules>): number =>
      ageLeftOut({
        ...inputOf(Object.entries({ ...slow, age: "30", "cache-control": "max-age=9" }), rules),
        responseDelay: millis(0),
      });
    expect([leftOut({ ttl, ttlMode: "override" }), leftOut({})]).toEqual([90_000, 0]);
  });

  test.each<[string, Record<string, string>, Partial<Rules>]>([
    ["the origin's", { ...slow, "cache-control": "max-age=9" }, { ttl }],
    ["a guess", { ...slow, "last-modified": httpDate(0) }, {}],
  ])("of a life that is %s the Date counts", (_, given, rules) =>
    expect(granted(given, rules)).toBe(120_000),
  );

  test("a 304 tells its own age of a life that is the stored answer's", () => {
    const input = inputOf([["cache-control", "max-age=9"]], { ttl });
    const age = (arrived: HeaderPair[]) => ageWhenSent({ ...input, arrived, responseDelay: millis(0) });
    expect(age([["date", slow.date]])).toBe(120_000);
    expect(age([["age", "7"]])).toBe(7000);
  });

  test("what comes past its life and its windows is over on arrival", () => {
    const over = (value: string, age: string) =>
      isOverOnArrival({
        ...inputOf(Object.entries({ "cache-control": value, age })),
        responseDelay: millis(0),
      });
    expect([over("max-age=60", "59"), over("max-age=60", "60")]).toEqual([false, true]);
    expect(over("max-age=60, stale-if-error=60", "119")).toBe(false);
    expect(over("max-age=60, stale-while-revalidate=60", "120")).toBe(true);
  });

  test("does not count what a Date in whole seconds leaves out, and counts all beyond that", () => {
    const arrived = (after: number) =>
      ageWhenSent({ ...inputOf([DATE]), receivedAtWall: NOON + after, responseDelay: millis(0) });
    expect([arrived(999), arrived(1000), arrived(1001)]).toEqual([0, 1000, 1001]);
  });

  test("with the delay added is never less than the standard's corrected initial age, but for a Date's rounding", () => {
    const walls = integer({ min: -100, max: 100 }).map((s) => NOON - s * 1000);
    holds(
      property(integer({ min: 0, max: 100 }), walls, integer({ min: 0, max: 50_000 }), (age, date, delay) => {
        const apparent = Math.max(0, NOON - date);
        const standard = Math.max(apparent, age * 1000 + delay);
        const ours = ageOf({ age: String(age), date: httpDate(date) }, delay) + delay;
        expect(ours).toBeGreaterThanOrEqual(standard);
        expect(ours).toBeLessThanOrEqual(Math.max(standard, delay));
      }),
    );
  });
});

test("what is missing is kept for a minute at the most by a policy's life, and as long as the origin says by its own", () => {
  expect(secondsFresh([], { ttl: days(365) }, 404)).toBe(60);
  expect(secondsFresh([["cache-control", "max-age=600"]], { ttl: days(365) }, 404)).toBe(600);
});

test("a policy that refreshes nothing serves nothing while it revalidates, whatever the origin allows", () => {
  const headers = cacheControl("max-age=10, stale-while-revalidate=60, stale-if-error=60");
  expect(lifetime(headers, { refresh: "none" }).staleWhileRevalidate).toBe(0);
  expect(lifetime(headers, { refresh: "none" }).staleIfError).toBe(60_000);
  expect(lifetime(headers, { refresh: "swr" }).staleWhileRevalidate).toBe(60_000);
});
