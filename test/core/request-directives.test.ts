// What clients may ask of the cache, as far as a policy lets them (RFC 9111 §5.2.1, §5.4).

import { constantFrom, integer, option, property } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  NO_DIRECTIVES,
  type RequestDirectives,
  requestDirectives,
  satisfies,
} from "../../shared/core/request-directives.ts";
import { type Millis, millis, seconds } from "../../shared/core/units.ts";
import { hostile } from "./hostile.ts";
import { holds } from "./samples.ts";

type Fields = Readonly<Record<string, string>>;
const header = (fields: Fields) => (name: string) => fields[name] ?? null;
const ever = Number.MAX_SAFE_INTEGER;

describe("a request's directives, all honoured (RFC 9111 §5.2.1)", () => {
  test.each<[string, Fields, Partial<Record<keyof RequestDirectives, boolean | number | null>>]>([
    ["none", {}, {}],
    ["an empty Cache-Control", { "cache-control": "" }, {}],
    ["no-store (§5.2.1.5)", { "cache-control": "no-store" }, { noStore: true }],
    ["only-if-cached (§5.2.1.7)", { "cache-control": "only-if-cached" }, { onlyIfCached: true }],
    ["no-cache (§5.2.1.4)", { "cache-control": "no-cache" }, { noCache: true }],
    ["max-age (§5.2.1.1)", { "cache-control": "max-age=5" }, { maxAge: 5000 }],
    ["min-fresh (§5.2.1.3)", { "cache-control": "min-fresh=5" }, { minFresh: 5000 }],
    ["max-stale (§5.2.1.2)", { "cache-control": "max-stale=5" }, { maxStale: 5000 }],
    ["max-stale of any age", { "cache-control": "max-stale" }, { maxStale: ever }],
    ["max-stale twice: the lesser", { "cache-control": "max-stale=9, max-stale=5" }, { maxStale: 5000 }],
    ["an invalid max-stale is none", { "cache-control": "max-stale=x" }, { maxStale: 0 }],
    ["an invalid max-age is the least", { "cache-control": "max-age=x" }, { maxAge: 0 }],
    ["any case", { "cache-control": "No-Cache, MAX-AGE=1" }, { noCache: true, maxAge: 1000 }],
    ["an unknown one", { "cache-control": "public, x=1" }, {}],
    ["one in a quoted string", { "cache-control": 'x="no-cache, no-store"' }, {}],
    [
      "several",
      { "cache-control": "no-store, max-age=0, min-fresh=1" },
      { noStore: true, maxAge: 0, minFresh: 1000 },
    ],
    ["Pragma (§5.4)", { pragma: "no-cache" }, { noCache: true }],
    ["Pragma among others", { pragma: "x=1, No-Cache" }, { noCache: true }],
    ["another Pragma", { pragma: "no-cache-please" }, {}],
    ["Pragma beside Cache-Control", { pragma: "no-cache", "cache-control": "max-age=5" }, { maxAge: 5000 }],
    ["Pragma beside an empty Cache-Control", { pragma: "no-cache", "cache-control": "" }, {}],
  ])("%s", (_, fields, expected) => {
    expect(requestDirectives("honor", header(fields))).toEqual({ ...NO_DIRECTIVES, ...expected });
  });
});

describe("a policy", () => {
  const everything = "no-store, only-if-cached, no-cache, max-age=0, min-fresh=9, max-stale=9";

  test("that restricts hears only what makes the cache do less", () => {
    expect(requestDirectives("restrict", header({ "cache-control": everything }))).toEqual({
      ...NO_DIRECTIVES,
      noStore: true,
      onlyIfCached: true,
    });
    expect(requestDirectives("restrict", header({ pragma: "no-cache" }))).toEqual(NO_DIRECTIVES);
  });

  test("that ignores hears nothing", () => {
    const fields = { "cache-control": everything, pragma: "no-cache" };
    expect(requestDirectives("ignore", header(fields))).toEqual(NO_DIRECTIVES);
  });

  test("that restricts never lets a client keep the cache from answering with what it has", () => {
    holds(
      property(hostile(), integer({ min: 0 }), integer({ min: 0 }), (value, age, remaining) => {
        const heard = requestDirectives("restrict", header({ "cache-control": value, pragma: value }));
        expect(satisfies(heard, { age: millis(age), remaining: millis(remaining) })).toBe(true);
        expect(heard.maxStale).toBeNull();
      }),
      500,
    );
  });
});

describe("an answer is good enough for a client", () => {
  const answer = { age: seconds(10), remaining: seconds(20) };

  test.each<[string, Partial<Record<keyof RequestDirectives, boolean | number>>, boolean]>([
    ["that asks nothing", {}, true],
    ["that wants no older one", { maxAge: 10_000 }, true],
    ["that wants a younger one", { maxAge: 9_999 }, false],
    ["that wants it fresh for as long as it is", { minFresh: 20_000 }, true],
    ["that wants it fresh for longer", { minFresh: 20_001 }, false],
    ["that wants it asked for", { noCache: true }, false],
    ["that would take a stale one", { maxStale: 1000 }, true],
    ["young enough, and not fresh for long enough", { maxAge: 10_000, minFresh: 20_001 }, false],
    ["that doesn't want it stored", { noStore: true }, true],
    ["that wants nothing fetched", { onlyIfCached: true }, true],
  ])("%s", (_, wanted, expected) => {
    expect(satisfies({ ...NO_DIRECTIVES, ...wanted } as RequestDirectives, answer)).toBe(expected);
  });

  test("and stays so for whoever asks for less", () => {
    const span = option(integer({ min: 0, max: 50 }).map((ms): Millis => millis(ms)));
    const which = constantFrom("maxAge" as const, "minFresh" as const);
    holds(
      property(
        span,
        span,
        span.map((ms) => ms ?? millis(0)),
        which,
        (maxAge, minFresh, age, dropped) => {
          const wanted = { ...NO_DIRECTIVES, maxAge, minFresh };
          const held = { age, remaining: millis(50 - age) };
          if (satisfies(wanted, held)) expect(satisfies({ ...wanted, [dropped]: null }, held)).toBe(true);
        },
      ),
      500,
    );
  });
});
