// What Cache-Status tells: cases of RFC 9211, beside its grammar, which is checked with every answer of the suite.

import { expect } from "vitest";
import { parseCacheStatus, type StatusMember } from "../../../bench/outside/cache-status.ts";
import { fieldOf } from "../../support/fields.ts";
import type { Received } from "../../support/wire-client.ts";
import { CACHE, dateIn, type Expected, fresh, get, type HttpCase, head, ORIGIN, stale } from "../case.ts";

const membersOf = (got: Received): StatusMember[] => parseCacheStatus(got.field("cache-status") ?? "");

/** What the member nearest to the client says: true for a bare parameter, null for one that is not there. */
const says = (wanted: Readonly<Record<string, string | RegExp | true | null>>): Expected => ({
  also: (got) => {
    const last = membersOf(got).at(-1)?.parameters;
    for (const [name, value] of Object.entries(wanted)) {
      const seen = last?.get(name) ?? null;
      if (value instanceof RegExp) expect(String(seen), name).toMatch(value);
      else expect({ [name]: seen }).toEqual({ [name]: value });
    }
  },
});

/** What both tiers say of storing it, L2 first. */
const storedIn = (...wanted: readonly (true | null)[]): Expected => ({
  also: (got) =>
    expect(membersOf(got).map(({ parameters }) => parameters.get("stored") ?? null)).toEqual(wanted),
});

/** Of more octets than one chunk. */
const LARGE = 20 * 1024 * 1024;

const theirs = 'OriginCache; hit; ttl=1100, "CDN, Inc."; fwd=stale';

export const CACHE_STATUS: readonly HttpCase[] = [
  {
    claim: "a miss says why it was forwarded, and that it was stored",
    rfc: "RFC 9211 §2.2",
    origin: [fresh()],
    steps: [get({ ...ORIGIN, ...says({ hit: null, fwd: /^(uri-miss|miss)$/, stored: true }) })],
  },
  {
    claim: "a hit says how long it stays fresh, its age counted",
    rfc: "RFC 9211 §2.4",
    origin: [fresh({ Age: "30" })],
    steps: [
      get(ORIGIN),
      get({ ...CACHE, ...says({ hit: true, fwd: null, stored: null, ttl: /^(2\d|30)$/ }) }),
    ],
  },
  {
    claim: "what is not stored is not said to be",
    rfc: "RFC 9211 §2.5",
    origin: [fresh({ "Cache-Control": "no-store" })],
    steps: [
      get({ ...ORIGIN, ...says({ hit: null, stored: null }) }),
      get({ ...ORIGIN, ...says({ hit: null, stored: null }) }),
    ],
  },
  ...([{ Age: "70" }, { Date: dateIn(-3600) }] as const).map(
    (aged): HttpCase => ({
      claim: `what is past its life when it comes is not said to be stored (${Object.keys(aged)})`,
      rfc: "RFC 9211 §2.5",
      origin: [fresh(aged)],
      steps: [
        get({ ...ORIGIN, ...says({ hit: null, stored: null, detail: "expired" }) }),
        get({ ...ORIGIN, ...says({ hit: null, stored: null }) }),
      ],
    }),
  ),
  {
    claim: "a validation is forwarded because of staleness",
    rfc: "RFC 9211 §2.2",
    origin: [stale(), { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } }],
    steps: [get(ORIGIN), get({ ...ORIGIN, ...says({ hit: null, fwd: "stale" }) })],
  },
  {
    claim: "a validation tells the status that the origin answered with",
    rfc: "RFC 9211 §2.3",
    origin: [stale(), { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } }],
    steps: [get(ORIGIN), get({ ...ORIGIN, ...says({ "fwd-status": /^(null|304)$/ }) })],
  },
  {
    claim: "what is served stale has a negative ttl",
    rfc: "RFC 9211 §2.4",
    origin: [fresh({ "Cache-Control": "max-age=60, stale-while-revalidate=600", Age: "90" })],
    steps: [get(ORIGIN), get({ ...CACHE, ...says({ hit: true, ttl: /^-(29|3\d)$/ }) })],
  },
  {
    claim: "what a soft purge has made stale has no ttl left",
    rfc: "RFC 9211 §2.4",
    under: "/stale",
    origin: [fresh({ ETag: '"v1"' })],
    steps: [
      get(ORIGIN),
      { purges: (path) => ({ urls: [path], mode: "soft" }) },
      get({ ...CACHE, ...says({ hit: true, ttl: /^(0|-\d+)$/, detail: "stale" }) }),
    ],
  },
  {
    claim: "a part of a body that is kept in chunks is said to be stored where it is, and not in L2",
    rfc: "RFC 9211 §2.5",
    origin: ({ fields }) => {
      const [from = 0, to = 0] = (fieldOf(fields, "range") ?? "").match(/\d+/g)?.map(Number) ?? [];
      const part = { ETag: '"large"', "Content-Range": `bytes ${from}-${to}/${LARGE}` };
      return fresh(part, { status: 206, body: "x".repeat(to - from + 1) });
    },
    steps: [get({ ...ORIGIN, status: 206, body: "xxxxx", ...storedIn(null, true) }, { Range: "bytes=0-4" })],
  },
  {
    claim: "a part that does not say which one it is, is not said to be stored",
    rfc: "RFC 9211 §2.5",
    origin: [fresh({ "Content-Type": "multipart/byteranges; boundary=b" }, { status: 206, body: "--b--" })],
    steps: [get({ ...ORIGIN, status: 206, body: "--b--", ...storedIn(null, null) }, { Range: "bytes=0-4" })],
  },
  {
    claim: "what is confirmed is said to be stored in both tiers, where its class has them",
    rfc: "RFC 9211 §2.5",
    origin: [stale(), { status: 304, fields: { ETag: '"v1"', "Cache-Control": "max-age=60" } }],
    steps: [get(ORIGIN), get({ ...ORIGIN, ...storedIn(true, true) })],
  },
  {
    claim: "what is kept nowhere above L2 is not said to be",
    rfc: "RFC 9211 §2.5",
    under: "/back",
    origin: [fresh()],
    steps: [get(ORIGIN), get({ ...CACHE, ...storedIn(null, null) })],
  },
  {
    claim: "another variant than those stored is a miss of its own",
    rfc: "RFC 9211 §2.2",
    origin: [fresh({ Vary: "X-A" })],
    steps: [
      get(ORIGIN, { "X-A": "1" }),
      get({ ...ORIGIN, ...says({ fwd: /^(vary-miss|uri-miss|miss)$/ }) }, { "X-A": "2" }),
    ],
  },
  {
    claim: "a method that is not answered from cache says so",
    rfc: "RFC 9211 §2.2",
    origin: [{}],
    steps: [{ method: "POST", body: "x", expect: { ...ORIGIN, ...says({ fwd: "method" }) } }],
  },
  {
    claim: "a HEAD that is answered from cache is a hit",
    rfc: "RFC 9211 §2.1",
    origin: [fresh()],
    steps: [get(ORIGIN), head({ ...CACHE, ...says({ hit: true }) })],
  },
  {
    claim: "those who waited for another's request say so",
    rfc: "RFC 9211 §2.6",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.edge.origin.script(stage.id, () => fresh({}, { after: promise }));
      const all = Promise.all(Array.from({ length: 5 }, () => stage.send()));
      await stage.reached(1);
      // Anything that came in before this one is waiting by now.
      await stage.edge.settled();
      resolve();
      const last = (await all).map((got) => membersOf(got).at(-1)?.parameters);
      expect(last.filter((parameters) => parameters?.has("collapsed")).length).toBe(4);
      expect(stage.asked().length).toBe(1);
    },
  },
  {
    claim: "what caches before us said comes before what we say",
    rfc: "RFC 9211 §2",
    origin: [fresh({ "Cache-Status": theirs })],
    steps: [
      get({ ...ORIGIN, fields: { "cache-status": (value) => value?.startsWith(`${theirs}, `) === true } }),
    ],
  },
  {
    claim: "what caches before us said is kept with a stored answer",
    rfc: "RFC 9211 §2",
    origin: [fresh({ "Cache-Status": theirs })],
    steps: [
      get(ORIGIN),
      get({ ...CACHE, fields: { "cache-status": (value) => value?.startsWith(`${theirs}, `) === true } }),
    ],
  },
];
