// What one request brought and another must not be given: cases of errors, parts, credentials and queries that meet.

import { expect } from "vitest";
import { fieldOf } from "../../support/fields.ts";
import type { Script, Spoken } from "../../support/scripted-origin.ts";
import { CACHE, cached, fetched, fresh, get, type HttpCase, head, ORIGIN, stale } from "../case.ts";

const TEXT = "0123456789";
const range = (from: number, to: number): string => `bytes=${from}-${to}`;

/** The part that is asked for, under an entity tag. */
const part =
  (etag: string, more: (from: number) => Record<string, string> = () => ({})): Script =>
  (asked) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(fieldOf(asked.fields, "range") ?? "") ?? [];
    if (from === undefined) return fresh({ ETag: etag }, { body: TEXT });
    const fields = { ETag: etag, "Content-Range": `bytes ${from}-${to}/10`, ...more(Number(from)) };
    return fresh(fields, { status: 206, body: TEXT.slice(Number(from), Number(to) + 1) });
  };

const QUERIES: readonly HttpCase[] = [
  {
    claim: "an error that does not say so is no answer for other queries",
    rfc: "No-Vary-Search §5",
    origin: (asked): Spoken =>
      asked.target.includes("evil")
        ? fresh({}, { status: 404, body: "nothing here" })
        : fresh({ "No-Vary-Search": 'params=("utm")' }, { body: "the page" }),
    steps: [
      get({ ...ORIGIN, body: "the page" }, {}, "?utm=1"),
      get({ ...CACHE, body: "the page" }, {}, "?utm=2"),
      get({ body: /.*/, status: [200, 404] }, {}, "?utm=evil"),
      get({ body: "the page" }, {}, "?utm=3"),
      get({ body: "the page" }),
    ],
  },
  {
    claim: "a resource that no longer says so is keyed by its whole query again",
    rfc: "No-Vary-Search §5",
    origin: (asked, nth): Spoken =>
      nth === 1
        ? stale({ "No-Vary-Search": "params" }, { body: "once for all" })
        : fresh({}, { body: asked.target.split("?")[1] ?? "" }),
    steps: [
      get({ ...ORIGIN, body: "once for all" }, {}, "?a=1"),
      get({ ...ORIGIN, body: "a=2" }, {}, "?a=2"),
      get({ ...ORIGIN, body: "a=3" }, {}, "?a=3"),
      get({ ...CACHE, body: "a=2" }, {}, "?a=2"),
    ],
  },
];

const PARTS: readonly HttpCase[] = [
  {
    claim: "a failed If-Range is not answered from a part",
    rfc: "RFC 9110 §13.1.5",
    origin: part('"v2"'),
    steps: [
      get({ ...ORIGIN, status: 206 }, { Range: range(0, 3) }),
      get({ ...ORIGIN, status: 206 }, { Range: range(4, 7) }),
      get(
        { ...ORIGIN, status: [200, 206], also: (got) => expect(got.text).not.toBe("01234567") },
        { Range: range(1, 2), "If-Range": '"v1"' },
      ),
    ],
  },
  {
    claim: "parts in different codings are not one answer, whatever their tag",
    rfc: "RFC 9110 §8.8.3.3",
    origin: part('"v1"', (from) => (from === 0 ? { "Content-Encoding": "gzip" } : {})),
    steps: [
      get({ status: 206 }, { Range: range(0, 4), "Accept-Encoding": "gzip" }),
      get({ status: 206 }, { Range: range(5, 9), "Accept-Encoding": "gzip" }),
      get({ ...ORIGIN, body: TEXT }, { "Accept-Encoding": "gzip" }),
    ],
  },
];

/** Refuses whoever asks for a part. */
const ofRange =
  (refusal: Spoken): Script =>
  (asked) =>
    fieldOf(asked.fields, "range") === null ? fresh({}, { body: "fine" }) : refusal;
const NO_RANGE = { Range: "bytes=0-999999999999999" };

const PEOPLE: readonly HttpCase[] = [
  {
    claim: "a HEAD with credentials makes nothing uncacheable for others",
    rfc: "RFC 9111 §3.5",
    origin: (asked, nth): Spoken =>
      nth === 1 ? stale() : fresh({}, { body: fieldOf(asked.fields, "authorization") ?? "nobody" }),
    steps: [
      get(fetched("1")),
      head(ORIGIN, { Authorization: "alice" }),
      get({ ...ORIGIN, body: "nobody" }),
      get(cached("nobody")),
    ],
  },
  {
    claim: "an error that one client's fields provoked makes nothing uncacheable for others",
    rfc: "RFC 9111 §3",
    origin: (asked): Spoken =>
      fieldOf(asked.fields, "x-large") === null
        ? fresh({}, { body: "fine" })
        : fresh({}, { status: 400, body: "bad" }),
    steps: [
      get({ ...ORIGIN, status: 400, body: "bad" }, { "X-Large": "x".repeat(3000) }),
      get({ ...ORIGIN, body: "fine" }),
      get(cached("fine")),
    ],
  },
  ...[400, 404, 301].map(
    (status): HttpCase => ({
      claim: `a ${status} that a range got is not what the whole gets`,
      rfc: "RFC 9111 §3",
      origin: ofRange(fresh({}, { status, body: "bad" })),
      steps: [
        get({ ...ORIGIN, status, body: "bad" }, NO_RANGE),
        get({ ...ORIGIN, body: "fine" }),
        get(cached("fine")),
      ],
    }),
  ),
  ...[400, 406].map(
    (status): HttpCase => ({
      claim: `a ${status} that speaks of one request makes nothing uncacheable for others`,
      rfc: "RFC 9110 §15.5.7",
      origin: (asked): Spoken =>
        fieldOf(asked.fields, "accept") === "x/y" ? { status, body: "no" } : fresh({}, { body: "fine" }),
      steps: [
        get({ ...ORIGIN, status, body: "no" }, { Accept: "x/y" }),
        get({ ...ORIGIN, body: "fine" }),
        get(cached("fine")),
      ],
    }),
  ),
  {
    claim: "a page of an error that names one client's cookie reaches nobody who waited with that one",
    rfc: "RFC 9111 §4",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.edge.origin.script(stage.id, ({ fields }) => ({
        status: 500,
        body: `trace of ${fieldOf(fields, "cookie")}`,
        after: promise,
      }));
      const alice = stage.send({ fields: { Cookie: "sid=alice" } });
      await stage.reached(1);
      const others = [{}, {}, { Cookie: "sid=bob" }].map((fields) => stage.send({ fields }));
      // Anything that came in before this one is waiting by now.
      await stage.edge.settled();
      resolve();
      expect(await alice).toMatchObject({ status: 500, text: "trace of sid=alice" });
      for (const got of await Promise.all(others)) {
        expect([got.status, JSON.parse(got.text).code]).toEqual([500, "origin-error"]);
        expect(got.field("cache-control")).toBe("no-store");
      }
      expect(stage.asked()).toHaveLength(1);
    },
  },
  {
    claim: "one private variant leaves the others where they are",
    rfc: "RFC 9111 §4.1",
    origin: (asked): Spoken =>
      fieldOf(asked.fields, "x-who") === null
        ? fresh({ Vary: "X-Who" }, { body: "for all" })
        : { fields: { Vary: "X-Who", "Cache-Control": "private" }, body: "for one" },
    steps: [
      get({ ...ORIGIN, body: "for all" }),
      get({ ...ORIGIN, body: "for one" }, { "X-Who": "me" }),
      get(cached("for all")),
    ],
  },
];

/** What the origin is not sent selects nothing. */
const UNSENT: readonly HttpCase[] = [
  {
    claim: "a field that Connection names selects no variant",
    rfc: "RFC 9111 §4.1",
    origin: (asked) => fresh({ Vary: "X-Lang" }, { body: fieldOf(asked.fields, "x-lang") ?? "none" }),
    steps: [
      get({ ...ORIGIN, body: "none" }, { "X-Lang": "de", Connection: "X-Lang" }),
      get({ ...ORIGIN, body: "de" }, { "X-Lang": "de" }),
      get(cached("none")),
    ],
  },
  {
    claim: "what a recipe leaves out does not reach the origin of what is shared",
    rfc: "RFC 9111 §2",
    under: "/q-exclude",
    origin: (asked) => fresh({}, { body: asked.target.split("?")[1] ?? "" }),
    steps: [get({ ...ORIGIN, body: "a=1" }, {}, "?utm_source=evil&a=1"), get(cached("a=1"), {}, "?a=1")],
  },
  {
    claim: "an error that many small fields provoked is served to nobody else",
    rfc: "RFC 9111 §3",
    origin: (asked) =>
      asked.fields.length > 60 ? fresh({}, { status: 400, body: "too many" }) : fresh({}, { body: "fine" }),
    steps: [
      get(
        { ...ORIGIN, status: 400 },
        Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`A${i}`, "1"])),
      ),
      get({ ...ORIGIN, body: "fine" }),
    ],
  },
  {
    claim: "an expectation is met here, and a write arrives once",
    rfc: "RFC 9110 §10.1.1",
    origin: (asked) => ({ status: 200, body: `${asked.method} ${fieldOf(asked.fields, "expect") ?? "-"}` }),
    steps: [
      {
        method: "PUT",
        fields: { Expect: "100-continue", "Content-Length": "1" },
        body: "x",
        expect: { ...ORIGIN, body: "PUT -" },
      },
      { reached: 1 },
    ],
  },
  {
    claim: "a whole is asked for anew where the rest of a part is no range any more",
    rfc: "RFC 9110 §15.5.17",
    origin: (asked): Spoken => {
      const from = /bytes=(\d+)-/.exec(fieldOf(asked.fields, "range") ?? "")?.[1];
      if (from === "0") return fresh({ "Content-Range": "bytes 0-9/20" }, { status: 206, body: TEXT });
      if (from !== undefined) return { status: 416, fields: { "Content-Range": "bytes */5" }, body: "" };
      return fresh({}, { body: "short" });
    },
    steps: [get({ ...ORIGIN, status: 206 }, { Range: range(0, 9) }), get({ ...ORIGIN, body: "short" })],
  },
];

const WIDE = Buffer.alloc(1_200_000, "wide ");

const NEWER: readonly HttpCase[] = [
  {
    claim: "a purge of one of several equal URLs holds for it, whichever is asked for first",
    rfc: "Tidegate",
    origin: (_, nth) => fresh({ "No-Vary-Search": 'params=("utm")' }, { body: String(nth) }),
    steps: [
      get(fetched("1"), {}, "?a=1&utm=9"),
      get(cached("1"), {}, "?a=1&utm=7"),
      { purges: (path) => ({ urls: [`${path}?a=1&utm=7`] }) },
      get({}, {}, "?a=1&utm=9"),
      get({ body: "2" }, {}, "?a=1&utm=7"),
    ],
  },
  {
    claim: "a large answer that varies is found again",
    rfc: "RFC 9111 §4.1",
    origin: [fresh({ Vary: "Accept-Language" }, { body: WIDE })],
    steps: [
      get({ ...ORIGIN, body: WIDE }, { "Accept-Language": "de" }),
      { ...get({ ...CACHE, body: WIDE }, { "Accept-Language": "de" }), eventually: true },
    ],
  },
  {
    claim: "what a client has forced is what the next one gets",
    rfc: "RFC 9111 §4",
    under: "/honor",
    origin: (_, nth) => fresh({}, { body: String(nth) }),
    story: async (stage) => {
      expect((await stage.send()).text).toBe("1");
      await stage.edge.settled();
      const forced = (await stage.send({ fields: { "Cache-Control": "no-cache" } })).text;
      expect([forced, (await stage.send()).text]).toEqual(["2", "2"]);
    },
  },
  {
    claim: "a query that counts again is answered by its own answer, however many ask at once",
    rfc: "No-Vary-Search §5",
    origin: (asked, nth): Spoken =>
      nth === 1
        ? stale({ "No-Vary-Search": 'params=("utm")' }, { body: "once" })
        : fresh({}, { body: asked.target.split("?")[1] ?? "" }),
    story: async (stage) => {
      expect((await stage.send({ at: "?utm=0" })).text).toBe("once");
      await stage.edge.settled();
      const queries = Array.from({ length: 10 }, (_, i) => `utm=${i + 1}`);
      const got = await Promise.all(queries.map((query) => stage.send({ at: `?${query}` })));
      expect(got.map(({ text }) => text)).toEqual(queries);
    },
  },
];

export const CROSSINGS: readonly HttpCase[] = [...NEWER, ...QUERIES, ...PARTS, ...PEOPLE, ...UNSENT];
