// Range requests that the origin answers: cases of parts that are stored, combined and completed, or must not be.

import { expect } from "vitest";
import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Script, Spoken } from "../../support/scripted-origin.ts";
import { CACHE, cached, type Expected, get, type HttpCase, ORIGIN } from "../case.ts";

const TEN = "0123456789";
const STORED: Fields = { ETag: '"r1"', "Cache-Control": "max-age=60" };

const part = (body: string, range: string): Expected => ({
  status: 206,
  body,
  fields: { "content-range": range, "content-length": String(body.length) },
});

interface Version {
  readonly body: string;
  readonly etag: string;
}

/** An origin that knows ranges and conditions; which version it has depends on how often it was asked. */
const ranged =
  (version: (nth: number) => Version): Script =>
  (asked, nth) => {
    const { body, etag } = version(nth);
    const field = (name: string): string | null => fieldOf(asked.fields, name);
    const fields = { ...STORED, ETag: etag };
    if (field("if-none-match") === etag) return { status: 304, fields };
    if (field("if-match") !== null && field("if-match") !== etag) return { status: 412, body: "changed" };
    const range = /^bytes=(\d+)-(\d*)$/.exec(field("range") ?? "");
    const ifRange = field("if-range");
    if (range === null || (ifRange !== null && (ifRange !== etag || etag.startsWith("W/"))))
      return { fields, body };
    const from = Number(range[1]);
    const to = range[2] === "" ? body.length - 1 : Math.min(Number(range[2]), body.length - 1);
    return {
      status: 206,
      fields: { ...fields, "Content-Range": `bytes ${from}-${to}/${body.length}` },
      body: body.slice(from, to + 1),
    };
  };

const same = ranged(() => ({ body: TEN, etag: '"r1"' }));
/** Large enough to be kept in chunks. */
const NINE_MEBIBYTES = "0123456789abcdef".repeat((9 << 20) / 16);
const large = ranged(() => ({ body: NINE_MEBIBYTES, etag: '"large"' }));
const LETTERS = "abcdefghij";
const changing = (first: string, then: string): Script =>
  ranged((nth) => (nth === 1 ? { body: TEN, etag: first } : { body: LETTERS, etag: then }));

const WHOLE: Expected = { status: 200, body: TEN, fields: { "content-range": null } };
const FIRST = { Range: "bytes=0-4" };
const REST = { Range: "bytes=5-9" };
const firstHalf = part("01234", "bytes 0-4/10");

const OF_THE_FIRST: Fields = { "Content-Type": "text/x-first", "X-Content-Type-Options": "nosniff" };
const SHOWN = { "content-type": "text/x-first", "x-content-type-options": "nosniff" };

/** One version or the other, and never some of both. */
const EITHER_REST: Expected = { status: 206, body: /^(56789|fghij)$/ };
const EITHER_WHOLE: Expected = { body: /^(0123456789|abcdefghij)$/ };

/** What comes first is a part that lies; nobody may be served what is made of it. */
const lying = (claim: string, spoken: Spoken): HttpCase => ({
  claim,
  rfc: "RFC 9110 §14.4",
  origin: (asked, nth) => (nth === 1 ? { status: 206, ...spoken } : same(asked, nth)),
  story: async (stage) => {
    await stage.send({ fields: FIRST });
    await stage.edge.settled();
    expect((await stage.send({ fields: REST })).text).toBe("56789");
    await stage.edge.settled();
    const got = await stage.send();
    expect([got.status, got.text]).toEqual([200, TEN]);
  },
});

/** Of no stated length but that of its octets in `Content-Range`, and short of that. */
const CUT: readonly HttpCase[] = [
  ["whose transfer in chunks breaks off", { framing: "chunked", body: "01234", cutAfter: 2 }],
  ["whose transfer in chunks ends too soon", { framing: "chunked", body: "01" }],
  ["whose connection ends too soon", { framing: "close", body: "01" }],
].flatMap(([what, spoken]) =>
  ["max-age=60", "no-store"].map(
    (control): HttpCase => ({
      claim: `a part under ${control} ${what} is not whole for its client`,
      rfc: "RFC 9110 §14.4",
      origin: (asked, nth) => {
        const fields = { ...STORED, "Cache-Control": control, "Content-Range": "bytes 0-4/10" };
        return nth === 1 ? { status: 206, fields, ...(spoken as Spoken) } : same(asked, nth);
      },
      story: async (stage) => {
        const got = await stage.send({ fields: FIRST });
        expect([got.status, got.whole, "01234".startsWith(got.text)]).toEqual([206, false, true]);
        await stage.edge.settled();
        expect((await stage.send({ fields: FIRST })).text).toBe("01234");
      },
    }),
  ),
);

export const PARTS: readonly HttpCase[] = [
  ...CUT,
  {
    claim: "a part whose transfer states no length has that of its octets, and is stored",
    rfc: "RFC 9110 §14.4",
    origin: (asked, nth) => ({ ...same(asked, nth), framing: "chunked" }),
    steps: [get({ ...ORIGIN, ...firstHalf }, FIRST), get({ ...CACHE, ...firstHalf }, FIRST)],
  },
  {
    claim: "a part of an answer that varies is found again by whoever asks alike",
    rfc: "RFC 9111 §3.3",
    origin: (asked, nth) => {
      const spoken = same(asked, nth);
      return { ...spoken, fields: { ...spoken.fields, Vary: "X-Kind" } };
    },
    steps: [
      get({ ...part("01234", "bytes 0-4/10"), from: "origin" }, { ...FIRST, "X-Kind": "a" }),
      get({ ...part("01234", "bytes 0-4/10"), from: "cache" }, { ...FIRST, "X-Kind": "a" }),
      get({ ...part("01234", "bytes 0-4/10"), from: "origin" }, { ...FIRST, "X-Kind": "b" }),
    ],
  },
  {
    claim: "a part from the origin is stored, and parts of it are served from it",
    rfc: "RFC 9111 §3.3",
    origin: same,
    steps: [
      get({ ...ORIGIN, ...firstHalf }, FIRST),
      get({ ...CACHE, ...firstHalf }, FIRST),
      get({ ...CACHE, ...part("123", "bytes 1-3/10") }, { Range: "bytes=1-3" }),
    ],
  },
  {
    claim: "a digest of a part's octets is said of no part of it, and not of the whole",
    rfc: "RFC 9530 §2",
    origin: (asked, nth) => {
      const spoken = same(asked, nth);
      return { ...spoken, fields: { ...spoken.fields, "Content-Digest": `sha-256=:${nth}A==:` } };
    },
    steps: [
      get({ ...firstHalf, fields: { "content-digest": "sha-256=:1A==:" } }, FIRST),
      get({ ...CACHE, status: 206, body: "123", fields: { "content-digest": null } }, { Range: "bytes=1-3" }),
      get({ ...ORIGIN, status: 206 }, REST),
      get(cached(TEN, { fields: { "content-digest": null } })),
    ],
  },
  {
    claim: "a digest of a part's octets is not said of the whole that is kept in chunks",
    rfc: "RFC 9530 §2",
    origin: (asked, nth) => {
      const spoken = large(asked, nth);
      return { ...spoken, fields: { ...spoken.fields, "Content-Digest": `sha-256=:${nth}A==:` } };
    },
    steps: [
      get({ ...ORIGIN, status: 206 }, { Range: "bytes=1000-1999" }),
      get({ body: NINE_MEBIBYTES, fields: { "content-digest": null } }),
    ],
  },
  {
    claim: "two parts that meet and have one strong tag are the whole",
    rfc: "RFC 9111 §3.4",
    origin: same,
    steps: [
      get({ ...ORIGIN, ...firstHalf }, FIRST),
      get(part("56789", "bytes 5-9/10"), REST),
      get(cached(TEN)),
    ],
  },
  {
    claim: "parts with different tags are never combined",
    rfc: "RFC 9111 §3.4",
    origin: changing('"r1"', '"r2"'),
    steps: [get({ ...ORIGIN, ...firstHalf }, FIRST), get(EITHER_REST, REST), get(EITHER_WHOLE)],
  },
  {
    claim: "parts with one weak tag are never combined",
    rfc: "RFC 9111 §3.4",
    origin: changing('W/"r"', 'W/"r"'),
    steps: [get({ ...ORIGIN, ...firstHalf }, FIRST), get(EITHER_REST, REST), get(EITHER_WHOLE)],
  },
  {
    claim: "a part is completed by a request for the rest",
    rfc: "RFC 9111 §3.3",
    origin: same,
    steps: [
      get({ ...ORIGIN, ...firstHalf }, FIRST),
      get({ ...ORIGIN, body: TEN, asked: { range: /^bytes=5-9?$/ } }),
      get(cached(TEN)),
    ],
  },
  {
    claim: "a rest that does not repeat all fields leaves the whole those of the part",
    rfc: "RFC 9110 §15.3.7",
    origin: (asked, nth) => {
      const said = same(asked, nth);
      return nth === 1
        ? { ...said, fields: { ...said.fields, ...OF_THE_FIRST } }
        : { ...said, fields: { ...said.fields, "Content-Type": null } };
    },
    steps: [
      get({ ...ORIGIN, ...firstHalf }, FIRST),
      get({ ...ORIGIN, body: TEN, fields: SHOWN, asked: { range: /^bytes=5-9?$/ } }),
      get(cached(TEN, { fields: SHOWN })),
    ],
  },
  {
    claim: "a part whose rest has changed is not completed with it",
    rfc: "RFC 9111 §3.4",
    origin: changing('"r1"', '"r2"'),
    steps: [get({ ...ORIGIN, ...firstHalf }, FIRST), get(EITHER_WHOLE)],
  },
  {
    claim: "a part is never given to a request for the whole",
    rfc: "RFC 9111 §3.3",
    origin: [
      { status: 206, fields: { ...STORED, "Content-Range": "bytes 0-4/10" }, body: "01234" },
      { fields: STORED, body: TEN },
    ],
    steps: [get({ ...ORIGIN, status: 206 }, FIRST), get({ ...ORIGIN, ...WHOLE })],
  },
  {
    claim: "a part that nobody asked for is stored for nobody",
    rfc: "RFC 9110 §15.3.7",
    origin: [
      { status: 206, fields: { ...STORED, "Content-Range": "bytes 0-4/10" }, body: "01234" },
      { fields: STORED, body: TEN },
    ],
    steps: [get({ status: [200, 206, 502] }), get({ body: TEN })],
  },
  {
    claim: "a 416 is for the one who asked",
    rfc: "RFC 9110 §15.5.17",
    origin: (asked, nth) =>
      nth === 1
        ? { status: 416, fields: { "Cache-Control": "max-age=60", "Content-Range": "bytes */10" }, body: "" }
        : same(asked, nth),
    steps: [
      get({ ...ORIGIN, status: 416 }, { Range: "bytes=50-" }),
      get({ ...ORIGIN, ...WHOLE }),
      get({ status: 206, body: "01234" }, FIRST),
    ],
  },
  lying("a part that is shorter than it says is not used", {
    fields: { ...STORED, "Content-Range": "bytes 0-4/10" },
    body: "xyz",
  }),
  lying("a part of which nothing tells where it belongs is not used", {
    fields: { ...STORED },
    body: "xxxxx",
  }),
  lying("a part that ends before it begins is not used", {
    fields: { ...STORED, "Content-Range": "bytes 4-0/10" },
    body: "xxxxx",
  }),
  lying("a part that is longer than the whole is not used", {
    fields: { ...STORED, "Content-Range": "bytes 0-4/3" },
    body: "xxxxx",
  }),
];
