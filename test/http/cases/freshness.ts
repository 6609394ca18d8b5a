// How long an answer is reused: cases of freshness, age and the directives of an answer.

import type { Fields } from "../../support/fields.ts";
import { CACHE, DAY, dateIn, fetched, get, type HttpCase, ORIGIN } from "../case.ts";

type Row = readonly [claim: string, rfc: string, fields: Fields, status?: number];

const twice = ([claim, rfc, fields, status = 200]: Row, second: typeof CACHE): HttpCase => ({
  claim,
  rfc,
  origin: [{ status, fields }],
  steps: [get({ ...ORIGIN, status }), get({ ...second, status })],
});

const cc = (value: string | readonly string[], more: Fields = {}): Fields => ({
  "Cache-Control": value,
  ...more,
});

const AGED = { Age: "30" };

const REUSED: readonly Row[] = [
  ["max-age lets an answer be reused", "RFC 9111 §5.2.2.1", cc("max-age=60")],
  ["directives are case-insensitive", "RFC 9111 §5.2", cc("MaX-aGe=60")],
  ["a quoted max-age counts", "RFC 9111 §5.2", cc('max-age="60"')],
  ["a max-age too large to hold is very long", "RFC 9111 §1.2.2", cc("max-age=99999999999999999999")],
  ["s-maxage wins over a shorter max-age", "RFC 9111 §5.2.2.10", cc("max-age=1, s-maxage=60", AGED)],
  ["directives on two lines are one list", "RFC 9110 §5.3", cc(["public", "max-age=60"])],
  ["empty members of the list are nothing", "RFC 9110 §5.6.1", cc(", ,max-age=60,,")],
  ["max-age wins over a past Expires", "RFC 9111 §5.3", cc("max-age=60", { Expires: dateIn(-DAY) })],
  ["max-age wins over an invalid Expires", "RFC 9111 §5.3", cc("max-age=60", { Expires: "0" })],
  ["unknown directives are ignored", "RFC 9111 §5.2.3", cc('foo, max-age=60, community="UCI"')],
  ["no-store inside a quoted value is none", "RFC 9111 §5.2", cc('ext="a, no-store, b", max-age=60')],
  ["Pragma in an answer means nothing", "RFC 9111 §5.4", cc("max-age=60", { Pragma: "no-cache" })],
  ["an Expires in the future lets an answer be reused", "RFC 9111 §5.3", { Expires: dateIn(3600) }],
  ["Expires needs no Date beside it", "RFC 9111 §4.2.1", { Expires: dateIn(3600), Date: null }],
  ["a Date in the future makes nobody younger", "RFC 9111 §4.2.3", cc("max-age=60", { Date: dateIn(3600) })],
  ["a negative Age is ignored", "RFC 9111 §5.1", cc("max-age=60", { Age: "-7200" })],
  ["an Age that is no number is ignored", "RFC 9111 §5.1", cc("max-age=60", { Age: "abc" })],
  [
    "of a list of Ages the first one counts, if it is small",
    "RFC 9111 §5.1",
    cc("max-age=60", { Age: "0, 7200" }),
  ],
  [
    "must-understand overrides no-store where the status is understood",
    "RFC 9111 §5.2.2.3",
    cc("must-understand, no-store, max-age=60"),
  ],
  ["a 299 that states its freshness is reused", "RFC 9111 §3", cc("max-age=60"), 299],
  ["a 499 that states its freshness is reused", "RFC 9111 §3", cc("max-age=60"), 499],
  ["a 599 that states its freshness is reused", "RFC 9111 §3", cc("max-age=60"), 599],
  [
    "a 302 that states its freshness is reused",
    "RFC 9111 §3",
    cc("max-age=60", { Location: "/elsewhere" }),
    302,
  ],
  ["a 404 that states its freshness is reused", "RFC 9111 §3", cc("max-age=60"), 404],
  ["a 204 that states its freshness is reused", "RFC 9111 §3", cc("max-age=60"), 204],
];

const NOT_REUSED: readonly Row[] = [
  [
    "of two max-age the shorter counts, first or last: first",
    "RFC 9111 §4.2.1",
    cc("max-age=1, max-age=60", AGED),
  ],
  [
    "of two max-age the shorter counts, first or last: last",
    "RFC 9111 §4.2.1",
    cc("max-age=60, max-age=1", AGED),
  ],
  [
    "of two max-age on two lines the shorter counts",
    "RFC 9111 §4.2.1",
    cc(["max-age=60", "max-age=1"], AGED),
  ],
  ["s-maxage wins over a longer max-age", "RFC 9111 §5.2.2.10", cc("max-age=60, s-maxage=1", AGED)],
  ["s-maxage=0 is stale at once", "RFC 9111 §5.2.2.10", cc("max-age=60, s-maxage=0")],
  ["an answer without freshness is not reused", "RFC 9111 §4.2.1", {}],
  ["max-age inside a quoted value is none", "RFC 9111 §5.2", cc('extension="max-age=3600"')],
  ["max-age=0 wins over a future Expires", "RFC 9111 §5.3", cc("max-age=0", { Expires: dateIn(DAY) })],
  ["Expires=0 is past", "RFC 9111 §5.3", { Expires: "0" }],
  ["an Expires that is no HTTP date is past", "RFC 9111 §5.3", { Expires: "2050-08-18T02:01:18Z" }],
  ["an Expires equal to Date is past", "RFC 9111 §4.2.1", { Expires: dateIn(0), Date: dateIn(0) }],
  [
    "Expires counts from Date, not from now",
    "RFC 9111 §4.2.1",
    { Expires: dateIn(1800), Date: dateIn(3600) },
  ],
  ["an old Date makes an answer old", "RFC 9111 §4.2.3", cc("max-age=60", { Date: dateIn(-3600) })],
  ["an Age as large as the lifetime is stale", "RFC 9111 §4.2", cc("max-age=60", { Age: "60" })],
  [
    "an Age too large to hold is stale",
    "RFC 9111 §1.2.2",
    cc("max-age=3600", { Age: "99999999999999999999" }),
  ],
  [
    "of a list of Ages the first one counts, if it is large",
    "RFC 9111 §5.1",
    cc("max-age=60", { Age: "7200, 0" }),
  ],
  [
    "of Ages on two lines the first one counts, if it is large",
    "RFC 9111 §5.1",
    cc("max-age=60", { Age: ["7200", "0"] }),
  ],
  ["no-cache is never reused without validation", "RFC 9111 §5.2.2.4", cc("no-cache, max-age=60")],
  ["private is not for us", "RFC 9111 §5.2.2.7", cc("private, max-age=60")],
  ["private is not for us in capitals either", "RFC 9111 §5.2.2.7", cc("max-age=60, PRIVATE")],
  ["no-store is not stored", "RFC 9111 §5.2.2.5", cc("no-store, max-age=60")],
  ["No-Store is not stored", "RFC 9111 §5.2.2.5", cc("max-age=60, No-Store")],
  ...[
    "no-store; max-age=60",
    "private; max-age=60",
    "max-age=60 private",
    "no-cache no-store must-revalidate",
  ].map(
    (value) =>
      [
        `${value} is not stored, though no directive of it is well formed`,
        "RFC 9111 §4.2.1",
        { "Cache-Control": value, "Last-Modified": dateIn(-DAY) },
      ] as const,
  ),
  ["no-store on a line of its own is not stored", "RFC 9111 §5.2.2.5", cc(["max-age=60", "no-store"])],
  [
    "no-store behind a quote that never closes is seen",
    "RFC 9111 §4.2.1",
    cc('ext="abc, no-store, max-age=60'),
  ],
  [
    "must-understand keeps an unknown status out",
    "RFC 9111 §5.2.2.3",
    cc("must-understand, max-age=60"),
    299,
  ],
  [
    "must-understand leaves no-store standing where the status is unknown",
    "RFC 9111 §5.2.2.3",
    cc("must-understand, no-store, max-age=60"),
    299,
  ],
];

const INVALID = ["abc", "-60", "60.5", "60s", "", '"'].map(
  (value): Row => [`max-age=${value} is no freshness`, "RFC 9111 §4.2.1", cc(`max-age=${value}`)],
);

const rfc850 = (date: Date): string => {
  const [, day, month, year, time] = /^\w+, (\d\d) (\w+) \d\d(\d\d) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  const weekday = date.toLocaleDateString("en-GB", { weekday: "long", timeZone: "UTC" });
  return `${weekday}, ${day}-${month}-${year} ${time} GMT`;
};

const asctime = (date: Date): string => {
  const [, weekday, day, month, year, time] =
    /^(\w+), (\d\d) (\w+) (\d{4}) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  return `${weekday} ${month} ${day?.replace(/^0/, " ")} ${time} ${year}`;
};

const tomorrow = new Date(Date.now() + DAY * 1000);

const DATES: readonly Row[] = [
  ["Expires may be written as RFC 850 did", "RFC 9110 §5.6.7", { Expires: rfc850(tomorrow) }],
  ["Expires may be written as asctime does", "RFC 9110 §5.6.7", { Expires: asctime(tomorrow) }],
];

const HEURISTIC: readonly (readonly [status: number, reused: boolean])[] = [
  ...[200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501].map((status) => [status, true] as const),
  ...[201, 202, 302, 303, 307, 400, 403, 429, 500, 502, 503].map((status) => [status, false] as const),
];

const guessed = HEURISTIC.map(
  ([status, reused]): HttpCase => ({
    claim: `a ${status} with Last-Modified alone is ${reused ? "" : "not "}reused under a policy`,
    rfc: "RFC 9110 §15.1",
    under: "/guessed",
    origin: [{ status, fields: { "Last-Modified": dateIn(-100 * DAY) } }],
    steps: [get({ ...ORIGIN, status }), get({ ...(reused ? CACHE : ORIGIN), status })],
  }),
);

/** A directive that names fields: the answer is reused, those fields are not. */
const PARTIAL = ["no-cache", "private"].flatMap((directive): HttpCase[] => [
  {
    claim: `${directive}="X-Own" keeps that field out of a reused answer`,
    rfc: directive === "private" ? "RFC 9111 §5.2.2.7" : "RFC 9111 §5.2.2.4",
    origin: [{ fields: cc(`max-age=60, ${directive}="X-Own"`, { "X-Own": "mine", "X-All": "ours" }) }],
    steps: [get(ORIGIN), get({ ...CACHE, fields: { "x-own": null, "x-all": "ours" } })],
  },
  {
    claim: `${directive} names several fields, in any case`,
    rfc: directive === "private" ? "RFC 9111 §5.2.2.7" : "RFC 9111 §5.2.2.4",
    origin: [{ fields: cc(`${directive}="x-own , X-MORE", max-age=60`, { "X-Own": "a", "X-More": "b" }) }],
    steps: [get(ORIGIN), get({ ...CACHE, fields: { "x-own": null, "x-more": null } })],
  },
]);

const atLeast = (least: number) => (value: string | null) => value !== null && Number(value) >= least;

const MORE: readonly HttpCase[] = [
  {
    claim: "Age goes on counting from the Age that came",
    rfc: "RFC 9111 §4.2.3",
    origin: [{ fields: cc("max-age=60", AGED) }],
    steps: [get(ORIGIN), get({ ...CACHE, fields: { age: atLeast(30) } })],
  },
  {
    claim: "a life that a policy grants begins when the origin is asked, however slow its clock",
    rfc: "Tidegate",
    under: "/granted",
    origin: [{ fields: { "Cache-Control": "max-age=30", Date: dateIn(-3600) } }],
    steps: [get({ ...ORIGIN, fields: { Age: (age) => Number(age ?? 0) < 60 } }), get(CACHE)],
  },
  {
    claim: "an Age counts against a life that a policy grants",
    rfc: "Tidegate",
    under: "/granted",
    origin: [{ fields: { Age: "700" } }],
    steps: [get(ORIGIN), get(ORIGIN)],
  },
  {
    claim: "Age counts from an old Date",
    rfc: "RFC 9111 §4.2.3",
    origin: [{ fields: cc("max-age=7200", { Date: dateIn(-3600) }) }],
    steps: [get(ORIGIN), get({ ...CACHE, fields: { age: atLeast(3600) } })],
  },
  {
    claim: "an answer that came without Date is sent with one",
    rfc: "RFC 9110 §6.6.1",
    origin: [{ fields: cc("max-age=60", { Date: null }) }],
    steps: [get(ORIGIN), get({ ...CACHE, fields: { date: / GMT$/ } })],
  },
  {
    claim: "Date stays the origin's",
    rfc: "RFC 9110 §6.6.1",
    origin: [{ fields: cc("max-age=7200", { Date: "Sun, 06 Nov 1994 08:49:37 GMT", Expires: dateIn(DAY) }) }],
    steps: [get({ ...ORIGIN, fields: { date: "Sun, 06 Nov 1994 08:49:37 GMT" } })],
  },
  {
    claim: "no more than a tenth of the time since Last-Modified is guessed",
    rfc: "RFC 9111 §4.2.2",
    under: "/guessed",
    origin: [{ fields: { "Last-Modified": dateIn(-100), Age: "60" } }],
    steps: [get(ORIGIN), get(ORIGIN)],
  },
  {
    claim: "no-cache with a validator is validated, and then reused",
    rfc: "RFC 9111 §5.2.2.4",
    origin: [
      { fields: cc("no-cache", { ETag: '"v1"' }) },
      { status: 304, fields: cc("no-cache", { ETag: '"v1"' }) },
    ],
    steps: [get(ORIGIN), get(fetched("1", { asked: { "if-none-match": '"v1"' } }))],
  },
];

export const FRESHNESS: readonly HttpCase[] = [
  ...[...REUSED, ...DATES].map((row) => twice(row, CACHE)),
  ...[...NOT_REUSED, ...INVALID].map((row) => twice(row, ORIGIN)),
  ...PARTIAL,
  ...MORE,
  ...guessed,
];
