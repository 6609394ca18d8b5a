// What goes through an edge for one client alone: cases of the fields that are sent on, both ways, and of those that are not.

import { gzipSync } from "node:zlib";
import type { Fields } from "../../support/fields.ts";
import { dateIn, fetched, get, type HttpCase, ORIGIN, type Wanted } from "../case.ts";

const NO_STORE: Fields = { "Cache-Control": "no-store" };
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const coded = gzipSync("coded for one client");

/** Asked for often enough that it is known not to be storable, which is a way of its own. */
const often = (fields: Fields, asked: Readonly<Record<string, Wanted>>) =>
  Array.from({ length: 3 }, () => get({ ...ORIGIN, asked }, fields));

const toTheOrigin = (claim: string, fields: Fields, asked: Readonly<Record<string, Wanted>>): HttpCase => ({
  claim,
  rfc: "RFC 9110 §7.6",
  origin: [{ fields: NO_STORE }],
  steps: often(fields, asked),
});

const toTheClient = (
  claim: string,
  said: Fields,
  shown: Readonly<Record<string, Wanted>>,
  body: string | Buffer = "passed",
): HttpCase => ({
  claim,
  rfc: "RFC 9110 §7.6",
  origin: [{ fields: { ...NO_STORE, ...said }, body }],
  steps: Array.from({ length: 3 }, () => get(fetched(body, { fields: shown }))),
});

export const PASSED: readonly HttpCase[] = [
  {
    claim: "a clock that is fast does not keep a client from what is not stored",
    rfc: "RFC 9110 §13.1.3",
    origin: [
      { fields: NO_STORE, body: "one" },
      { fields: NO_STORE, body: "two" },
    ],
    steps: [
      get(fetched("one"), { "If-Modified-Since": dateIn(600) }),
      get(fetched("two"), { "If-Modified-Since": dateIn(600) }),
    ],
  },
  toTheOrigin(
    "a client's own fields reach the origin as they are",
    { Cookie: "a=1; b=2", "X-Own": "mine" },
    { cookie: "a=1; b=2", "x-own": "mine" },
  ),
  toTheOrigin(
    "fields of the connection, and those that choose another resource, end here",
    { Connection: "x-hop", "X-Hop": "1", "X-Forwarded-Host": "evil.test", "X-Tidegate-Anything": "1" },
    { "x-hop": null, "x-forwarded-host": null, "x-tidegate-anything": null, connection: /^(?!.*x-hop)/ },
  ),
  toTheOrigin(
    "a read is not turned into another method",
    { "X-HTTP-Method-Override": "DELETE", X_Method_Override: "DELETE" },
    { "x-http-method-override": null, x_method_override: null },
  ),
  toTheOrigin(
    "the origin is told by whom it is asked, behind those before us",
    { Via: "1.0 before", "Surrogate-Capability": 'other="ESI/1.0"', "X-Forwarded-Proto": "gopher" },
    {
      via: "1.0 before, 1.1 tidegate",
      "surrogate-capability": 'tidegate="Surrogate/1.0"',
      "x-forwarded-proto": "http",
    },
  ),
  toTheOrigin(
    "its trace goes on as a child of its own",
    { Traceparent: `00-${TRACE}-${PARENT}-01`, Tracestate: "vendor=1" },
    {
      traceparent: (value) => (value?.startsWith(`00-${TRACE}-`) ?? false) && !value?.includes(PARENT),
      tracestate: "vendor=1",
    },
  ),
  toTheOrigin(
    "what is no trace is not passed on",
    { Traceparent: "nonsense", Tracestate: "vendor=1" },
    { traceparent: null, tracestate: null },
  ),
  {
    claim: "OPTIONS goes as far as its sender says, and no further",
    rfc: "RFC 9110 §7.6.2",
    origin: [{ fields: NO_STORE }],
    steps: [
      {
        method: "OPTIONS",
        fields: { "Max-Forwards": "3" },
        expect: { ...ORIGIN, asked: { "max-forwards": "2" } },
      },
      { method: "OPTIONS", fields: { "Max-Forwards": "0" }, expect: { status: 204, from: "cache" } },
      { method: "OPTIONS", fields: { "Max-Forwards": "x" }, expect: ORIGIN },
    ],
  },
  toTheClient(
    "an origin's fields reach the client as they are",
    { ETag: '"v1"', "Content-Language": "en", "X-Own": "theirs" },
    { etag: '"v1"', "content-language": "en", "x-own": "theirs", "cache-control": "no-store" },
  ),
  toTheClient(
    "every Set-Cookie stays a field of its own",
    { "Set-Cookie": ["a=1", "b=2"] },
    { "set-cookie": "a=1, b=2" },
  ),
  toTheClient(
    "fields of the connection, and those named for our own use, end here",
    { Connection: "x-hop", "X-Hop": "1", "Tidegate-Anything": "1", "X-Tidegate-Anything": "1" },
    { "x-hop": null, "tidegate-anything": null, "x-tidegate-anything": null },
  ),
  toTheClient(
    "what caches behind said of it stands before what we say",
    { "Cache-Status": "behind; fwd=miss" },
    { "cache-status": /^behind; fwd=miss, tidegate-l/ },
  ),
  toTheClient(
    "a coded body is passed in the octets that it came in",
    { "Content-Encoding": "gzip" },
    { "content-encoding": "gzip", "content-length": String(coded.length) },
    coded,
  ),
];
