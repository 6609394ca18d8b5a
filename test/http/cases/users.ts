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
