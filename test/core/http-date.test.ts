// HTTP dates in their three forms (RFC 9110 §5.6.7), against the runtime's own calendar.

import { integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseHttpDate } from "../../shared/core/http-date.ts";
import { holds, NOON } from "./samples.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const YEAR = 31_556_952_000;

const two = (value: number, pad = "0") => String(value).padStart(2, pad);
const timeOf = (date: Date) =>
  [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map((part) => two(part)).join(":");
const monthOf = (date: Date) => MONTHS[date.getUTCMonth()];
const dayName = (date: Date) => DAYS[date.getUTCDay()] ?? "";

const imf = (date: Date) =>
  `${dayName(date).slice(0, 3)}, ${two(date.getUTCDate())} ${monthOf(date)} ${String(date.getUTCFullYear()).padStart(4, "0")} ${timeOf(date)} GMT`;
const rfc850 = (date: Date) =>
  `${dayName(date)}, ${two(date.getUTCDate())}-${monthOf(date)}-${two(date.getUTCFullYear() % 100)} ${timeOf(date)} GMT`;
const asctime = (date: Date) =>
  `${dayName(date).slice(0, 3)} ${monthOf(date)} ${two(date.getUTCDate(), " ")} ${timeOf(date)} ${date.getUTCFullYear()}`;

const secondsBetween = (from: number, to: number) =>
  integer({ min: Math.ceil(from / 1000), max: Math.floor(to / 1000) }).map((seconds) => seconds * 1000);

describe("a date", () => {
  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT"],
    ["Sunday, 06-Nov-94 08:49:37 GMT"],
    ["Sun Nov  6 08:49:37 1994"],
    ["sun, 06 nov 1994 08:49:37 gmt"],
  ])("in the form %s", (text) => {
    expect(parseHttpDate(text, NOON)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  test.each([
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["Wed, 31 Dec 1969 23:59:59 GMT", -1000],
    ["Tue, 29 Feb 2000 12:00:00 GMT", Date.UTC(2000, 1, 29, 12)],
    ["Thu, 29 Feb 2024 23:59:59 GMT", Date.UTC(2024, 1, 29, 23, 59, 59)],
    ["Mon, 01 Mar 2100 00:00:00 GMT", Date.UTC(2100, 2, 1)],
    ["Fri, 31 Dec 9999 23:59:59 GMT", Date.UTC(9999, 11, 31, 23, 59, 59)],
    ["Sat, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
    ["Mon, 01 Jul 2026 12:00:00 GMT", NOON],
  ])("%s, leap years, leap seconds and a wrong weekday included", (text, expected) => {
    expect(parseHttpDate(text, NOON)).toBe(expected);
  });

  test.each([
    ["IMF-fixdate", imf, secondsBetween(Date.UTC(100, 0, 1), Date.UTC(10_000, 0, 1) - 1000)],
    ["asctime", asctime, secondsBetween(Date.UTC(1000, 0, 1), Date.UTC(10_000, 0, 1) - 1000)],
    ["RFC 850", rfc850, secondsBetween(NOON - 26 * YEAR, NOON + 49.9 * YEAR)],
  ])("of any second reads as the calendar has it, in the form of %s", (_, format, instants) => {
    holds(
      property(instants, (wall) => {
        expect(parseHttpDate(format(new Date(wall)), NOON)).toBe(wall);
      }),
      500,
    );
  });
});

describe("a year of two digits", () => {
  test("is the latest one that is not more than 50 years ahead", () => {
    holds(
      property(
        secondsBetween(Date.UTC(1970, 0, 2), Date.UTC(2200, 0, 1)),
        integer({ min: 0, max: 99 }),
        (now, digits) => {
          const at = parseHttpDate(`Sunday, 06-Nov-${two(digits)} 08:49:37 GMT`, now) ?? Number.NaN;
          expect(new Date(at).getUTCFullYear() % 100).toBe(digits);
          expect(at - now).toBeLessThanOrEqual(50 * YEAR);
          expect(at - now).toBeGreaterThan(-51 * YEAR);
        },
      ),
    );
  });

  test.each([
    ["Wednesday, 01-Jul-26 12:00:00 GMT", 2026],
    ["Friday, 31-Dec-99 12:00:00 GMT", 1999],
    ["Saturday, 01-Jan-00 12:00:00 GMT", 2000],
    ["Monday, 29-Jun-76 12:00:00 GMT", 2076],
    ["Wednesday, 06-Nov-76 12:00:00 GMT", 1976],
    ["Saturday, 01-Jan-77 12:00:00 GMT", 1977],
  ])("%s is of %i, seen from July 2026", (text, year) => {
    expect(new Date(parseHttpDate(text, NOON) ?? Number.NaN).getUTCFullYear()).toBe(year);
  });

  test("is counted from the clock's year on its first day too", () => {
    for (let year = 1972; year <= 2096; year += 4) {
      const at = parseHttpDate(`Sunday, 01-Jan-${two(year % 100)} 00:00:00 GMT`, Date.UTC(year, 0, 1));
      expect(at).toBe(Date.UTC(year, 0, 1));
    }
  });
});

describe("what is no date", () => {
  test.each([
    "",
    "0",
    "-1",
    "now",
    "1751371200",
    "2026-07-01T12:00:00Z",
    "Wed, 1 Jul 2026 12:00:00 GMT",
    "Wed, 01 Jul 26 12:00:00 GMT",
    "Wed, 01 Jul 2026 12:00 GMT",
    "Wed, 01 Jul 2026 12:00:00",
    "Wed, 01 Jul 2026 12:00:00 UTC",
    "Wed, 01 Jul 2026 12:00:00 +0000",
    "Wed, 01 Jul 2026 12:00:00 GMT ",
    " Wed, 01 Jul 2026 12:00:00 GMT",
    "Wed, 01 Jul 2026 12:00:00 GMT, Wed, 01 Jul 2026 12:00:00 GMT",
    "Wed 01 Jul 2026 12:00:00 GMT",
    "Wed,  01 Jul 2026 12:00:00 GMT",
    "Xyz, 01 Jul 2026 12:00:00 GMT",
    "Wed, 01 Xyz 2026 12:00:00 GMT",
    "Wed, 00 Jul 2026 12:00:00 GMT",
    "Wed, 32 Jul 2026 12:00:00 GMT",
    "Wed, 31 Jun 2026 12:00:00 GMT",
    "Sun, 29 Feb 2026 12:00:00 GMT",
    "Mon, 29 Feb 2100 12:00:00 GMT",
    "Wed, 01 Jul 2026 24:00:00 GMT",
    "Wed, 01 Jul 2026 12:60:00 GMT",
    "Wed, 01 Jul 2026 12:00:61 GMT",
    "Wednesday, 1-Jul-26 12:00:00 GMT",
    "Wednesday, 01-Jul-2026 12:00:00 GMT",
    "Wednesday, 01 Jul 26 12:00:00 GMT",
    "Wed, 01-Jul-26 12:00:00 GMT",
    "Wed Jul 1 12:00:00 2026",
    "Wed Jul  1 12:00:00 26",
    "Wed Jul  1 12:00:00 2026 GMT",
    "Wed Jul  0 12:00:00 2026",
  ])("%j", (text) => expect(parseHttpDate(text, NOON)).toBeNull());

  test("arbitrary text gives a finite number or null", () => {
    holds(
      property(string({ maxLength: 40 }), (text) => {
        const at = parseHttpDate(text, NOON);
        expect(at === null || Number.isFinite(at)).toBe(true);
      }),
    );
  });
});
