// What a client may ask of a cache: cases of request directives.

import { CACHE, cached, fetched, fresh, get, type HttpCase, ORIGIN, stale } from "../case.ts";
import type { Prefix } from "../policies.ts";

type Row = readonly [claim: string, directive: string, second: "cache" | "origin", under?: Prefix];

/** Asked of an answer that is 30 s old and fresh for 30 s more. */
const OF_A_FRESH_ANSWER: readonly Row[] = [
  ["no-cache does not force a request to the origin", "no-cache", "cache"],
  ["max-age=0 does not force a request to the origin", "max-age=0", "cache"],
  ["min-fresh does not force a request to the origin", "min-fresh=3000", "cache"],
  ["where clients are heard no-cache asks the origin", "no-cache", "origin", "/honor"],
  ["where clients are heard no-cache is heard in capitals", "No-Cache", "origin", "/honor"],
  ["where clients are heard max-age=0 asks the origin", "max-age=0", "origin", "/honor"],
  ["where clients are heard a max-age below the age asks the origin", "max-age=10", "origin", "/honor"],
  ["where clients are heard a max-age above the age does not", "max-age=50", "cache", "/honor"],
  [
    "where clients are heard a min-fresh above what is left asks the origin",
    "min-fresh=50",
    "origin",
    "/honor",
  ],
  ["where clients are heard a min-fresh below what is left does not", "min-fresh=10", "cache", "/honor"],
  ["where clients are ignored no-cache is", "no-cache", "cache", "/ignore"],
];

/** Asked of an answer that is 10 s past its freshness. */
const OF_A_STALE_ANSWER: readonly Row[] = [
  ["max-stale does not make us serve what is stale", "max-stale=60", "origin"],
  ["where clients are heard a max-stale takes what is stale for less", "max-stale=60", "cache", "/honor"],
  ["where clients are heard a max-stale without a value takes what is stale", "max-stale", "cache", "/honor"],
  ["where clients are heard a max-stale refuses what is stale for more", "max-stale=5", "origin", "/honor"],
];

const rowCase = ([claim, directive, second, under]: Row, old: ReturnType<typeof fresh>): HttpCase => ({
  claim,
  rfc: "RFC 9111 §5.2.1",
  ...(under === undefined ? {} : { under }),
  origin: [old, fresh()],
  steps: [get(ORIGIN), get(second === "cache" ? cached("1") : fetched("2"), { "Cache-Control": directive })],
});

const ONLY = { "Cache-Control": "only-if-cached" };

export const REQUESTS: readonly HttpCase[] = [
  ...OF_A_FRESH_ANSWER.map((row) => rowCase(row, fresh({ Age: "30" }))),
  ...OF_A_STALE_ANSWER.map((row) => rowCase(row, stale())),
  {
    claim: "max-stale never overrides must-revalidate",
    rfc: "RFC 9111 §5.2.2.2",
    under: "/honor",
    origin: [stale({ "Cache-Control": "max-age=60, must-revalidate" }), fresh()],
    steps: [get(ORIGIN), get(fetched("2"), { "Cache-Control": "max-stale=600" })],
  },
  {
    claim: "max-stale never overrides s-maxage",
    rfc: "RFC 9111 §5.2.2.10",
    under: "/honor",
    origin: [stale({ "Cache-Control": "s-maxage=60" }), fresh()],
    steps: [get(ORIGIN), get(fetched("2"), { "Cache-Control": "max-stale=600" })],
  },
  {
    claim: "Pragma: no-cache does not force a request to the origin",
    rfc: "RFC 9111 §5.4",
    origin: [fresh()],
    steps: [get(ORIGIN), get(cached("1"), { Pragma: "no-cache" })],
  },
  {
    claim: "what a client forced is what others are served from then on",
    rfc: "RFC 9111 §5.2.1.4",
    under: "/honor",
    origin: [fresh(), fresh()],
    steps: [get(fetched("1")), get(fetched("2"), { "Cache-Control": "no-cache" }), get(cached("2"))],
  },
  {
    claim: "only-if-cached is answered 504 where nothing is stored",
    rfc: "RFC 9111 §5.2.1.7",
    origin: [fresh()],
    steps: [get({ ...CACHE, status: 504 }, ONLY), get(ORIGIN)],
  },
  {
    claim: "only-if-cached is answered from what is stored",
    rfc: "RFC 9111 §5.2.1.7",
    origin: [fresh()],
    steps: [get(ORIGIN), get(cached("1"), ONLY)],
  },
  {
    claim: "only-if-cached is answered 504 where what is stored is stale",
    rfc: "RFC 9111 §5.2.1.7",
    origin: [stale()],
    steps: [get(ORIGIN), get({ ...CACHE, status: 504 }, ONLY)],
  },
  {
    claim: "only-if-cached is heard in capitals and beside others",
    rfc: "RFC 9111 §5.2.1.7",
    origin: [fresh()],
    steps: [get({ ...CACHE, status: 504 }, { "Cache-Control": "max-age=60, Only-If-Cached" })],
  },
  {
    claim: "where clients are ignored only-if-cached is",
    rfc: "Tidegate",
    under: "/ignore",
    origin: [fresh()],
    steps: [get(fetched("1"), ONLY)],
  },
  {
    claim: "the answer to a request with no-store is not stored",
    rfc: "RFC 9111 §5.2.1.5",
    origin: [fresh()],
    steps: [get(fetched("1"), { "Cache-Control": "no-store" }), get(fetched("2")), get({ body: /^[23]$/ })],
  },
  {
    claim: "where clients are ignored the answer to a request with no-store is stored",
    rfc: "Tidegate",
    under: "/ignore",
    origin: [fresh()],
    steps: [get(fetched("1"), { "Cache-Control": "no-store" }), get(cached("1"))],
  },
];
