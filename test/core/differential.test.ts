// Storability and lifetime against http-cache-semantics: the same for every answer, the listed differences apart.

import {
  array,
  boolean,
  constantFrom,
  integer,
  oneof,
  option,
  property,
  record,
  sample as samplesOf,
} from "fast-check";
import CachePolicy from "http-cache-semantics";
import { describe, expect, test } from "vitest";
import { ageWhenSent, lifetimeOf } from "../../shared/core/freshness.ts";
import type { HeaderPair } from "../../shared/core/headers.ts";
import { storability } from "../../shared/core/storability.ts";
import { millis } from "../../shared/core/units.ts";
import {
  type DateField,
  DIFFERENCES,
  type Difference,
  dateField,
  GUESSED,
  has,
  type Sample,
} from "./differences.ts";
import { NOON, rulesWith } from "./samples.ts";
import { assertSeeded } from "./seeded.ts";

/** What a cache does with an answer: `usableFor` is how much longer, in milliseconds, in time or stale. */
interface Outcome {
  readonly stored: boolean;
  readonly usableFor: number;
}

/** Its clock may be replaced; its types do not say so. */
class PolicyAtNoon extends CachePolicy {
  now(): number {
    return NOON;
  }
}

describe("an answer is stored, and usable for as long, as http-cache-semantics finds", () => {
  test("for every answer, given the differences", () => {
    assertSeeded(
      property(samples(), (one) => {
        expect(isSame(ours(one), theirs(one, DIFFERENCES)), JSON.stringify(one)).toBe(true);
      }),
      12_000,
    );
  });

  test.each(DIFFERENCES)("and not without this one: $name", (difference) => {
    const others = DIFFERENCES.filter((each) => each !== difference);
    const shows = (one: Sample): boolean => !isSame(ours(one), theirs(one, others));
    expect(SOUGHT.some(shows), difference.why).toBe(true);
  });

  test("both ways: there are answers that only one of them stores, or uses for longer", () => {
    const verdicts = SOUGHT.map((one) => [ours(one), theirs(one, [])] as const);
    expect(verdicts.some(([we, they]) => we.stored && !they.stored)).toBe(true);
    expect(verdicts.some(([we, they]) => !we.stored && they.stored)).toBe(true);
    expect(verdicts.some(([we, they]) => we.usableFor > they.usableFor)).toBe(true);
    expect(verdicts.some(([we, they]) => we.usableFor < they.usableFor)).toBe(true);
  });
});

/** Their guesses are fractions of a millisecond, ours whole ones. */
const isSame = (a: Outcome, b: Outcome): boolean =>
  a.stored === b.stored && Math.abs(a.usableFor - b.usableFor) <= 1;

function ours(one: Sample): Outcome {
  const headers = headersOf(one);
  const input = { status: one.status, headers, rules: rulesWith(), receivedAtWall: NOON };
  const lifetime = lifetimeOf(input);
  const verdict = storability({
    ...input,
    method: "GET",
    authorized: one.authorized,
    requestNoStore: false,
    provocative: false,
    lifetime: lifetime.fresh,
    // They keep it, and never use it: that shows in for how long.
    isOver: false,
  });
  if (verdict.kind === "refuse") return { stored: false, usableFor: 0 };
  const age = ageWhenSent({ ...input, responseDelay: millis(0) });
  const whole = (lifetime.fresh ?? 0) + Math.max(lifetime.staleWhileRevalidate, lifetime.staleIfError);
  return { stored: true, usableFor: Math.max(0, whole - age) };
}

function theirs(one: Sample, differences: readonly Difference[]): Outcome {
  const given = differences.reduce((each, { rewrite }) => rewrite(each, NOON), one);
  const request = { method: "GET", headers: given.authorized ? { authorization: "Basic eA==" } : {} };
  const response = { status: given.status, headers: Object.fromEntries(headersOf(given)) };
  const policy = new PolicyAtNoon(request, response, { shared: true });
  const stored = policy.storable() && isWorthStoring(one, given, policy.maxAge());
  return { stored, usableFor: stored ? policy.timeToLive() : 0 };
}

/** They store what can never be used again: without any lifetime, or stale at once without anything to revalidate it by. */
function isWorthStoring(one: Sample, given: Sample, maxAge: number): boolean {
  const noCache = has(given, "no-cache");
  const stated = ["max-age", "s-maxage"].some((name) => has(given, name)) || given.expires !== null;
  // What must be validated before each use states no lifetime: then its status has to allow that it is stored.
  const validated = noCache && GUESSED.includes(one.status);
  if (!stated && !validated && given.lastModified === null) return false;
  const servableStale =
    ["stale-while-revalidate", "stale-if-error"].some((name) => has(given, name)) && !noCache;
  return maxAge > 0 || one.etag || one.lastModified !== null || servableStale;
}

function headersOf(one: Sample): HeaderPair[] {
  const written = one.directives.map(({ name, argument }) =>
    argument === null ? name : `${name}=${argument}`,
  );
  const fields: (readonly [string, string | null | undefined])[] = [
    ["cache-control", written.length === 0 ? null : written.join(one.separator)],
    ["expires", one.expires?.text],
    ["date", one.date?.text],
    ["last-modified", one.lastModified?.text],
    ["age", one.age],
    ["pragma", one.pragma],
    ["set-cookie", one.setCookie ? "a=b" : null],
    ["vary", one.vary],
    ["etag", one.etag ? '"a"' : null],
  ];
  return fields.flatMap(([name, value]) => (value == null ? [] : [[name, value] as const]));
}

function samples() {
  const rarely = (value: string) => option(constantFrom(value), { freq: 8 });
  return record({
    status: oneof(
      { weight: 3, arbitrary: constantFrom(200) },
      constantFrom(302),
      constantFrom(203, 301, 302, 404, 410, 501, 201, 299, 403, 429, 500, 503, 599, 199, 304, 412, 416, 600),
    ),
    authorized: boolean(),
    directives: array(directive(), { maxLength: 4 }),
    separator: constantFrom(", ", ",", " ,\t", ", ,"),
    expires: option(dates(), { freq: 2 }),
    date: option(dates(), { freq: 2 }),
    lastModified: option(dates()),
    age: option(constantFrom("0", "7", "30, 900", "-5", "1.5", "9x", "x", ""), { freq: 2 }),
    pragma: rarely("no-cache"),
    setCookie: constantFrom(false, false, false, true),
    vary: option(constantFrom("*", "accept, *", "accept"), { freq: 2 }).map((one) => one ?? null),
    etag: boolean(),
  });
}

function directive() {
  const seconds = constantFrom(
    "60",
    "7",
    "0",
    '"60"',
    "007",
    "-1",
    "1.5",
    "60s",
    "",
    "x",
    "9".repeat(30),
    null,
  );
  const counted = record({
    name: constantFrom(
      "max-age",
      "s-maxage",
      "stale-while-revalidate",
      "stale-if-error",
      "Max-Age",
      "S-MAXAGE",
    ),
    argument: oneof({ weight: 2, arbitrary: constantFrom("60", "600") }, seconds),
  });
  const flag = record({
    name: constantFrom(
      ...[
        "public",
        "must-revalidate",
        "proxy-revalidate",
        "must-understand",
        "immutable",
        "no-cache",
        "private",
      ],
      ...["no-store", "No-Store", "Private", "NO-CACHE"],
    ),
    argument: option(constantFrom("", '""', "1", '"x-a"', '"x-a, x-b"', '"a b"'), { freq: 2 }),
  });
  const extension = record({
    name: constantFrom("ext"),
    argument: constantFrom("1", '"a, no-store, b"', '"a, max-age=9, b"'),
  });
  return oneof({ weight: 4, arbitrary: counted }, { weight: 3, arbitrary: flag }, extension);
}

function dates() {
  const valid = integer({ min: -20_000, max: 20_000 }).map((seconds) => dateField(NOON + seconds * 1000));
  const odd = constantFrom<DateField>(
    { text: "0", at: null },
    { text: "", at: null },
    { text: "tomorrow", at: null },
    { text: "2026-07-01T12:10:00Z", at: null },
    { text: "Wed, 01 Jul 2026 12:10:00 +0000", at: null },
    { text: "Wednesday, 01-Jul-26 11:10:00 GMT", at: NOON - 3_000_000 },
    { text: "Wed Jul  1 11:10:00 2026", at: NOON - 3_000_000 },
    dateField(NOON - 400 * 86_400_000),
  );
  return oneof({ weight: 3, arbitrary: valid }, odd);
}

/** Where a difference is looked for. */
const SOUGHT = samplesOf(samples(), { numRuns: 15_000, seed: 2 });
