// Control that an origin aims at this cache: cases of targeted fields and of what the client gets to see of them.

import type { Fields } from "../../support/fields.ts";
import { CACHE, DAY, dateIn, get, type HttpCase, ORIGIN } from "../case.ts";

type Row = readonly [claim: string, fields: Fields, second: typeof CACHE];

const FRESH = "max-age=60";
const NEVER = "no-store";
const own = "Tidegate-Cache-Control";
const cdn = "CDN-Cache-Control";
const surrogate = "Surrogate-Control";
const plain = "Cache-Control";

const ROWS: readonly Row[] = [
  [
    "our own field comes before all others, with max-age",
    { [own]: FRESH, [cdn]: NEVER, [surrogate]: NEVER, [plain]: NEVER },
    CACHE,
  ],
  [
    "our own field comes before all others, with no-store",
    { [own]: NEVER, [cdn]: FRESH, [surrogate]: FRESH, [plain]: FRESH },
    ORIGIN,
  ],
  [
    "CDN-Cache-Control comes before Surrogate-Control, with max-age",
    { [cdn]: FRESH, [surrogate]: NEVER, [plain]: NEVER },
    CACHE,
  ],
  [
    "CDN-Cache-Control comes before Surrogate-Control, with no-store",
    { [cdn]: NEVER, [surrogate]: FRESH, [plain]: FRESH },
    ORIGIN,
  ],
  [
    "Surrogate-Control comes before Cache-Control, with max-age",
    { [surrogate]: FRESH, [plain]: NEVER },
    CACHE,
  ],
  [
    "Surrogate-Control comes before Cache-Control, with no-store",
    { [surrogate]: NEVER, [plain]: FRESH },
    ORIGIN,
  ],
  [
    "max-age in CDN-Cache-Control wins over no-store in Cache-Control",
    { [cdn]: FRESH, [plain]: NEVER },
    CACHE,
  ],
  [
    "max-age in CDN-Cache-Control wins over private in Cache-Control",
    { [cdn]: FRESH, [plain]: "private" },
    CACHE,
  ],
  [
    "no-store in CDN-Cache-Control wins over max-age in Cache-Control",
    { [cdn]: NEVER, [plain]: FRESH },
    ORIGIN,
  ],
  ["private in CDN-Cache-Control is not for us", { [cdn]: "private, max-age=60", [plain]: FRESH }, ORIGIN],
  [
    "no-cache in CDN-Cache-Control is never reused",
    { [cdn]: "no-cache, max-age=60", [plain]: FRESH },
    ORIGIN,
  ],
  [
    "a short max-age in CDN-Cache-Control wins over a long one",
    { [cdn]: "max-age=1", [plain]: "max-age=60", Age: "30" },
    ORIGIN,
  ],
  [
    "a long max-age in CDN-Cache-Control wins over a short one",
    { [cdn]: FRESH, [plain]: "max-age=1", Age: "30" },
    CACHE,
  ],
  [
    "a short max-age in CDN-Cache-Control wins over Expires",
    { [cdn]: "max-age=1", Expires: new Date(Date.now() + 1e6).toUTCString(), Age: "30" },
    ORIGIN,
  ],
  [
    "a field that can't be parsed is ignored as a whole: its max-age",
    { [cdn]: "max-age=60, &&&", [plain]: NEVER },
    ORIGIN,
  ],
  [
    "a field that can't be parsed is ignored as a whole: its no-store",
    { [cdn]: "no-store, ((", [plain]: FRESH },
    CACHE,
  ],
  [
    "a field that can't be parsed leaves the next one standing",
    { [own]: "max-age=60;;", [cdn]: FRESH, [plain]: NEVER },
    CACHE,
  ],
  [
    "Surrogate-Control that says nothing of caching leaves Cache-Control standing",
    { [surrogate]: 'content="ESI/1.0"', [plain]: "private, no-store", "Last-Modified": dateIn(-DAY) },
    ORIGIN,
  ],
  [
    "no-store-remote in Surrogate-Control is for caches such as this one",
    { [surrogate]: "max-age=60, no-store-remote", [plain]: FRESH },
    ORIGIN,
  ],
  ["an empty field is none", { [cdn]: "", [plain]: FRESH }, CACHE],
  ["an empty field is none, either way", { [cdn]: "", [plain]: NEVER }, ORIGIN],
  [
    "unknown members are ignored one by one",
    { [cdn]: "max-age=60, foo=?1, bar=(1 2), baz;q=1", [plain]: NEVER },
    CACHE,
  ],
  [
    "a member of the wrong type is ignored alone",
    { [cdn]: 'max-age=60, s-maxage="1"', [plain]: NEVER, Age: "30" },
    CACHE,
  ],
  ["no-store with parameters is no-store", { [cdn]: "max-age=60, no-store;a=1", [plain]: FRESH }, ORIGIN],
  ["of two max-age the last one counts", { [cdn]: "max-age=60, max-age=1", Age: "30" }, ORIGIN],
  [
    "a targeted field on two lines is one dictionary",
    { [cdn]: ["max-age=60", "no-store"], [plain]: FRESH },
    ORIGIN,
  ],
  [
    "Surrogate-Control may name its content",
    { [surrogate]: 'max-age=60, content="ESI/1.0"', [plain]: NEVER },
    CACHE,
  ],
];

const TAGS = { "Cache-Tag": "a,b", "Surrogate-Key": "c d", xkey: "e", "Cache-Groups": '"f"' };
const GONE = { "cache-tag": null, "surrogate-key": null, xkey: null, "cache-groups": null };
const KEPT = { "cache-tag": "a,b", "surrogate-key": "c d", xkey: "e", "cache-groups": '"f"' };

export const TARGETED: readonly HttpCase[] = [
  ...ROWS.map(
    ([claim, fields, second]): HttpCase => ({
      claim,
      rfc: "RFC 9213 §2.2",
      origin: [{ fields }],
      steps: [get(ORIGIN), get(second)],
    }),
  ),
  {
    claim: "CDN-Cache-Control stays in the answer for the caches behind us",
    rfc: "RFC 9213 §2.2",
    origin: [{ fields: { [cdn]: FRESH } }],
    steps: [get({ ...ORIGIN, fields: { [cdn]: FRESH } }), get({ ...CACHE, fields: { [cdn]: FRESH } })],
  },
  {
    claim: "where targeted fields are stripped no client sees them",
    rfc: "Tidegate",
    under: "/strip-targeted",
    origin: [{ fields: { [cdn]: FRESH } }],
    steps: [get({ ...ORIGIN, fields: { [cdn]: null } }), get({ ...CACHE, fields: { [cdn]: null } })],
  },
  {
    claim: "tags are for us and not for clients",
    rfc: "Tidegate",
    origin: [{ fields: { ...TAGS, [plain]: FRESH } }],
    steps: [get({ ...ORIGIN, fields: GONE }), get({ ...CACHE, fields: GONE })],
  },
  {
    claim: "where tags are kept clients see them",
    rfc: "Tidegate",
    under: "/keep-tags",
    origin: [{ fields: { ...TAGS, [plain]: FRESH } }],
    steps: [get({ ...ORIGIN, fields: KEPT }), get({ ...CACHE, fields: KEPT })],
  },
];
