// Range requests: cases of parts that are cut from what is stored whole.

import { expect } from "vitest";
import type { Fields } from "../../support/fields.ts";
import type { Received } from "../../support/wire-client.ts";
import { CACHE, DAY, dateIn, type Expected, get, type HttpCase, head, ORIGIN } from "../case.ts";

const TEN = "0123456789";
const MODIFIED = dateIn(-DAY);
const STORED: Fields = { ETag: '"r1"', "Last-Modified": MODIFIED, "Cache-Control": "max-age=60" };

const part = (body: string, range: string): Expected => ({
  status: 206,
  body,
  fields: { "content-range": range, "content-length": String(body.length) },
});
const whole: Expected = { status: 200, body: TEN, fields: { "content-range": null } };
const unsatisfiable: Expected = { status: 416, fields: { "content-range": "bytes */10" } };

type Row = readonly [claim: string, rfc: string, fields: Fields, expect: Expected, stored?: Fields];

const SPECIFIED = "RFC 9110 §14.1.2";
const IF_RANGE = "RFC 9110 §13.1.5";
const first4 = part("0123", "bytes 0-3/10");

const ROWS: readonly Row[] = [
  ["a range is a part", SPECIFIED, { Range: "bytes=0-3" }, first4],
  ["a range in the middle is a part", SPECIFIED, { Range: "bytes=4-4" }, part("4", "bytes 4-4/10")],
  ["an open range goes to the end", SPECIFIED, { Range: "bytes=4-" }, part("456789", "bytes 4-9/10")],
  ["a range beyond the end stops there", SPECIFIED, { Range: "bytes=5-100" }, part("56789", "bytes 5-9/10")],
  ["a suffix is the end", SPECIFIED, { Range: "bytes=-3" }, part("789", "bytes 7-9/10")],
  [
    "a suffix longer than the whole is the whole",
    SPECIFIED,
    { Range: "bytes=-50" },
    { status: [200, 206], body: TEN },
  ],
  [
    "a range that begins at the end can't be satisfied",
    "RFC 9110 §15.5.17",
    { Range: "bytes=10-" },
    unsatisfiable,
  ],
  ["a suffix of nothing can't be satisfied", "RFC 9110 §15.5.17", { Range: "bytes=-0" }, unsatisfiable],
  [
    "ranges none of which begins within can't be satisfied",
    "RFC 9110 §15.5.17",
    { Range: "bytes=50-60, 70-" },
    unsatisfiable,
  ],
  ["a range that ends before it begins is ignored", SPECIFIED, { Range: "bytes=5-2" }, whole],
  ["a range of letters is ignored", "RFC 9110 §14.2", { Range: "bytes=a-b" }, whole],
  ["a range of nothing is ignored", "RFC 9110 §14.2", { Range: "bytes=-" }, whole],
  ["a range without its unit is ignored", "RFC 9110 §14.2", { Range: "0-3" }, whole],
  ["another unit is ignored", "RFC 9110 §14.2", { Range: "items=0-3" }, whole],
  [
    "a number too large to hold brings no wrong part",
    SPECIFIED,
    { Range: "bytes=5-99999999999999999999" },
    { status: [200, 206], body: /^(0123456789|56789)$/ },
  ],
  [
    "If-Range with the stored tag lets the part through",
    IF_RANGE,
    { Range: "bytes=0-3", "If-Range": '"r1"' },
    first4,
  ],
  ["If-Range with another tag brings the whole", IF_RANGE, { Range: "bytes=0-3", "If-Range": '"r2"' }, whole],
  ["If-Range with a weak tag never matches", IF_RANGE, { Range: "bytes=0-3", "If-Range": 'W/"r1"' }, whole],
  [
    "If-Range with a weak tag never matches its like",
    IF_RANGE,
    { Range: "bytes=0-3", "If-Range": 'W/"r1"' },
    whole,
    { ETag: 'W/"r1"' },
  ],
  [
    "If-Range with the exact date lets the part through",
    IF_RANGE,
    { Range: "bytes=0-3", "If-Range": MODIFIED },
    first4,
  ],
  [
    "If-Range with a later date brings the whole",
    IF_RANGE,
    { Range: "bytes=0-3", "If-Range": dateIn(-60) },
    whole,
  ],
  [
    "If-Range without a stored validator brings the whole",
    IF_RANGE,
    { Range: "bytes=0-3", "If-Range": '"r1"' },
    whole,
    { ETag: null, "Last-Modified": null },
  ],
  [
    "a part of what the client has already is a 304",
    "RFC 9110 §13.2.2",
    { Range: "bytes=0-3", "If-None-Match": '"r1"' },
    { status: 304, body: "" },
  ],
];

const rangeCase = ([claim, rfc, fields, expected, stored = {}]: Row): HttpCase => ({
  claim,
  rfc,
  origin: [{ fields: { ...STORED, ...stored }, body: TEN }],
  steps: [get({ ...ORIGIN, body: TEN }), get({ ...CACHE, ...expected }, fields)],
});

/** The parts of a multipart answer, as `range: octets`. */
function multipart(got: Received): string[] {
  const boundary = /^multipart\/byteranges;\s*boundary="?([^"]+)"?$/i.exec(
    got.field("content-type") ?? "",
  )?.[1];
  expect(boundary).toBeDefined();
  const parts = got.text.split(`--${boundary}`).slice(1, -1);
  return parts.map((text) => {
    const [heads = "", ...octets] = text.split("\r\n\r\n");
    return `${/content-range:\s*([^\r\n]+)/i.exec(heads)?.[1]}: ${octets.join("\r\n\r\n").replace(/\r\n$/, "")}`;
  });
}

const severalParts = (got: Received): void => {
  if (got.status === 200) expect(got.text).toBe(TEN);
  else expect(multipart(got)).toEqual(["bytes 0-1/10: 01", "bytes 4-5/10: 45"]);
};

const oneOfSeveral = (got: Received): void => {
  if (got.status === 200) expect(got.text).toBe(TEN);
  else if (got.field("content-range") === null) expect(multipart(got)).toEqual(["bytes 0-1/10: 01"]);
  else expect([got.field("content-range"), got.text]).toEqual(["bytes 0-1/10", "01"]);
};

const DIGESTS: Fields = {
  "Content-Digest": "sha-256=:AA==:",
  "Content-MD5": "AA==",
  "Repr-Digest": "sha-256=:AA==:",
};
const OF_WHOLE = {
  "content-digest": "sha-256=:AA==:",
  "content-md5": "AA==",
  "repr-digest": "sha-256=:AA==:",
};
const OF_LESS = { ...OF_WHOLE, "content-digest": null, "content-md5": null };

export const RANGES: readonly HttpCase[] = [
  ...ROWS.map(rangeCase),
  rangeCase([
    "several ranges are several parts, or the whole",
    "RFC 9110 §14.6",
    { Range: "bytes=0-1,4-5" },
    { status: [200, 206], also: severalParts },
  ]),
  rangeCase([
    "of several ranges those that can't be satisfied are left out",
    "RFC 9110 §15.3.7",
    { Range: "bytes=0-1,50-60" },
    { status: [200, 206], also: oneOfSeveral },
  ]),
  rangeCase([
    "many ranges that overlap are no lever",
    "RFC 9110 §14.2",
    { Range: `bytes=${Array(500).fill("0-").join(",")}` },
    {
      status: [200, 206, 416],
      also: (got) => expect(got.body.length).toBeLessThan(1000),
    },
  ]),
  {
    claim: "a part carries what the whole would",
    rfc: "RFC 9110 §15.3.7",
    origin: [{ fields: { ...STORED, "Content-Location": "/x", Vary: "X-A", Expires: MODIFIED }, body: TEN }],
    steps: [
      get(ORIGIN),
      get(
        {
          ...CACHE,
          status: 206,
          fields: {
            etag: '"r1"',
            "cache-control": "max-age=60",
            date: / GMT$/,
            "content-location": "/x",
            vary: "X-A",
            expires: MODIFIED,
            "content-type": "text/plain",
          },
        },
        { Range: "bytes=0-1" },
      ),
    ],
  },
  {
    claim: "a digest of the whole's octets is not said of less, nor of nothing",
    rfc: "RFC 9530 §2",
    origin: [{ fields: { ...STORED, ...DIGESTS }, body: TEN }],
    steps: [
      get({ ...ORIGIN, fields: OF_WHOLE }),
      get({ ...CACHE, fields: OF_WHOLE }),
      get({ ...CACHE, status: 206, fields: OF_LESS }, { Range: "bytes=0-1" }),
      get({ ...CACHE, status: 206, fields: OF_LESS }, { Range: "bytes=0-1,4-5" }),
      get({ ...CACHE, status: 416, fields: OF_LESS }, { Range: "bytes=10-" }),
      get({ ...CACHE, status: 304, fields: OF_LESS }, { "If-None-Match": '"r1"' }),
      head({ ...CACHE, fields: OF_LESS }),
    ],
  },
  {
    claim: "a HEAD has no ranges",
    rfc: "RFC 9110 §14.2",
    origin: [{ fields: STORED, body: TEN }],
    steps: [
      get(ORIGIN),
      head({ ...CACHE, fields: { "content-length": "10", "content-range": null } }, { Range: "bytes=0-3" }),
    ],
  },
  {
    claim: "an answer that is no 200 has no ranges",
    rfc: "RFC 9110 §14.2",
    origin: [{ status: 404, fields: STORED, body: TEN }],
    steps: [
      get({ ...ORIGIN, status: 404 }),
      get({ ...CACHE, status: 404, body: TEN }, { Range: "bytes=0-3" }),
    ],
  },
  {
    claim: "an origin that knows no ranges can be asked for one",
    rfc: "RFC 9110 §14.2",
    origin: [{ fields: STORED, body: TEN }],
    steps: [
      get(
        {
          ...ORIGIN,
          status: [200, 206],
          also: (got) => expect(TEN.startsWith(got.text) && got.body.length >= 4).toBe(true),
        },
        { Range: "bytes=0-3" },
      ),
      get({ status: 200, body: TEN }),
    ],
  },
];
