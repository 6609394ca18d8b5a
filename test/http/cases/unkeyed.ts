// Input that is in no key: cases of clients who try to choose what others are served.

import { expect } from "vitest";
import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Script } from "../../support/scripted-origin.ts";
import { CACHE, cached, fetched, fresh, get, type HttpCase, ORIGIN, type Wanted } from "../case.ts";

const EVIL = "evil.test";
const unlike = (sent: string) => (value: string | null) => value === null || !value.includes(sent);

const SHAPING: readonly (readonly [name: string, value: string])[] = [
  ["X-Forwarded-Host", EVIL],
  ["X-Forwarded-Proto", "evil"],
  ["X-Forwarded-Scheme", "evil"],
  ["X-Forwarded-Port", "6666"],
  ["X-Forwarded-Prefix", "/evil"],
  ["X-Forwarded-Server", EVIL],
  ["Forwarded", `host=${EVIL};proto=evil`],
  ["X-Original-URL", "/evil"],
  ["X-Rewrite-URL", "/evil"],
  ["X-Original-Host", EVIL],
  ["X-Host", EVIL],
  ["X-HTTP-Host-Override", EVIL],
  ["X-HTTP-Method", "DELETE"],
  ["X-HTTP-Method-Override", "DELETE"],
  ["X-Method-Override", "DELETE"],
  ["X-Original-Path", "/evil"],
  ["X-Original-Anything", "/evil"],
  ["X-Rewrite-Anything", "/evil"],
  ["X-HTTP-Host", EVIL],
  ["X-Override-URL", "/evil"],
  ["X-Envoy-Original-Path", "/evil"],
  ["X-Real-IP", "192.0.2.1"],
  ["True-Client-IP", "192.0.2.1"],
  ...[
    ...["X-Remote-IP", "X-Remote-Addr", "X-Originating-IP", "X-ProxyUser-Ip", "X-Azure-ClientIP"],
    ...["X-Azure-SocketIP", "X-Custom-IP-Authorization", "X-Envoy-External-Address", "X-Appengine-User-Ip"],
    ...["CF-Connecting-IPv6", "Fly-Client-IP", "WL-Proxy-Client-IP", "X_Remote_Addr"],
  ].map((name) => [name, "192.0.2.1"] as const),
  ["X-Nextjs-Data", "1"],
  ["X-Middleware-Prefetch", "1"],
  ["X-Middleware-Subrequest", "middleware"],
  ["X-Middleware-Rewrite", "/evil"],
  ["X-Invoke-Path", "/evil"],
  ["X-Invoke-Status", "888"],
  ["X_Invoke_Query", "evil"],
  ["X-Matched-Path", "/evil"],
  ["X-Now-Route-Matches", "evil"],
  ["X-Nuxt-No-SSR", "evil"],
  ["X-React-Router-SPA-Mode", "evil"],
  ["X-React-Router-Prerender-Data", "evil"],
  ["X-Astro-Path", "/evil"],
  ["Proxy", EVIL],
  ["Proxy-Authorization", "Basic eHg="],
  // What CGI's variables can't tell from these.
  ["X_Forwarded_Host", EVIL],
  ["X_Forwarded-Proto", "evil"],
  ["X.Forwarded.Host", EVIL],
  ["X!Forwarded!Host", EVIL],
  ["X_Original_URL", "/evil"],
  ["X_HTTP_Method_Override", "DELETE"],
  ["If_None_Match", '"evil"'],
];

const OURS = [
  "X-Tidegate-Anything",
  "X_Tidegate_Anything",
  "Tidegate-Anything",
  "X-Tidegate-Meta",
  "Tidegate-Position",
];
const HOP_BY_HOP = ["Keep-Alive", "Proxy-Connection", "TE"];

const never = (
  claim: string,
  fields: Fields,
  asked: Readonly<Record<string, Wanted>>,
  rfc: string,
): HttpCase => ({
  claim,
  rfc,
  origin: [fresh()],
  steps: [get({ ...ORIGIN, asked }, fields), get({ body: /^[12]$/ })],
});

const REFLECTS: Script = (asked) =>
  fresh({}, { body: `host ${fieldOf(asked.fields, "x-forwarded-host") ?? "none"}` });

/** Fails with an error that could be stored, where a field is larger than it takes. */
const strict =
  (status: number): Script =>
  (asked) =>
    (fieldOf(asked.fields, "x-big") ?? "").length > 8192
      ? { status, fields: { "Cache-Control": "public, max-age=600" }, body: "too large" }
      : fresh({}, { body: "fine" });

const WITH_BODY: Fields = { "Content-Length": "5" };

const INTO_THE_CACHE: readonly HttpCase[] = [
  ...[400, 413, 431].map(
    (status): HttpCase => ({
      claim: `a ${status} that one client's large field provoked is served to nobody else`,
      rfc: "RFC 6585 §5",
      origin: strict(status),
      steps: [get({ status: [status, 431] }, { "X-Big": "x".repeat(9 * 1024) }), get(fetched("fine"))],
    }),
  ),
  {
    claim: "an answer that an underscored twin of a varying field may have chosen is stored for nobody",
    rfc: "RFC 9111 §4.1",
    origin: (asked) =>
      fresh({ Vary: "Accept-Language" }, { body: `in ${fieldOf(asked.fields, "accept_language") ?? "any"}` }),
    steps: [
      get(fetched("in evil"), { Accept_Language: "evil" }),
      get(fetched("in any")),
      get(cached("in any")),
    ],
  },
  {
    claim:
      "an answer that a field may have chosen which Connection names by its underscored form is nobody else's",
    rfc: "RFC 9110 §7.6.1",
    origin: (asked) => fresh({ Vary: "X_Lang" }, { body: `in ${fieldOf(asked.fields, "x_lang") ?? "any"}` }),
    steps: [
      get(fetched("in any"), { X_Lang: "evil", Connection: "x_lang" }),
      get({ body: "in any" }),
      get(fetched("in evil"), { X_Lang: "evil" }),
    ],
  },
  {
    claim: "what Connection names by another form of its name does not reach the origin either",
    rfc: "RFC 9110 §7.6.1",
    origin: [{ fields: { "Cache-Control": "no-store" } }],
    steps: [
      get({ ...ORIGIN, asked: { x_a: null, "x-b": null } }, { X_A: "1", "X-B": "2", Connection: "x_a, x_b" }),
      get({ ...ORIGIN, asked: { x_a: null } }, { X_A: "1", Connection: "x-a" }),
    ],
  },
  {
    claim: "a twin of a field in the recipe reaches no origin",
    rfc: "Tidegate",
    under: "/by-underscored",
    origin: (asked) => fresh({}, { body: `${fieldOf(asked.fields, "x_a")} ${fieldOf(asked.fields, "x-a")}` }),
    steps: [
      get(fetched("null null"), { "X-A": "evil" }),
      get(cached("null null")),
      get(fetched("a null"), { X_A: "a" }),
    ],
  },
  {
    claim: "a GET with content is not answered with another's answer",
    rfc: "RFC 9110 §9.3.1",
    origin: (asked) => fresh({}, { body: `content ${asked.body.toString()}` }),
    story: async (stage) => {
      await stage.send();
      await stage.edge.settled();
      const got = await stage.send({ fields: WITH_BODY, body: "hello" });
      expect([200, 400, 411, 413, 415, 501]).toContain(got.status);
      if (got.status === 200) expect(got.text).toBe("content hello");
      expect((await stage.send()).text).toBe("content ");
    },
  },
  {
    claim: "the answer to a GET with content is stored for nobody",
    rfc: "RFC 9110 §9.3.1",
    origin: (asked) => fresh({}, { body: `content ${asked.body.toString()}` }),
    story: async (stage) => {
      await stage.send({ fields: WITH_BODY, body: "hello" });
      await stage.edge.settled();
      expect((await stage.send()).text).toBe("content ");
    },
  },
  {
    claim: "a client's conditions and ranges shape no answer of others'",
    rfc: "RFC 9111 §4.3.1",
    origin: (asked) => {
      const names = asked.fields.map(([name]) => name).filter((name) => /^(if-|range)/.test(name));
      return fresh({ ETag: '"v1"' }, { body: `asked with ${names.join(" ")}` });
    },
    steps: [
      get(
        { body: "asked with " },
        { "If-None-Match": '"v0"', "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT" },
      ),
      get({ body: "asked with " }),
    ],
  },
];

const FROM_THE_ORIGIN: readonly HttpCase[] = [
  {
    claim: "fields that look like ours don't pass from the origin to a client",
    rfc: "Tidegate",
    origin: [fresh({ "X-Tidegate-Answer": "{}", "Tidegate-Anything": "1" })],
    steps: [ORIGIN, CACHE].map((expected) =>
      get({ ...expected, fields: { "x-tidegate-answer": null, "tidegate-anything": null } }),
    ),
  },
  {
    claim: "hop-by-hop fields of an answer are neither passed on nor stored",
    rfc: "RFC 9110 §7.6.1",
    origin: [
      fresh({
        Connection: "X-Hop, X-More",
        "X-Hop": "1",
        "X-More": "2",
        "Keep-Alive": "timeout=99",
        "Proxy-Connection": "x",
        "X-End": "3",
      }),
    ],
    steps: [ORIGIN, CACHE].map((expected) =>
      get({
        ...expected,
        fields: {
          "x-hop": null,
          "x-more": null,
          "keep-alive": (value) => value !== "timeout=99",
          "proxy-connection": null,
          "x-end": "3",
        },
      }),
    ),
  },
  {
    claim: "hop-by-hop fields of an answer that is not stored are not passed on",
    rfc: "RFC 9110 §7.6.1",
    origin: [fresh({ "Cache-Control": "no-store", Connection: "X-Hop", "X-Hop": "1" })],
    steps: [get({ ...ORIGIN, fields: { "x-hop": null } }), get({ ...ORIGIN, fields: { "x-hop": null } })],
  },
];

export const UNKEYED: readonly HttpCase[] = [
  ...SHAPING.map(([name, value]) =>
    never(
      `a client's ${name} does not reach the origin`,
      { [name]: value },
      { [name]: unlike(value) },
      "Tidegate",
    ),
  ),
  ...OURS.map((name) =>
    never(
      `a client's ${name} does not reach the origin`,
      { [name]: "forged" },
      { [name]: unlike("forged") },
      "Tidegate",
    ),
  ),
  ...HOP_BY_HOP.map((name) =>
    never(
      `a client's ${name} does not reach the origin`,
      { [name]: "x-hop" },
      { [name]: null },
      "RFC 9110 §7.6.1",
    ),
  ),
  never(
    "what a client's Connection names does not reach the origin",
    { Connection: "close, X-Hop , x-more", "X-Hop": "1", "X-More": "2", "X-End": "3" },
    { "x-hop": null, "x-more": null, "x-end": "3" },
    "RFC 9110 §7.6.1",
  ),
  {
    claim: "a field in the recipe reaches the origin and separates answers",
    rfc: "Tidegate",
    under: "/by-forwarded",
    origin: REFLECTS,
    steps: [
      get(fetched("host a.test"), { "X-Forwarded-Host": "a.test" }),
      get(fetched("host none")),
      get(fetched("host b.test"), { "X-Forwarded-Host": "b.test" }),
      get({ ...CACHE, body: "host a.test" }, { "X-Forwarded-Host": "a.test" }),
    ],
  },
  {
    claim: "a POST may not be turned into another method behind a key either",
    rfc: "Tidegate",
    origin: [fresh()],
    steps: [
      get({ ...ORIGIN, asked: { "x-http-method-override": null } }, { "X-HTTP-Method-Override": "POST" }),
      get({ ...CACHE, body: "1" }),
    ],
  },
  ...INTO_THE_CACHE,
  ...FROM_THE_ORIGIN,
];
