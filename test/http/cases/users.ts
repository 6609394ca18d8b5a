// Answers that are somebody's: cases of Authorization and of Set-Cookie.

import { expect } from "vitest";
import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Script, Spoken } from "../../support/scripted-origin.ts";
import { CACHE, cached, fetched, fresh, get, type HttpCase, ORIGIN, stale } from "../case.ts";

const ANN = { Authorization: "Basic YW5uOmE=" };
const BOB = { Authorization: "Basic Ym9iOmI=" };

/** Answers everybody with their own name. */
const byName =
  (fields: Fields): Script =>
  (asked) => ({ fields, body: `for ${fieldOf(asked.fields, "authorization") ?? "anybody"}` });

const forAnn = `for ${ANN.Authorization}`;
const forBob = `for ${BOB.Authorization}`;

const shareable = ["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"];

export const AUTHORIZATION: readonly HttpCase[] = [
  {
    claim: "an answer to an authorised request is not stored",
    rfc: "RFC 9111 §3.5",
    origin: [fresh()],
    steps: [get(ORIGIN, ANN), get(ORIGIN, ANN), get(ORIGIN)],
  },
  {
    claim: "two users never see each other's answers",
    rfc: "RFC 9111 §3.5",
    origin: byName({ "Cache-Control": "max-age=60" }),
    steps: [
      get(fetched(forAnn), ANN),
      get(fetched(forBob), BOB),
      get(fetched(forAnn), ANN),
      get(fetched("for anybody")),
    ],
  },
  ...shareable.map(
    (directives): HttpCase => ({
      claim: `an answer to an authorised request is stored where it says ${directives}`,
      rfc: "RFC 9111 §3.5",
      origin: [fresh({ "Cache-Control": directives })],
      steps: [get(fetched("1"), ANN), get(cached("1")), get(cached("1"), BOB)],
    }),
  ),
  {
    claim: "a stored public answer serves an authorised request",
    rfc: "RFC 9111 §3.5",
    origin: [fresh({ "Cache-Control": "public, max-age=60" })],
    steps: [get(fetched("1")), get(cached("1"), ANN)],
  },
  {
    claim: "an authorised request never replaces what is stored for everybody",
    rfc: "RFC 9111 §3.5",
    origin: byName({ "Cache-Control": "max-age=60" }),
    steps: [get(fetched("for anybody")), get({ body: /^for / }, ANN), get(cached("for anybody"))],
  },
  {
    claim: "what is everybody's is refreshed behind those who send credentials",
    rfc: "RFC 9111 §3.5",
    origin: [
      stale({ "Cache-Control": "public, max-age=60, stale-while-revalidate=60" }),
      fresh({ "Cache-Control": "public, max-age=60" }),
    ],
    steps: [get(fetched("1"), ANN), get({ body: "1" }, BOB), { reached: 2 }, get(cached("2"), ANN)],
  },
  {
    claim: "what was everybody's is fetched once for all who send credentials",
    rfc: "RFC 9111 §3.5",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const public_ = { "Cache-Control": "public, max-age=60", ETag: '"v1"' };
      stage.edge.origin.script(stage.id, ({ method }, nth) => {
        if (method === "OPTIONS") return {};
        return nth === 1
          ? { fields: { ...public_, Age: "70" } }
          : { fields: { ...public_, ETag: '"v2"' }, body: "new", after: promise };
      });
      await stage.send({ fields: ANN });
      await stage.edge.settled();
      const all = Array.from({ length: 10 }, (_, at) => stage.send({ fields: at % 2 === 0 ? ANN : BOB }));
      await stage.send({ method: "OPTIONS" });
      resolve();
      expect((await Promise.all(all)).map(({ text }) => text)).toEqual(all.map(() => "new"));
      expect(stage.asked().filter(({ method }) => method === "GET")).toHaveLength(2);
    },
  },
  {
    claim: "what is nobody else's any more goes to nobody else, though they waited together",
    rfc: "RFC 9111 §3.5",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.edge.origin.script(stage.id, ({ method, fields }, nth) => {
        if (method === "OPTIONS") return {};
        if (nth === 1) return { fields: { "Cache-Control": "public, max-age=60", ETag: '"v1"', Age: "70" } };
        const body = `for ${fieldOf(fields, "authorization")}`;
        return { fields: { "Cache-Control": "max-age=60" }, body, after: promise };
      });
      await stage.send({ fields: ANN });
      await stage.edge.settled();
      const all = Array.from({ length: 10 }, (_, at) => stage.send({ fields: at % 2 === 0 ? ANN : BOB }));
      await stage.send({ method: "OPTIONS" });
      resolve();
      const got = await Promise.all(all);
      expect(got.map(({ text }) => text)).toEqual(all.map((_, at) => (at % 2 === 0 ? forAnn : forBob)));
    },
  },
  {
    claim: "credentials that are refused keep nobody without them from a stored answer",
    rfc: "RFC 9110 §15.5.2",
    origin: ({ fields }, nth) => {
      if (nth === 1) return { fields: { "Cache-Control": "public, max-age=60", ETag: '"v1"', Age: "70" } };
      return fieldOf(fields, "authorization") === null
        ? fresh({ "Cache-Control": "public, max-age=60" })
        : { status: 401, body: "who?" };
    },
    steps: [
      get(fetched("1")),
      get({ status: 401, from: "origin" }, ANN),
      get(fetched("3")),
      get(cached("3")),
    ],
  },
  {
    claim: "users who ask at once each get their own answer",
    rfc: "RFC 9111 §3.5",
    origin: byName({ "Cache-Control": "max-age=60" }),
    story: async (stage) => {
      const all = [ANN, BOB, ANN, BOB].map((fields) => stage.send({ fields }));
      const texts = (await Promise.all(all)).map(({ text }) => text);
      expect(texts).toEqual([forAnn, forBob, forAnn, forBob]);
    },
  },
  {
    claim: "a part that one user got serves nobody else",
    rfc: "RFC 9111 §3.5",
    origin: (asked) => ({
      status: 206,
      fields: { "Cache-Control": "max-age=60", ETag: '"part"', "Content-Range": "bytes 0-3/10" },
      body: (fieldOf(asked.fields, "authorization") ?? "none").slice(-4),
    }),
    steps: [
      get({ ...ORIGIN, status: 206, body: "OmE=" }, { ...ANN, Range: "bytes=0-3" }),
      get({ ...ORIGIN, status: 206, body: "OmI=" }, { ...BOB, Range: "bytes=0-3" }),
      get({ ...ORIGIN, status: 206, body: "none" }, { Range: "bytes=0-3" }),
    ],
  },
  {
    claim: "a validation of one user's never serves another",
    rfc: "RFC 9111 §3.5",
    origin: byName({ "Cache-Control": "max-age=60", Age: "70", ETag: '"same"' }),
    steps: [get(fetched(forAnn), ANN), get(fetched(forBob), BOB), get(fetched("for anybody"))],
  },
];

const withCookie = (more: Fields = {}): Spoken =>
  fresh({ "Set-Cookie": ["sid=1; HttpOnly", "b=2"], ...more });
const cookies = (lines: readonly string[]) => ({
  also: (got: { fields: readonly (readonly [string, string])[] }) =>
    expect(got.fields.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual(lines),
});
const BOTH = ["sid=1; HttpOnly", "b=2"];

export const COOKIES: readonly HttpCase[] = [
  {
    claim: "one who gets an answer of his own does not keep everybody else from a stored one",
    rfc: "RFC 9111 §3",
    origin: ({ fields }) =>
      fieldOf(fields, "cookie") === null ? fresh() : fresh({ "Cache-Control": "private" }, { body: "mine" }),
    steps: [
      get(fetched("mine"), { Cookie: "sid=ann" }),
      get(fetched("2")),
      get(fetched("3")),
      { ...get(cached("3")), eventually: true },
      get(cached("3")),
    ],
  },
  {
    claim: "an answer with Set-Cookie is not stored",
    rfc: "RFC 9111 §7.3",
    origin: [withCookie()],
    steps: [get({ ...ORIGIN, ...cookies(BOTH) }), get({ ...ORIGIN, ...cookies(BOTH) })],
  },
  {
    claim: "an answer with Set-Cookie is not stored, public or not",
    rfc: "RFC 9111 §7.3",
    origin: [withCookie({ "Cache-Control": "public, s-maxage=60" })],
    steps: [get(ORIGIN), get(ORIGIN)],
  },
  {
    claim: "where cookies are stripped the answer is stored without them",
    rfc: "Tidegate",
    under: "/strip-cookie",
    origin: [withCookie()],
    steps: [get(ORIGIN), get({ ...CACHE, ...cookies([]) })],
  },
  {
    claim: "where cookies are stored they are replayed, a line each",
    rfc: "Tidegate",
    under: "/store-cookie",
    origin: [withCookie()],
    steps: [get({ ...ORIGIN, ...cookies(BOTH) }), get({ ...CACHE, ...cookies(BOTH) })],
  },
  ...["", "/strip-cookie"].map(
    (under): HttpCase => ({
      claim: `a cookie that a 304 sets reaches nobody but the one who asked${under === "" ? "" : ", stripped or not"}`,
      rfc: "RFC 9111 §7.3",
      ...(under === "" ? {} : { under: "/strip-cookie" }),
      origin: [
        stale(),
        { status: 304, fields: { ETag: '"v1"', "Set-Cookie": "sid=1", "Cache-Control": "max-age=60" } },
        fresh({ ETag: '"v1"' }, { body: "1" }),
      ],
      steps: [get(fetched("1")), get(fetched("1")), get({ body: "1", fields: { "set-cookie": null } })],
    }),
  ),
  {
    claim: "those who waited for an answer with a cookie get one of their own",
    rfc: "RFC 9111 §7.3",
    origin: (_, nth) => ({
      fields: { "Cache-Control": "max-age=60", "Set-Cookie": `sid=${nth}` },
      body: `${nth}`,
    }),
    story: async (stage) => {
      const all = await Promise.all(Array.from({ length: 8 }, () => stage.send()));
      expect(new Set(all.map((got) => got.field("set-cookie"))).size).toBe(8);
      for (const got of all) expect(got.field("set-cookie")).toBe(`sid=${got.text}`);
    },
  },
];
