// What was made out of date on purpose: cases of purges and writes where an answer is shared, stale, partial or a validator.

import { expect } from "vitest";
import { fieldOf } from "../../support/fields.ts";
import type { Script } from "../../support/scripted-origin.ts";
import { CACHE, fetched, fresh, get, type HttpCase, ORIGIN, type Step, stale } from "../case.ts";
import type { Prefix } from "../policies.ts";

const purge = (at = ""): Step => ({ purges: (path) => ({ urls: [path + at] }) });
const put = (at: string): Step => ({ method: "PUT", at, body: "x", expect: ORIGIN });

type Row = readonly [claim: string, stored: string, named: string, under?: Prefix];

/** Both URLs are served one answer; naming either ends its life for both. */
const SHARED: readonly Row[] = [
  ["under the URL that brought it", "?a=1", "?a=1"],
  ["under another URL that it serves", "?a=1", "?a=2"],
  ["under a URL in another order", "?q=1&page=2", "?page=2&q=1", "/q-include"],
  ["under a URL with more than the recipe includes", "?q=1", "?x=9&q=1", "/q-include"],
  ["under a URL with what the recipe excludes", "?a=1", "?a=1&utm_source=x", "/q-exclude"],
];

const sharedCase = ([claim, stored, named, under]: Row, [how, step]: readonly [string, Step]): HttpCase => ({
  claim: `an answer that URLs share is ${how} ${claim}`,
  rfc: "Tidegate",
  ...(under === undefined ? {} : { under }),
  origin: [fresh(under === undefined ? { "No-Vary-Search": "params" } : {})],
  steps: [get(ORIGIN, {}, stored), get(CACHE, {}, named), step, get(ORIGIN, {}, named)],
});

const SAYS = 'params=("utm"), key-order';

/** Which spellings of a query are one is for answers to say: whoever purges need not know it. */
const searched = (stored: string, named: string): HttpCase => ({
  claim: `a purge of ${named} reaches what says that ${stored} is the same`,
  rfc: "Tidegate",
  origin: [fresh({ "No-Vary-Search": SAYS })],
  steps: [get(ORIGIN, {}, stored), purge(named), get(ORIGIN, {}, stored), get(CACHE, {}, stored)],
});

const SEARCHED: readonly HttpCase[] = [
  searched("?a=1", "?utm=x&a=1"),
  searched("?a=1&b=2", "?b=2&a=1"),
  searched("", "?utm=x"),
  searched("?b=2&utm=y&a=1", "?utm=x&a=1&b=2"),
  {
    claim: "a purge of a URL with a query leaves others of its path whose answers do not speak of queries",
    rfc: "Tidegate",
    origin: [fresh()],
    steps: [get(ORIGIN, {}, "?a=1"), purge("?a=2"), get(CACHE, {}, "?a=1")],
  },
  {
    claim: "a write where nothing is known of queries reaches what says that they are the same",
    rfc: "RFC 9111 §4.4",
    origin: [fresh({ "No-Vary-Search": SAYS })],
    steps: [get(ORIGIN, {}, "?a=1"), put("?utm=x&a=1"), get(ORIGIN, {}, "?a=1")],
  },
];

const FIRST = { Range: "bytes=0-4" };
const REST = { Range: "bytes=5-9" };

/** Changes its content and keeps its tag, as no origin should: a purge is how its owner puts that right. */
const careless: Script = (asked, nth) => {
  const body = nth === 1 ? "0123456789" : "abcdefghij";
  const fields = { "Cache-Control": "max-age=60", ETag: '"careless"' };
  const range = /^bytes=(\d)-(\d?)$/.exec(fieldOf(asked.fields, "range") ?? "");
  if (range === null) return { fields, body };
  const [from, to] = [Number(range[1]), Number(range[2] || "9")];
  return {
    status: 206,
    fields: { ...fields, "Content-Range": `bytes ${from}-${to}/10` },
    body: body.slice(from, to + 1),
  };
};

const SERVED_STALE = "max-age=60, stale-while-revalidate=600, stale-if-error=600";

export const PURGED: readonly HttpCase[] = [
  ...SEARCHED,
  ...SHARED.map((row) => sharedCase(row, ["purged", purge(row[2])])),
  ...SHARED.map((row) => sharedCase(row, ["out of date after a write", put(row[2])])),
  {
    claim: "what was purged is no validator",
    rfc: "Tidegate",
    origin: [fresh({ ETag: '"v1"' })],
    steps: [get(ORIGIN), purge(), get(fetched("2", { asked: { "if-none-match": null } }))],
  },
  {
    claim: "what was purged is not served while it is fetched anew",
    rfc: "Tidegate",
    origin: [stale({ "Cache-Control": SERVED_STALE }), fresh()],
    steps: [get(ORIGIN), purge(), get(fetched("2"))],
  },
  {
    claim: "what was purged stands in for no error",
    rfc: "Tidegate",
    origin: [stale({ "Cache-Control": SERVED_STALE }), { status: 503, body: "failed" }],
    steps: [get(ORIGIN), purge(), get(fetched("failed", { status: 503 }))],
  },
  {
    claim: "a part that was purged is combined with nothing",
    rfc: "Tidegate",
    origin: careless,
    story: async (stage) => {
      await stage.send({ fields: FIRST });
      await stage.edge.settled();
      await stage.edge.purge({ urls: [`http://site.test${stage.path}`] });
      expect((await stage.send({ fields: REST })).text).toBe("fghij");
      await stage.edge.settled();
      expect((await stage.send()).text).toBe("abcdefghij");
    },
  },
];
