// Hostile response headers: whatever an origin sends, the core neither fails, nor stalls, nor stores what it must not, nor invents life.

import { array, constantFrom, integer, nat, oneof, property, string, tuple } from "fast-check";
import { ParseError, parseList } from "structured-headers";
import { describe, expect, test } from "vitest";
import { ageWhenSent, isOverOnArrival, lifetimeOf } from "../../shared/core/freshness.ts";
import { type HeaderList, type HeaderPair, headerValue } from "../../shared/core/headers.ts";
import { groupNames, storability, tagsOf } from "../../shared/core/storability.ts";
import { millis } from "../../shared/core/units.ts";
import { balanced, hostile, inCase } from "./hostile.ts";
import { httpDate, NOON, rulesWith } from "./samples.ts";
import { assertSeeded } from "./seeded.ts";

const LARGEST = 2 ** 31 * 1000;
const DAY = 86_400_000;

const FIELDS = [
  ...["cache-control", "cache-control", "cdn-cache-control", "surrogate-control", "tidegate-cache-control"],
  ...["expires", "date", "last-modified", "age", "pragma", "vary", "set-cookie", "etag", "connection"],
  ...["cache-tag", "surrogate-key", "xkey", "cache-groups"],
];

const dates = () => integer({ min: -DAY, max: DAY }).map((offset) => httpDate(NOON + offset));
const fields = () => tuple(constantFrom(...FIELDS), oneof({ weight: 4, arbitrary: hostile() }, dates()));
const statuses = () => constantFrom(200, 204, 301, 302, 404, 500, 599, 206, 304, 100, 0, 999);

function found(headers: HeaderList, status = 200) {
  const input = { status, headers, rules: rulesWith(), receivedAtWall: NOON };
  const lifetime = lifetimeOf(input);
  const request = { method: "GET", authorized: false, requestNoStore: false, provocative: false };
  const isOver = isOverOnArrival({ ...input, responseDelay: millis(0) });
  const verdict = storability({ ...input, ...request, lifetime: lifetime.fresh, isOver });
  return {
    lifetime,
    verdict,
    age: ageWhenSent({ ...input, responseDelay: millis(0) }),
    tags: tagsOf(headers),
  };
}

describe("for any header list", () => {
  test("lifetime, stale windows and age are whole numbers within bounds, and a verdict is found", () => {
    assertSeeded(
      property(array(fields(), { maxLength: 8 }), statuses(), (headers, status) => {
        const { lifetime, verdict, age } = found(headers, status);
        const { fresh, staleWhileRevalidate, staleIfError } = lifetime;
        const spans = [fresh ?? 0, staleWhileRevalidate, staleIfError, age];
        expect(spans.filter((span) => !Number.isInteger(span) || span < 0)).toEqual([]);
        expect(Math.max(staleWhileRevalidate, staleIfError)).toBeLessThanOrEqual(LARGEST);
        expect(["store", "refuse"]).toContain(verdict.kind);
        if (verdict.kind === "store") expect(fresh).not.toBeNull();
      }),
      3000,
    );
  });

  test("nothing lives longer, fresh or stale, than the greatest number or span that some field states", () => {
    assertSeeded(
      property(array(fields(), { maxLength: 8 }), (headers) => {
        const { fresh, staleWhileRevalidate, staleIfError } = found(headers).lifetime;
        expect(fresh ?? 0).toBeLessThanOrEqual(
          Math.max(greatestNumber(headers), statedSpan(headers), guess(headers)),
        );
        expect(Math.max(staleWhileRevalidate, staleIfError)).toBeLessThanOrEqual(greatestNumber(headers));
      }),
      3000,
    );
  });

  test("no word of Cache-Control adds to the life that its least max-age allows", () => {
    const other = balanced().filter((text) => !/s-maxage/i.test(text));
    assertSeeded(
      property(array(other, { maxLength: 4 }), nat(1000), nat(4), (noise, seconds, at) => {
        const lines = noise.toSpliced(at, 0, `Max-Age=${seconds}`).map(line);
        expect(found(lines).lifetime.fresh ?? 0).toBeLessThanOrEqual(seconds * 1000);
        expect(found([line(joined(lines))]).lifetime.fresh ?? 0).toBeLessThanOrEqual(seconds * 1000);
      }),
      3000,
    );
  });
});

describe("what must not be stored is not", () => {
  const forbidden = tuple(constantFrom("no-store", "private"), nat()).map(([name, bits]) =>
    inCase(name, bits),
  );
  const dressed = tuple(forbidden, constantFrom("", "=", '=""', '="', " ", "\t", " = ")).map((parts) =>
    parts.join(""),
  );

  test("under no-store or private, in any case, dress and place, on the same line or another", () => {
    assertSeeded(
      property(array(balanced(), { maxLength: 4 }), dressed, nat(4), (noise, word, at) => {
        const lines = ["max-age=60", ...noise].toSpliced(at, 0, word).map(line);
        expect(refusal(lines), "on lines").toMatch(/^(no-store|private)$/);
        // A quote that is never closed would take in what follows it on one line.
        const whole = word.endsWith('="') ? [...noise, word] : noise.toSpliced(at, 0, word);
        expect(refusal([line(["max-age=60", ...whole].join(","))]), "on one").toMatch(/^(no-store|private)$/);
      }),
      2500,
    );
  });

  test("behind a quote that is never closed", () => {
    const open = tuple(balanced(), forbidden).map(([noise, word]) => `max-age=60, ${noise}, ext="x, ${word}`);
    assertSeeded(
      property(open, (value) => {
        expect(refusal([line(value)])).toMatch(/^(no-store|private)$/);
      }),
      2000,
    );
  });

  test("in a field that is targeted at this cache, whatever Cache-Control says", () => {
    const targeted = constantFrom("cdn-cache-control", "tidegate-cache-control", "surrogate-control");
    assertSeeded(
      property(targeted, constantFrom("no-store", "private"), hostile(), (field, word, noise) => {
        const headers: HeaderList = [line("public, max-age=60"), line(noise), [field, `max-age=60, ${word}`]];
        expect(refusal(headers)).toBe(word);
      }),
      500,
    );
  });

  test("with any Set-Cookie, or a Vary that has a star for a member", () => {
    const stars = tuple(
      array(constantFrom("accept", " x ", "", "*")),
      array(constantFrom("b", "\t", "*")),
    ).map(([before, after]) => [...before, " *", ...after].join(","));
    const either = oneof(
      hostile().map((value) => ["set-cookie", value] as const),
      stars.map((value) => ["vary", value] as const),
    );
    assertSeeded(
      property(array(fields(), { maxLength: 4 }), either, nat(4), (others, field, at) => {
        const headers = [line("public, max-age=60"), ...others].toSpliced(at, 0, field);
        expect(found(headers).verdict.kind).toBe("refuse");
      }),
      2000,
    );
  });
});

test("groups are the strings that a parser of Structured Fields finds, and none where it finds fault", () => {
  const unit = constantFrom(
    '"a"',
    '"b c"',
    '"a',
    '"',
    "\\",
    ",",
    ", ",
    ";",
    "=",
    "x",
    "1",
    "?1",
    "(",
    ")",
    " ",
    '"é"',
  );
  assertSeeded(
    property(string({ unit, maxLength: 9 }), (value) => {
      expect(groupNames(value)).toEqual(stringsOf(value));
    }),
    6000,
  );
});

describe("time grows with size, not with its square", () => {
  const SMALL = 1 << 12;
  const TIMES = 8;
  const texts = [
    '"',
    ",",
    "a,",
    '\\"',
    " ",
    "\t ,",
    "max-age=1,",
    "9",
    '"a,',
    "=,",
    "a;b=",
    '("',
    "*,",
    'no-cache="x,',
  ];

  test.each(texts)("of values made of %j", (text) => {
    const headers = (size: number) => {
      const value = text.repeat(size / text.length);
      return FIELDS.slice(1).map((name): HeaderPair => [name, `a${value}b`]);
    };
    expectLinear(headers(SMALL), headers(SMALL * TIMES));
  });

  test("of the number of lines", () => {
    const headers = (size: number) =>
      Array.from(
        { length: size },
        (_, i): HeaderPair => [FIELDS[i % FIELDS.length] ?? "", `a${i}="b", max-age=${i}`],
      );
    expectLinear(headers(SMALL / 8), headers((SMALL / 8) * TIMES));
  });

  /** A square would take 64 times as long; what is too quick to measure passes. */
  function expectLinear(small: HeaderList, large: HeaderList): void {
    expect(quickest(large)).toBeLessThan(20 * quickest(small) + 20);
  }
});

/** In milliseconds of this process's own computing: a busy machine changes little of it. */
function quickest(headers: HeaderList): number {
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    found(headers);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

const line = (value: string): HeaderPair => ["cache-control", value];
const joined = (lines: HeaderList): string => lines.map(([, value]) => value).join(", ");

function refusal(headers: HeaderList): string {
  const { verdict } = found(headers);
  return verdict.kind === "store" ? "stored" : verdict.reason;
}

/** In milliseconds, of all numbers in fields that carry directives. */
function greatestNumber(headers: HeaderList): number {
  const texts = headers.filter(([name]) => name.endsWith("-control")).map(([, value]) => value);
  const numbers = texts.flatMap((text) => text.match(/\d+/g) ?? []).map(Number);
  return Math.min(Math.max(0, ...numbers) * 1000, LARGEST);
}

function statedSpan(headers: HeaderList): number {
  const expires = Date.parse(headerValue(headers, "expires") ?? "");
  const date = Date.parse(headerValue(headers, "date") ?? "");
  if (Number.isNaN(expires)) return 0;
  return Math.max(expires - NOON, Number.isNaN(date) ? 0 : expires - date);
}

const guess = (headers: HeaderList): number => (headerValue(headers, "last-modified") === null ? 0 : DAY);

function stringsOf(value: string): string[] {
  try {
    const items = parseList(value).map(([item]) => item);
    return items.filter((item) => typeof item === "string" && item !== "").map(String);
  } catch (error) {
    if (error instanceof ParseError) return [];
    throw error;
  }
}
