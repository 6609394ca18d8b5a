// Conditional requests: cases of clients' conditions, of ours to the origin, and of what a 304 does to what is stored.

import type { Fields } from "../../support/fields.ts";
import {
  CACHE,
  cached,
  DAY,
  dateIn,
  fetched,
  fresh,
  get,
  type HttpCase,
  head,
  ORIGIN,
  stale,
} from "../case.ts";

const MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
const TAGGED = { ETag: '"v1"', "Last-Modified": MODIFIED };

type Row = readonly [claim: string, rfc: string, condition: Fields, status: 200 | 304, stored?: Fields];

const MATCH = "RFC 9110 §13.1.2";
const SINCE = "RFC 9110 §13.1.3";

const ROWS: readonly Row[] = [
  ["the stored tag matches", MATCH, { "If-None-Match": '"v1"' }, 304],
  ["another tag does not match", MATCH, { "If-None-Match": '"v2"' }, 200],
  ["tags are case-sensitive", MATCH, { "If-None-Match": '"V1"' }, 200],
  ["a weak tag matches a strong one", MATCH, { "If-None-Match": 'W/"v1"' }, 304],
  ["a strong tag matches a weak one", MATCH, { "If-None-Match": '"v1"' }, 304, { ETag: 'W/"v1"' }],
  ["one of a list matches", MATCH, { "If-None-Match": '"a", W/"b" ,"v1"' }, 304],
  ["one on a line of its own matches", MATCH, { "If-None-Match": ['"a"', '"v1"'] }, 304],
  ["a comma inside a tag splits no list", MATCH, { "If-None-Match": '"a,b", "c"' }, 304, { ETag: '"a,b"' }],
  ["a tag is not found inside another", MATCH, { "If-None-Match": '"a,"v1",b"' }, 200, { ETag: '"a"' }],
  ["a star matches whatever is stored", MATCH, { "If-None-Match": "*" }, 304],
  ["a star matches without a tag too", MATCH, { "If-None-Match": "*" }, 304, { ETag: null }],
  ["a star in quotes is a tag", MATCH, { "If-None-Match": '"*"' }, 200],
  ["without a stored tag no tag matches", MATCH, { "If-None-Match": '"v1"' }, 200, { ETag: null }],
  [
    "a tag that differs decides over a date that matches",
    "RFC 9110 §13.2.2",
    { "If-None-Match": '"v2"', "If-Modified-Since": MODIFIED },
    200,
  ],
  [
    "a tag that matches decides over a date that differs",
    "RFC 9110 §13.2.2",
    { "If-None-Match": '"v1"', "If-Modified-Since": "Sat, 05 Nov 1994 08:49:37 GMT" },
    304,
  ],
  ["the date of the last modification matches", SINCE, { "If-Modified-Since": MODIFIED }, 304],
  ["a later date matches", SINCE, { "If-Modified-Since": dateIn(-DAY) }, 304],
  ["an earlier date does not match", SINCE, { "If-Modified-Since": "Sun, 06 Nov 1994 08:49:36 GMT" }, 200],
  [
    "a date as RFC 850 wrote it matches",
    SINCE,
    { "If-Modified-Since": "Sunday, 06-Nov-94 08:49:37 GMT" },
    304,
  ],
  ["a date as asctime writes it matches", SINCE, { "If-Modified-Since": "Sun Nov  6 08:49:37 1994" }, 304],
  ["what is no date is ignored", SINCE, { "If-Modified-Since": "yesterday" }, 200],
  ["what is no HTTP date is ignored", SINCE, { "If-Modified-Since": "2094-11-06T08:49:37Z" }, 200],
  [
    "without Last-Modified the Date stands in",
    "RFC 9111 §4.3.2",
    { "If-Modified-Since": dateIn(3600) },
    304,
    { "Last-Modified": null, ETag: null },
  ],
];

const METADATA = {
  ETag: '"v1"',
  "Cache-Control": "max-age=3600",
  Vary: "X-A",
  Expires: dateIn(DAY),
  Date: dateIn(0),
  "Content-Location": "/elsewhere",
};

const FROM_CLIENTS: readonly HttpCase[] = [
  ...ROWS.map(
    ([claim, rfc, condition, status, stored = {}]): HttpCase => ({
      claim,
      rfc,
      origin: [fresh({ ...TAGGED, ...stored })],
      steps: [get(ORIGIN), get({ ...CACHE, status, body: status === 304 ? "" : "1" }, condition)],
    }),
  ),
  {
    claim: "a 304 carries what a 200 would tell caches",
    rfc: "RFC 9110 §15.4.5",
    origin: [fresh(METADATA)],
    steps: [
      get(ORIGIN),
      get({ ...CACHE, status: 304, body: "", fields: METADATA }, { "If-None-Match": '"v1"' }),
    ],
  },
  {
    claim: "a HEAD is answered 304 too",
    rfc: MATCH,
    origin: [fresh(TAGGED)],
    steps: [get(ORIGIN), head({ ...CACHE, status: 304 }, { "If-None-Match": '"v1"' })],
  },
  {
    claim: "a HEAD is answered 304 too where the origin sees to no condition",
    rfc: MATCH,
    origin: [fresh(TAGGED)],
    steps: [head({ ...ORIGIN, status: 304 }, { "If-None-Match": '"v1"' })],
  },
  {
    claim: "conditions are for answers that succeeded",
    rfc: "RFC 9110 §13.2.1",
    origin: [fresh(TAGGED, { status: 404 })],
    steps: [get({ ...ORIGIN, status: 404 }), get({ ...CACHE, status: 404 }, { "If-None-Match": '"v1"' })],
  },
  {
    claim: "a condition on a miss is answered 304 where the fresh answer matches, and others get the whole",
    rfc: "RFC 9111 §4.3.2",
    origin: [fresh(TAGGED)],
    steps: [get({ ...ORIGIN, status: 304, body: "" }, { "If-None-Match": '"v1"' }), get({ body: /^[12]$/ })],
  },
  {
    claim: "a condition on a miss that fails brings the whole",
    rfc: "RFC 9111 §4.3.2",
    origin: [fresh(TAGGED)],
    steps: [get(fetched("1"), { "If-None-Match": '"v0"' }), get(cached("1"))],
  },
  {
    claim: "If-Match reaches the origin, and its 412 the client alone",
    rfc: "RFC 9110 §13.1.1",
    origin: (asked) =>
      asked.fields.some(([name]) => name === "if-match") ? { status: 412, body: "no" } : fresh(TAGGED),
    steps: [
      get({ ...ORIGIN, status: 412, asked: { "if-match": '"v9"' } }, { "If-Match": '"v9"' }),
      get(ORIGIN),
    ],
  },
  {
    claim: "If-Unmodified-Since beside a range reaches the origin, whatever is stored",
    rfc: "RFC 9110 §13.1.4",
    origin: [fresh(TAGGED), { status: 412, body: "no" }],
    steps: [
      get(ORIGIN),
      get(
        { ...ORIGIN, status: 412, asked: { "if-unmodified-since": MODIFIED } },
        { "If-Unmodified-Since": MODIFIED, Range: "bytes=0-0" },
      ),
      get(cached("1")),
    ],
  },
];

const CONFIRMS = { status: 304, fields: { "Cache-Control": "max-age=60", ETag: '"v1"' } };

const freshened = (
  claim: string,
  update: Fields,
  kept: Readonly<Record<string, string | null>>,
): HttpCase => ({
  claim,
  rfc: "RFC 9111 §3.2",
  origin: [
    stale({ "Test-Header": "old", Expires: dateIn(3600) }),
    { status: 304, fields: { ...CONFIRMS.fields, ...update } },
  ],
  steps: [get(fetched("1")), get(fetched("1", { fields: kept })), get(cached("1", { fields: kept }))],
});

const LATER = dateIn(3600);

const TO_THE_ORIGIN: readonly HttpCase[] = [
  {
    claim: "what is stale is validated with its tag and its date",
    rfc: "RFC 9111 §4.3.1",
    origin: [stale({ "Last-Modified": MODIFIED }), CONFIRMS],
    steps: [
      get(fetched("1")),
      get(fetched("1", { asked: { "if-none-match": '"v1"', "if-modified-since": MODIFIED } })),
      get(cached("1")),
    ],
  },
  {
    claim: "without a tag the date alone validates",
    rfc: "RFC 9111 §4.3.1",
    origin: [
      stale({ "Last-Modified": MODIFIED, ETag: null }),
      { status: 304, fields: { "Cache-Control": "max-age=60", "Last-Modified": MODIFIED } },
    ],
    steps: [
      get(fetched("1")),
      get(fetched("1", { asked: { "if-none-match": null, "if-modified-since": MODIFIED } })),
      get(cached("1")),
    ],
  },
  {
    claim: "a weak tag validates as it was sent",
    rfc: "RFC 9111 §4.3.1",
    origin: [
      stale({ ETag: 'W/"v1"' }),
      { status: 304, fields: { "Cache-Control": "max-age=60", ETag: 'W/"v1"' } },
    ],
    steps: [get(fetched("1")), get(fetched("1", { asked: { "if-none-match": 'W/"v1"' } })), get(cached("1"))],
  },
  {
    claim: "a new answer to a validation replaces the old one",
    rfc: "RFC 9111 §4.3.3",
    origin: [stale(), fresh({ ETag: '"v2"' })],
    steps: [get(fetched("1")), get(fetched("2")), get(cached("2", { fields: { etag: '"v2"' } }))],
  },
  {
    claim: "a client with another version gets the whole that the origin confirmed to us",
    rfc: "RFC 9111 §4.3.2",
    origin: [stale(), CONFIRMS],
    steps: [
      get(fetched("1")),
      get(fetched("1", { asked: { "if-none-match": /"v1"/ } }), { "If-None-Match": '"v0"' }),
      get(cached("1")),
    ],
  },
  {
    claim: "a client with our version gets a 304 once the origin has confirmed it",
    rfc: "RFC 9111 §4.3.2",
    origin: [stale(), CONFIRMS],
    steps: [
      get(fetched("1")),
      get({ ...ORIGIN, status: 304, body: "" }, { "If-None-Match": '"v1"' }),
      get(cached("1")),
    ],
  },
  freshened("a 304 updates fields", { "Test-Header": "new" }, { "test-header": "new" }),
  freshened(
    "a 304 updates Cache-Control",
    { "Cache-Control": "max-age=120" },
    { "cache-control": "max-age=120" },
  ),
  freshened("a 304 updates Expires", { Expires: LATER }, { expires: LATER }),
  freshened("a 304 leaves what it does not name", {}, { "test-header": "old" }),
  freshened("a 304 never updates Content-Length", { "Content-Length": "999" }, { "content-length": "1" }),
  freshened(
    "a 304 never updates Content-Encoding",
    { "Content-Encoding": "gzip" },
    { "content-encoding": null },
  ),
  freshened(
    "a 304 never updates Content-Range",
    { "Content-Range": "bytes 0-0/9" },
    { "content-range": null },
  ),
  {
    claim: "a 304 with another tag than ours is not ours: the whole is fetched",
    rfc: "RFC 9111 §4.3.4",
    origin: [
      stale(),
      { status: 304, fields: { "Cache-Control": "max-age=60", ETag: '"v2"' } },
      fresh({ ETag: '"v2"' }),
    ],
    steps: [get(fetched("1")), get(fetched("3", { asked: { "if-none-match": null } })), get(cached("3"))],
  },
  {
    claim: "a 304 with another date than ours is not ours: the whole is fetched",
    rfc: "RFC 9111 §4.3.4",
    origin: [
      stale({ "Last-Modified": MODIFIED, ETag: null }),
      { status: 304, fields: { "Cache-Control": "max-age=60", "Last-Modified": dateIn(-DAY) } },
      fresh({ "Last-Modified": dateIn(-DAY) }),
    ],
    steps: [get(fetched("1")), get(fetched("3", { asked: { "if-modified-since": null } })), get(cached("3"))],
  },
  {
    claim: "a 304 makes no strong tag of a weak one",
    rfc: "RFC 9111 §4.3.4",
    origin: [stale({ ETag: 'W/"v1"' }), CONFIRMS],
    steps: [ORIGIN, ORIGIN, CACHE].map((expected) =>
      get({ ...expected, body: "1", fields: { etag: 'W/"v1"' } }),
    ),
  },
  {
    claim: "a 304 has no digest for octets that it does not bring",
    rfc: "RFC 9111 §3.2",
    origin: [
      stale({ "Content-Digest": "sha-256=:AA==:" }),
      {
        status: 304,
        fields: { ...CONFIRMS.fields, "Content-Digest": "sha-256=:BB==:", "Content-MD5": "BB==" },
      },
    ],
    steps: [ORIGIN, ORIGIN, CACHE].map((expected) =>
      get({ ...expected, body: "1", fields: { "content-digest": "sha-256=:AA==:", "content-md5": null } }),
    ),
  },
  {
    claim: "what is no success is not validated",
    rfc: "RFC 9110 §13.2.1",
    origin: [stale({}, { status: 404, body: "gone" }), fresh()],
    steps: [
      get(fetched("gone", { status: 404 })),
      get(fetched("2", { asked: { "if-none-match": null } })),
      get(cached("2")),
    ],
  },
  {
    claim: "a 304 where we hold nothing goes to the client who asked for one",
    rfc: "RFC 9111 §4.3.3",
    origin: (asked) =>
      asked.fields.some(([name]) => name === "if-none-match")
        ? { status: 304, fields: { ETag: '"v1"', "Cache-Control": "no-store" } }
        : { fields: { ETag: '"v1"', "Cache-Control": "no-store" } },
    steps: [
      get(fetched("1")),
      get({ ...ORIGIN, status: 304, body: "" }, { "If-None-Match": '"v1"' }),
      get(fetched("3")),
    ],
  },
  {
    claim: "a 304 that says no-store ends the life of what is stored",
    rfc: "RFC 9111 §3.2",
    origin: [stale(), { status: 304, fields: { "Cache-Control": "no-store", ETag: '"v1"' } }, fresh()],
    steps: [get(fetched("1")), get({ ...ORIGIN, body: /^[13]$/ }), get({ body: /^[34]$/ })],
  },
];

export const CONDITIONS: readonly HttpCase[] = [...FROM_CLIENTS, ...TO_THE_ORIGIN];
