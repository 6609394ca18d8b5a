// Which requests may share an answer: cases of URLs, hosts, key recipes and No-Vary-Search.

import { type Fields, fieldOf } from "../../support/fields.ts";
import type { Script } from "../../support/scripted-origin.ts";
import { CACHE, type Exchange, fetched, fresh, get, type HttpCase, ORIGIN } from "../case.ts";
import type { Prefix } from "../policies.ts";

/** Answers with the target and the host that it was asked for. */
const target: Script = (asked) => fresh({}, { body: `${fieldOf(asked.fields, "host")} ${asked.target}` });

type Row = readonly [claim: string, first: string, second: string, under?: Prefix];

const APART: readonly Row[] = [
  ["the order of a query matters", "?a=1&b=2", "?b=2&a=1"],
  ["a value matters", "?a=1", "?a=2"],
  ["a query is not none", "", "?a"],
  ["an empty query is not none", "", "?"],
  ["an empty value is not none", "?a", "?a="],
  ["the case of a path matters", "/Abc", "/abc"],
  ["a coded slash is no slash", "/x%2Fy", "/x/y"],
  ["two slashes are not one", "/x//y", "/x/y"],
  ["a slash at the end matters", "/x", "/x/"],
  ["a plus is not a coded space", "?a=+", "?a=%20"],
  ["a coded ampersand is none", "?a=1%26b=2", "?a=1&b=2"],
  ["a semicolon is no ampersand", "?a=1;b=2", "?a=1&b=2"],
  ["what a recipe includes matters", "?q=1", "?q=2", "/q-include"],
  ["what a recipe includes matters under another spelling", "?q=1", "?%71=2", "/q-include"],
  ["the order of values of one name matters, sorted or not", "?q=1&q=2", "?q=2&q=1", "/q-include"],
  ["what a recipe does not exclude matters", "?a=1&b=1", "?a=2&b=1", "/q-exclude"],
  ["a name that begins like an excluded one matters", "?utm_sourced=1", "?utm_sourced=2", "/q-exclude"],
  ["values that hold delimiters matter, sorted", "?a=1&b=2", "?a=1%26b%3D2", "/q-sort"],
  ["an empty value is not none, sorted", "?a", "?a=", "/q-sort"],
  ["the path matters where the query does not", "/x", "/y", "/q-none"],
];

const SHARED: readonly Row[] = [
  ["what a recipe does not include does not matter", "?q=1&utm=2", "?utm=3&q=1", "/q-include"],
  ["a recipe that includes sorts", "?q=1&page=2", "?page=2&q=1", "/q-include"],
  ["what a recipe excludes does not matter", "?a=1&utm_source=x&fbclid=1", "?a=1&utm_source=y", "/q-exclude"],
  [
    "what a recipe excludes does not matter under another spelling",
    "?a=1&utm_source=x",
    "?a=1&utm%5Fsource=y",
    "/q-exclude",
  ],
  ["a recipe that excludes sorts", "?b=2&a=1", "?a=1&b=2", "/q-exclude"],
  ["a recipe that sorts takes any order", "?b=2&a=1&c", "?a=1&c&b=2", "/q-sort"],
  ["a recipe without a query takes any", "?a=1", "?b=2", "/q-none"],
];

const LONG = `?q=${"x".repeat(8100)}`;
const TOO_LONG = `?q=${"x".repeat(8200)}`;

const rowCase = ([claim, first, second, under]: Row, shared: boolean): HttpCase => ({
  claim,
  rfc: "RFC 9111 §2",
  ...(under === undefined ? {} : { under }),
  origin: target,
  steps: [
    get(ORIGIN, {}, first),
    get(shared ? CACHE : { ...ORIGIN, also: isOwn(second) }, {}, second),
    get(CACHE, {}, first),
  ],
});

/** What came is the answer to the URL that was asked for. */
const isOwn =
  (at: string): NonNullable<Exchange["expect"]["also"]> =>
  (got) => {
    if (!got.text.endsWith(at)) throw new Error(`asked for …${at}, answered for ${got.text}`);
  };

const hosts = (claim: string, host: string, second: typeof CACHE): HttpCase => ({
  claim,
  rfc: "RFC 9110 §4.2.3",
  origin: target,
  steps: [get(ORIGIN), get(second, { Host: host }), get(CACHE)],
});

const noVarySearch = (
  claim: string,
  value: string,
  [first, second]: readonly [string, string],
  expected: typeof CACHE,
): HttpCase => ({
  claim,
  rfc: "No-Vary-Search §5",
  origin: [fresh({ "No-Vary-Search": value })],
  steps: [get(ORIGIN, {}, first), get(expected, {}, second)],
});

const ab = (one: string | null, two: string | null): Fields => ({ "X-A": one, "X-B": two });
const byHeaders: Script = (asked) =>
  fresh(
    {},
    { body: ["x-a", "x-b", "cookie"].map((name) => fieldOf(asked.fields, name) ?? "absent").join(" ") },
  );

const VALUES = ["1|2", "1:1", "a=b", "3:1|2", "+1", "-", "10:abc", '"', ", "];

const RECIPES: readonly HttpCase[] = [
  {
    claim: "a field of the recipe separates answers",
    rfc: "Tidegate",
    under: "/by-headers",
    origin: byHeaders,
    steps: [
      get(fetched("1 absent absent"), ab("1", null)),
      get(fetched("2 absent absent"), ab("2", null)),
      get({ ...CACHE, body: "1 absent absent" }, ab("1", null)),
    ],
  },
  {
    claim: "a field of the recipe that is empty is not absent",
    rfc: "Tidegate",
    under: "/by-headers",
    origin: byHeaders,
    steps: [get(ORIGIN, ab(null, "1")), get(ORIGIN, ab("", "1")), get(CACHE, ab(null, "1"))],
  },
  {
    claim: "no value of one field imitates the next",
    rfc: "Tidegate",
    under: "/by-headers",
    origin: byHeaders,
    steps: VALUES.flatMap((value) => [
      get({ ...ORIGIN, body: `${value.trim()} x absent` }, ab(value, "x")),
      get({ ...ORIGIN, body: `x ${value.trim()} absent` }, ab("x", value)),
    ]),
  },
  {
    claim: "no value that holds the next one's length imitates both",
    rfc: "Tidegate",
    under: "/by-headers",
    origin: byHeaders,
    steps: [
      ["12:+2", "3"],
      ["1", "2:+23"],
      ["1|2", "3"],
      ["1", "2|3"],
      ["1,2", "3"],
      ["1", "2,3"],
    ].map(([one = "", two = ""]) => get({ ...ORIGIN, body: `${one} ${two} absent` }, ab(one, two))),
  },
  {
    claim: "a cookie of the recipe separates answers, and no other does",
    rfc: "Tidegate",
    under: "/by-cookie",
    origin: [fresh()],
    steps: [
      get(fetched("1"), { Cookie: "a=1; z=9" }),
      get(fetched("2"), { Cookie: "a=2; z=9" }),
      get({ ...CACHE, body: "1" }, { Cookie: "y=8;a=1" }),
      get(fetched("3"), { Cookie: "b=1" }),
      get(fetched("4"), { Cookie: "a=; b=1" }),
      get(fetched("5")),
    ],
  },
];

/** Reads the cookies as Python's http.cookies does, and older servlets. */
const byLooseCookie: Script = (asked) => {
  const pairs = (fieldOf(asked.fields, "cookie") ?? "").split(/[;,\s]+/);
  return fresh({}, { body: pairs.filter((pair) => pair.startsWith("a=")).join() || "none" });
};

const disputed = (cookie: string | readonly string[]): HttpCase => ({
  claim: `the cookies ${String(cookie)} are not taken for those of others`,
  rfc: "RFC 6265 §5.4",
  under: "/by-cookie",
  origin: byLooseCookie,
  steps: [
    get(fetched("a=2"), { Cookie: cookie }),
    get({ ...CACHE, body: "a=2" }, { Cookie: cookie }),
    get(fetched("none")),
    get({ ...CACHE, body: "none" }, { Cookie: "z=1" }),
  ],
});

const cookieTwice = (first: string, second: string): HttpCase => ({
  claim: `the cookies ${first} are not taken for ${second}`,
  rfc: "RFC 6265 §5.4",
  under: "/by-cookie",
  origin: byHeaders,
  steps: [
    get(fetched(`absent absent ${first}`), { Cookie: first }),
    get(fetched(`absent absent ${second}`), { Cookie: second }),
  ],
});

export const KEYS: readonly HttpCase[] = [
  ...APART.map((row) => rowCase(row, false)),
  ...SHARED.map((row) => rowCase(row, true)),
  hosts("the default port may be named", "site.test:80", CACHE),
  hosts("the case of a host does not matter", "SITE.Test", CACHE),
  hosts("another port is another site", "site.test:8080", { ...ORIGIN, body: /^site.test:8080 / }),
  hosts("another host is another site", "other.test", { ...ORIGIN, body: /^other.test / }),
  {
    claim: "a URL of eight thousand characters is a URL",
    rfc: "RFC 9110 §4.1",
    origin: target,
    steps: [
      get({ ...ORIGIN, body: /x{8100}$/ }, {}, LONG),
      get(CACHE, {}, LONG),
      get({ ...ORIGIN, body: /xy$/ }, {}, `${LONG}y`),
    ],
  },
  {
    claim: "a URL that is longer than a purge can name is its sender's alone",
    rfc: "Tidegate",
    origin: [fresh()],
    steps: [get(ORIGIN, {}, TOO_LONG), get(ORIGIN, {}, TOO_LONG)],
  },
  {
    claim: "a URL is as long as what the key has of it",
    rfc: "Tidegate",
    under: "/q-none",
    origin: [fresh()],
    steps: [get(ORIGIN, {}, TOO_LONG), get(CACHE, {}, TOO_LONG)],
  },
  ...RECIPES,
  cookieTwice("a=1; a=2", "a=1"),
  cookieTwice("a=2; a=1", "a=1"),
  disputed("z=1 a=2"),
  disputed("z=1,a=2"),
  disputed(["z=1", "a=2"]),
  {
    claim: "what one answer says of its query is not said of another's that says nothing",
    rfc: "No-Vary-Search §5",
    origin: (asked) => {
      const says = asked.target.includes("static=");
      return fresh(says ? { "No-Vary-Search": 'params=("page")' } : {}, {
        body: asked.target.split("?")[1] ?? "",
      });
    },
    steps: [
      get(fetched("id=1"), {}, "?id=1"),
      get(fetched("static=1"), {}, "?static=1"),
      get(fetched("id=1&page=2"), {}, "?id=1&page=2"),
      get({ body: "id=1" }, {}, "?id=1"),
      get({ ...CACHE, body: "id=1&page=2" }, {}, "?id=1&page=2"),
    ],
  },
  noVarySearch("without No-Vary-Search every parameter matters", "", ["?a=1", "?a=2"], ORIGIN),
  noVarySearch("params: no parameter matters", "params", ["?a=1", "?a=2&b"], CACHE),
  noVarySearch("params: nor whether there is any", "params", ["?a=1", ""], CACHE),
  noVarySearch(
    "params with a list: those named don't matter",
    'params=("utm_source")',
    ["?q=1&utm_source=x", "?q=1&utm_source=y"],
    CACHE,
  ),
  noVarySearch(
    "params with a list: those not named do",
    'params=("utm_source")',
    ["?q=1&utm_source=x", "?q=2&utm_source=x"],
    ORIGIN,
  ),
  noVarySearch(
    "params with a list: the order goes on mattering",
    'params=("utm_source")',
    ["?q=1&p=2", "?p=2&q=1"],
    ORIGIN,
  ),
  noVarySearch("except: those named matter", 'params, except=("q")', ["?q=1&a=1", "?q=2&a=1"], ORIGIN),
  noVarySearch("except: those not named don't", 'params, except=("q")', ["?q=1&a=1", "?a=2&q=1"], CACHE),
  noVarySearch("key-order: the order of names does not matter", "key-order", ["?a=1&b=2", "?b=2&a=1"], CACHE),
  noVarySearch("key-order: values do", "key-order", ["?a=1&b=2", "?b=1&a=2"], ORIGIN),
  noVarySearch(
    "key-order: the order of one name's values does",
    "key-order",
    ["?a=1&a=2", "?a=2&a=1"],
    ORIGIN,
  ),
  noVarySearch("what can't be parsed says nothing", 'params=("a"', ["?a=1", "?a=2"], ORIGIN),
  noVarySearch("except without params says nothing", 'except=("q")', ["?a=1", "?a=2"], ORIGIN),
  noVarySearch("a list of other than strings says nothing", "params=(a b)", ["?a=1", "?a=2"], ORIGIN),
];
