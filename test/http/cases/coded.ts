// Content codings: cases of what clients can read of an origin that codes, and of how coherently they are told.

import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { expect } from "vitest";
import { fieldOf } from "../../support/fields.ts";
import { sha256 } from "../../support/http.ts";
import type { Script } from "../../support/scripted-origin.ts";
import { CACHE, type Expected, fresh, get, type HttpCase } from "../case.ts";

const TEXT = "a text that says the same thing again and again. ".repeat(80);
const CODERS: Readonly<Record<string, { code(text: string): Buffer; decode(octets: Buffer): Buffer }>> = {
  gzip: { code: (text) => gzipSync(text), decode: gunzipSync },
  br: { code: (text) => brotliCompressSync(text), decode: brotliDecompressSync },
  zstd: { code: (text) => zstdCompressSync(text), decode: zstdDecompressSync },
};

/** What came decodes to the text, says so coherently, and has a strong tag only if its octets are the origin's. */
const readable =
  (coding: string, accepts: boolean): NonNullable<Expected["also"]> =>
  (got) => {
    const coded = got.field("content-encoding");
    if (!accepts) expect(coded ?? "identity").toBe("identity");
    expect(got.whole).toBe(true);
    const decoded = coded === null || coded === "identity" ? got.body : CODERS[coded]?.decode(got.body);
    expect(decoded?.toString()).toBe(TEXT);
    const length = got.field("content-length");
    if (length !== null) expect(Number(length)).toBe(got.body.length);
    const strong = got.field("etag")?.startsWith('"') === true;
    if (strong) expect(sha256(got.body)).toBe(sha256(CODERS[coding]?.code(TEXT) ?? Buffer.alloc(0)));
  };

const alwaysCoded =
  (coding: string): Script =>
  () =>
    fresh(
      { "Content-Encoding": coding, ETag: '"coded"', Vary: "Accept-Encoding" },
      { body: CODERS[coding]?.code(TEXT) ?? "" },
    );

/** Codes for those who accept it, under a tag of its own. */
const negotiated =
  (coding: string): Script =>
  (asked) =>
    (fieldOf(asked.fields, "accept-encoding") ?? "").includes(coding)
      ? alwaysCoded(coding)(asked, 1)
      : fresh({ Vary: "Accept-Encoding" }, { body: TEXT });

const CODED: readonly HttpCase[] = ["gzip", "br", "zstd"].flatMap((coding): HttpCase[] => {
  const accepts = { "Accept-Encoding": coding };
  const ok = (accepted: boolean): Expected => ({ also: readable(coding, accepted) });
  const both = [
    get(ok(true), accepts),
    get({ ...CACHE, ...ok(true) }, accepts),
    get(ok(false)),
    get(ok(false), { "Accept-Encoding": "identity" }),
  ];
  const coded: HttpCase = {
    claim: `an origin that always codes by ${coding} is readable for those who accept it`,
    rfc: "RFC 9110 §8.4",
    origin: alwaysCoded(coding),
    steps: [get(ok(true), accepts), get(ok(true), accepts)],
  };
  const plain: HttpCase = {
    claim: `an origin that codes by ${coding} for those who accept it is readable for everybody`,
    rfc: "RFC 9110 §12.5.3",
    origin: negotiated(coding),
    steps: both,
  };
  const reverse: HttpCase = {
    claim: `an origin that codes by ${coding} is readable for everybody after one who does not accept it`,
    rfc: "RFC 9110 §12.5.3",
    origin: negotiated(coding),
    steps: [get(ok(false)), get(ok(true), accepts), get(ok(false)), get(ok(true), accepts)],
  };
  return [coded, plain, reverse];
});

const NEGOTIATION: readonly HttpCase[] = [
  {
    claim: "a coding that a client refuses is not sent to it",
    rfc: "RFC 9110 §12.5.3",
    origin: (asked) =>
      /gzip(?!;\s*q=0)/.test(fieldOf(asked.fields, "accept-encoding") ?? "")
        ? alwaysCoded("gzip")(asked, 1)
        : fresh({ Vary: "Accept-Encoding" }, { body: TEXT }),
    steps: [
      get({ also: readable("gzip", true) }, { "Accept-Encoding": "gzip" }),
      get({ also: readable("gzip", false) }, { "Accept-Encoding": "gzip;q=0" }),
      get({ also: readable("gzip", false) }, { "Accept-Encoding": "br;q=0, gzip; q=0.0" }),
    ],
  },
  {
    claim: "a part of a coded answer is a part of what the whole is to the same client",
    rfc: "RFC 9110 §14.1.2",
    origin: negotiated("gzip"),
    story: async (stage) => {
      const fields = { "Accept-Encoding": "gzip" };
      const whole = await stage.send({ fields });
      await stage.edge.settled();
      const got = await stage.send({ fields: { ...fields, Range: "bytes=0-9" } });
      expect(got.field("content-encoding")).toBe(whole.field("content-encoding"));
      if (got.status === 206) expect(got.field("content-range")).toBe(`bytes 0-9/${whole.body.length}`);
      expect(got.body.equals(got.status === 206 ? whole.body.subarray(0, 10) : whole.body)).toBe(true);
    },
  },
];

export const CODINGS: readonly HttpCase[] = [...CODED, ...NEGOTIATION];
