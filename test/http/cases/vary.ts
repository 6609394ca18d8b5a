// Answers that depend on fields of the request: cases of Vary.

import { expect } from "vitest";
import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Script } from "../../support/scripted-origin.ts";
import { CACHE, fetched, fresh, get, type HttpCase, head, ORIGIN } from "../case.ts";

/** Answers with the values of the fields that it was asked with. */
const echo =
  (names: readonly string[], vary: (nth: number) => string | readonly string[]): Script =>
  (asked, nth) =>
    fresh(
      { Vary: vary(nth) },
      { body: names.map((name) => `${name}=${fieldOf(asked.fields, name) ?? "absent"}`).join(" ") },
    );

const ACCEPTS = "Accept-Language";

type Pair = readonly [claim: string, name: string, first: Fields, second: Fields];

const field = (name: string, first: string | null, second: string | null): readonly [Fields, Fields] => [
  { [name]: first },
  { [name]: second },
];

const SHARED: readonly Pair[] = [
  ["Accept-Language in another order is the same", ACCEPTS, ...field(ACCEPTS, "en, de", "de, en")],
  [
    "Accept-Language in another order of weights is the same",
    ACCEPTS,
    ...field(ACCEPTS, "en;q=0.5, de", "de, en;q=0.5"),
  ],
  ["Accept-Language in other case is the same", ACCEPTS, ...field(ACCEPTS, "en-GB, de", "EN-gb, DE")],
  [
    "Accept-Language with other space is the same",
    ACCEPTS,
    ...field(ACCEPTS, "en,de;q=0.5", " en ,  de ; q=0.5 "),
  ],
  ["a weight of one may be left out", ACCEPTS, ...field(ACCEPTS, "en;q=1.0, de;q=0.50", "en, de;q=0.5")],
  ["space in a list is nothing", "X-A", ...field("X-A", "1,2", " 1, 2 ")],
  ["two lines are one list", "X-A", { "X-A": ["1", "2"] }, { "X-A": "1, 2" }],
  [
    "what Vary does not name makes no difference",
    "X-A",
    { "X-A": "1", "X-B": "1" },
    { "X-A": "1", "X-B": "2" },
  ],
];

const APART: readonly Pair[] = [
  ["different values are different answers", "X-A", ...field("X-A", "1", "2")],
  ["absent is not empty", "X-A", ...field("X-A", null, "")],
  ["empty is not absent", "X-A", ...field("X-A", "", null)],
  ["absent is not any value", "X-A", ...field("X-A", null, "1")],
  ["the order of an unknown list matters", "X-A", ...field("X-A", "1, 2", "2, 1")],
  ["the case of an unknown value matters", "X-A", ...field("X-A", "a", "A")],
  ["another language is another answer", ACCEPTS, ...field(ACCEPTS, "en", "de")],
  ["another weight is another answer", ACCEPTS, ...field(ACCEPTS, "en, de;q=0.5", "en;q=0.5, de")],
  ["a language that is refused is another answer", ACCEPTS, ...field(ACCEPTS, "en, de", "en, de;q=0")],
  ["one cookie is not another", "Cookie", ...field("Cookie", "sid=1", "sid=2")],
  ["one origin is not another", "Origin", ...field("Origin", "https://a.test", "https://b.test")],
  ["one user agent is not another", "User-Agent", ...field("User-Agent", "a", "b")],
];

const pairCase = ([claim, name, first, second]: Pair, expected: typeof CACHE): HttpCase => ({
  claim,
  rfc: "RFC 9111 §4.1",
  origin: echo([name], () => name),
  steps: [get(ORIGIN, first), get(expected, second), get(CACHE, first)],
});

const STARS: readonly (readonly [claim: string, vary: string | readonly string[]])[] = [
  ["a star is never reused", "*"],
  ["a star among names is never reused", "X-A, *"],
  ["a star on a line of its own is never reused", ["X-A", "*"]],
  ["a star before names is never reused", ["*", "X-A"]],
];

const a = (one: string, two: string): Fields => ({ "X-A": one, "X-B": two });
const echoed = (one: string, two: string): string => `X-A=${one} X-B=${two}`;

export const VARY: readonly HttpCase[] = [
  ...SHARED.map((pair) => pairCase(pair, CACHE)),
  ...APART.map((pair) => pairCase(pair, ORIGIN)),
  ...STARS.map(
    ([claim, vary]): HttpCase => ({
      claim,
      rfc: "RFC 9111 §4.1",
      origin: [fresh({ Vary: vary })],
      steps: [get(ORIGIN), get(ORIGIN)],
    }),
  ),
  {
    claim: "names in Vary are case-insensitive, twice named or not",
    rfc: "RFC 9110 §12.5.5",
    origin: echo(["X-A"], () => "x-a, X-A"),
    steps: [get(ORIGIN, { "X-A": "1" }), get(ORIGIN, { "x-A": "2" }), get(CACHE, { "x-a": "1" })],
  },
  {
    claim: "two names are two values, wherever a delimiter stands",
    rfc: "RFC 9111 §4.1",
    origin: echo(["X-A", "X-B"], () => "X-A, X-B"),
    steps: ["1|2", "1:1", "1=1", "3:1"].flatMap((value) => [
      get(fetched(echoed(value, "x")), a(value, "x")),
      get(fetched(echoed("x", value)), a("x", value)),
    ]),
  },
  {
    claim: "where an origin changes its mind answers never cross",
    rfc: "RFC 9111 §4.1",
    origin: echo(["X-A", "X-B"], (nth) => (nth === 1 ? "X-A" : "X-B")),
    story: async (stage) => {
      for (const [one, two] of [
        ["1", "1"],
        ["2", "1"],
        ["2", "2"],
        ["3", "1"],
        ["1", "2"],
        ["2", "1"],
        ["3", "2"],
      ]) {
        if (one === undefined || two === undefined) continue;
        expect((await stage.send({ fields: a(one, two) })).text).toBe(echoed(one, two));
        await stage.edge.settled();
      }
    },
  },
  {
    claim: "an answer that varies is not served where one before it did not",
    rfc: "RFC 9111 §4.1",
    origin: (asked, nth) =>
      nth === 1
        ? fresh({ "Cache-Control": "max-age=60", Age: "70", ETag: '"v1"' })
        : echo(["X-A"], () => "X-A")(asked, nth),
    steps: [
      get(fetched("1")),
      get(fetched("X-A=1"), { "X-A": "1" }),
      get(fetched("X-A=2"), { "X-A": "2" }),
      get({ ...CACHE, body: "X-A=1" }, { "X-A": "1" }),
    ],
  },
  {
    claim: "a purge of a URL reaches all of its variants",
    rfc: "Tidegate",
    origin: echo(["X-A"], () => "X-A"),
    steps: [
      ...["1", "2", "3"].map((value) => get(ORIGIN, { "X-A": value })),
      { purges: (path) => ({ urls: [path] }) },
      ...["1", "2", "3"].map((value) => get(ORIGIN, { "X-A": value })),
    ],
  },
  {
    claim: "codings that come to the same share an answer",
    rfc: "RFC 9110 §12.5.3",
    origin: [fresh({ Vary: "Accept-Encoding" })],
    steps: ["gzip, br", "br,gzip", " br , gzip", "BR, GZIP;q=1.0"].map((value, i) =>
      get(i === 0 ? ORIGIN : { ...CACHE, body: "1" }, { "Accept-Encoding": value }),
    ),
  },
  {
    claim: "a HEAD selects a variant as a GET does",
    rfc: "RFC 9111 §4.1",
    origin: (asked) => fresh({ Vary: "X-A", "X-Echo": fieldOf(asked.fields, "x-a") ?? "absent" }),
    steps: [
      get(ORIGIN, { "X-A": "1" }),
      head({ fields: { "x-echo": "2" } }, { "X-A": "2" }),
      head({ ...CACHE, fields: { "x-echo": "1" } }, { "X-A": "1" }),
    ],
  },
];
