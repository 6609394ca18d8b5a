// Tags: cases of answers that carry many of them, and of purges by any of them.

import type { Fields } from "../../support/fields.ts";
import { CACHE, cached, fetched, fresh, get, type HttpCase, ORIGIN } from "../case.ts";

const many = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const purged = (claim: string, fields: Fields, tag: string): HttpCase => ({
  claim,
  rfc: "Tidegate",
  origin: [fresh(fields)],
  steps: [get(fetched("1")), get(cached("1")), { purges: () => ({ tags: [tag] }) }, get(fetched("2"))],
});

const lines = many("l", 1000);

export const TAGS: readonly HttpCase[] = [
  purged("a thousand tags: a purge by the first", { "Cache-Tag": many("first", 1000).join(",") }, "first0"),
  purged("a thousand tags: a purge by one between", { "Cache-Tag": many("mid", 1000).join(", ") }, "mid500"),
  purged("a thousand tags: a purge by the last", { "Cache-Tag": many("last", 1000).join(",") }, "last999"),
  purged(
    "a thousand tags on several lines",
    { "Cache-Tag": [lines.slice(0, 400).join(","), lines.slice(400).join(",")] },
    "l777",
  ),
  purged("tags of Surrogate-Key stand between spaces", { "Surrogate-Key": "sk-one  sk-two" }, "sk-two"),
  purged("tags of xkey stand between spaces", { xkey: "xk-one xk-two" }, "xk-one"),
  purged("groups are tags", { "Cache-Groups": '"group one", "group-two"' }, "group one"),
  purged("a quote in one tag hides no other", { "Cache-Tag": 'odd"tag, even-tag' }, "even-tag"),
  {
    claim: "more than a thousand tags are not stored",
    rfc: "Tidegate",
    origin: [fresh({ "Cache-Tag": many("many", 1001).join(",") })],
    steps: [get(ORIGIN), get(ORIGIN)],
  },
  {
    claim: "the thousand-and-first tag may be of another field, and is one too many",
    rfc: "Tidegate",
    origin: [fresh({ "Cache-Tag": many("mixed", 1000).join(","), "Surrogate-Key": "one-more" })],
    steps: [get(ORIGIN), get(ORIGIN)],
  },
  {
    claim: "a tag that is given twice counts once",
    rfc: "Tidegate",
    origin: [fresh({ "Cache-Tag": [...many("twice", 1000), "twice0"].join(",") })],
    steps: [get(ORIGIN), get(CACHE)],
  },
];
