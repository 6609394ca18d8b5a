// Unsafe methods: cases of what a write makes out of date, and of an answer to a write that serves reads.

import { createHash } from "node:crypto";
import { expect } from "vitest";
import { type FieldList, type Fields, fieldOf } from "../../support/fields.ts";
import type { Script, Spoken } from "../../support/scripted-origin.ts";
import { shakeHands } from "../../support/wire-client.ts";
import { CACHE, cached, type Exchange, fetched, fresh, get, type HttpCase, ORIGIN } from "../case.ts";
import { HOST } from "../stage.ts";

/** Reads are fresh for a minute; writes are answered as told. */
const written =
  (answer: Spoken | ((path: string) => Spoken)): Script =>
  (asked) => {
    if (asked.method === "GET") return fresh({ "Cache-Groups": groupOf(asked.target) });
    const path = asked.target.replace(/\/[a-z]$/, "");
    return { body: "written", ...(typeof answer === "function" ? answer(path) : answer) };
  };

const groupOf = (target: string): string | null => (/\/g$/.test(target) ? '"group", "other"' : null);

const write = (method: string, status = 200, at = ""): Exchange => ({
  method,
  at,
  ...(method === "DELETE" ? {} : { body: "x" }),
  expect: { ...ORIGIN, status },
});

const INVALIDATES = "RFC 9111 §4.4";
const stored = (at = "", fields: Fields = {}): Exchange => get(ORIGIN, fields, at);
const gone = stored;
const there = (at = "", fields: Fields = {}): Exchange => get(CACHE, fields, at);
const OTHER = { Host: "other.test" };

const UNSAFE = ["POST", "PUT", "DELETE", "PATCH"];
const READING = ["PROPFIND", "REPORT", "SEARCH", "QUERY"];
const FAILING = [400, 404, 409, 422, 500, 503];
const SUCCEEDING = [200, 201, 204, 303];

const TARGETS: readonly HttpCase[] = [
  ...UNSAFE.map(
    (method): HttpCase => ({
      claim: `a ${method} makes its target out of date, and nothing below or beside it`,
      rfc: INVALIDATES,
      origin: written({}),
      steps: [stored(), stored("/b"), stored("?q"), write(method), gone(), there("/b"), there("?q")],
    }),
  ),
  ...READING.map(
    (method): HttpCase => ({
      claim: `a ${method}, which reads, makes nothing out of date`,
      rfc: "RFC 9110 §9.2.1",
      origin: written({}),
      steps: [stored(), write(method), there()],
    }),
  ),
  ...SUCCEEDING.map(
    (status): HttpCase => ({
      claim: `a write that is answered ${status} makes its target out of date`,
      rfc: INVALIDATES,
      origin: written({ status, fields: { ...(status === 303 ? { Location: "/elsewhere" } : {}) } }),
      steps: [stored(), write("PUT", status), gone()],
    }),
  ),
  ...FAILING.map(
    (status): HttpCase => ({
      claim: `a write that is answered ${status} makes nothing out of date`,
      rfc: INVALIDATES,
      origin: written({ status }),
      steps: [stored(), write("PUT", status), there()],
    }),
  ),
  ...["OPTIONS"].map(
    (method): HttpCase => ({
      claim: `${method} makes nothing out of date`,
      rfc: "RFC 9110 §9.2.1",
      origin: written({}),
      steps: [stored(), { method, expect: ORIGIN }, there()],
    }),
  ),
];

const [BY_ID, OTHERWISE, AS_WRITTEN, OTHER_ID] = ["?id=1", "?id=1&utm=a", "?id=1&utm=b", "?id=2"];

/** Reads have said that `utm` makes no difference. */
const reduced = (read: string, after: Exchange): HttpCase => ({
  claim: `a write is of its resource, whatever else its URL says: read by ${read}`,
  rfc: INVALIDATES,
  origin: (asked) =>
    asked.method === "GET" ? fresh({ "No-Vary-Search": 'params=("utm")' }) : { body: "written" },
  steps: [
    stored(OTHERWISE),
    there(BY_ID),
    stored(OTHER_ID),
    write("POST", 200, AS_WRITTEN),
    after,
    there(OTHER_ID),
  ],
});

const REDUCED: readonly HttpCase[] = [
  reduced("its plain URL", gone(BY_ID)),
  reduced("the URL that it was stored by", gone(OTHERWISE)),
  reduced("the URL that it was written by", gone(AS_WRITTEN)),
  {
    claim: "a write is of its resource, whatever of its query the key leaves out",
    rfc: INVALIDATES,
    under: "/q-exclude",
    origin: written({}),
    steps: [
      stored("?a=1&utm_source=x"),
      stored("?a=2"),
      write("POST", 200, "?a=1&utm_source=y"),
      gone("?a=1"),
      there("?a=2"),
    ],
  },
];

const named = (
  claim: string,
  fields: (path: string) => Fields,
  [before, after]: readonly [Exchange, Exchange],
  status = 200,
): HttpCase => ({
  claim,
  rfc: INVALIDATES,
  origin: written((path) => ({ status, fields: fields(path) })),
  steps: [before, write("POST", status), after],
});

const REFERENCES: readonly HttpCase[] = ["Location", "Content-Location"].flatMap((field) => [
  named(`${field} is out of date too`, (path) => ({ [field]: `${path}/b` }), [stored("/b"), gone("/b")]),
  named(`${field} may be relative`, (path) => ({ [field]: `${path.split("/").at(-1)}/b` }), [
    stored("/b"),
    gone("/b"),
  ]),
  named(`${field} may be absolute`, (path) => ({ [field]: `http://${HOST}${path}/b` }), [
    stored("/b"),
    gone("/b"),
  ]),
  named(`${field} of another host is none of ours`, (path) => ({ [field]: `http://other.test${path}/b` }), [
    stored("/b", OTHER),
    there("/b", OTHER),
  ]),
  named(
    `${field} of a write that failed is not out of date`,
    (path) => ({ [field]: `${path}/b` }),
    [stored("/b"), there("/b")],
    409,
  ),
]);

const GROUPS: readonly HttpCase[] = [
  {
    claim: "a write may make a group out of date",
    rfc: "RFC 9875 §3",
    origin: written({ fields: { "Cache-Group-Invalidation": '"group"' } }),
    steps: [stored("/g"), stored("/b"), write("POST"), gone("/g"), there("/b")],
  },
  {
    claim: "groups are case-sensitive",
    rfc: "RFC 9875 §2",
    origin: written({ fields: { "Cache-Group-Invalidation": '"GROUP", "gro"' } }),
    steps: [stored("/g"), write("POST"), there("/g")],
  },
  {
    claim: "a group of one host is not another's",
    rfc: "RFC 9875 §2",
    origin: written({ fields: { "Cache-Group-Invalidation": '"group"' } }),
    steps: [stored("/g", OTHER), write("POST"), there("/g", OTHER)],
  },
  {
    claim: "a write that failed makes no group out of date",
    rfc: "RFC 9875 §3",
    origin: written({ status: 409, fields: { "Cache-Group-Invalidation": '"group"' } }),
    steps: [stored("/g"), write("POST", 409), there("/g")],
  },
  {
    claim: "the answer to a read makes no group out of date",
    rfc: "RFC 9875 §3",
    origin: (asked) =>
      fresh({ "Cache-Groups": groupOf(asked.target), "Cache-Group-Invalidation": '"group"' }),
    steps: [stored("/g"), stored("/b"), there("/g")],
  },
];

const posted = (claim: string, fields: (path: string) => Fields, after: Exchange): HttpCase => ({
  claim,
  rfc: "RFC 9110 §9.3.3",
  origin: (asked) =>
    asked.method === "GET" ? fresh({}, { body: "read" }) : { fields: fields(asked.target), body: "written" },
  steps: [write("POST"), after],
});

const ANSWERS: readonly HttpCase[] = [
  posted(
    "a fresh answer to a POST that names its own URL serves later reads",
    (path) => ({ "Cache-Control": "max-age=60", "Content-Location": path }),
    get(cached("written")),
  ),
  posted(
    "a fresh answer to a POST that names another URL does not serve its own",
    (path) => ({ "Cache-Control": "max-age=60", "Content-Location": `${path}/b` }),
    get(fetched("read")),
  ),
  posted(
    "a fresh answer to a POST that names no URL serves nobody",
    () => ({ "Cache-Control": "max-age=60" }),
    get(fetched("read")),
  ),
  posted(
    "an answer to a POST without freshness serves nobody",
    (path) => ({ "Content-Location": path }),
    get(fetched("read")),
  ),
  {
    claim: "an answer to a POST whose query the key leaves out in part serves no reads",
    rfc: "RFC 9110 §9.3.3",
    under: "/q-exclude",
    origin: (asked) =>
      fresh({ "Content-Location": asked.target }, { body: asked.target.split("?")[1] ?? "none" }),
    steps: [
      {
        ...{ method: "POST", at: "?utm_source=evil", body: "x" },
        expect: fetched("utm_source=evil"),
      },
      get(fetched("none")),
    ],
  },
  {
    claim: "an answer to a PUT serves no reads",
    rfc: "RFC 9110 §9.3.4",
    origin: (asked) => fresh({ "Content-Location": asked.target }, { body: asked.method }),
    steps: [write("PUT"), get(fetched("GET"))],
  },
  {
    claim: "what is fresh never answers a POST",
    rfc: "RFC 9111 §4",
    origin: [fresh()],
    steps: [
      get(ORIGIN),
      { method: "POST", body: "x", expect: fetched("2") },
      { method: "POST", body: "x", expect: fetched("3") },
    ],
  },
  {
    claim: "a write's content reaches the origin",
    rfc: "RFC 9110 §9.3.3",
    origin: (asked) => ({ body: `${asked.method} ${asked.body.toString()}` }),
    steps: UNSAFE.filter((method) => method !== "DELETE").map((method) => ({
      method,
      body: "content",
      expect: fetched(`${method} content`),
    })),
  },
];

const OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override"];

/** What it is to the origin is for that to say: to others it is a write. */
const OVERRIDDEN: readonly HttpCase[] = OVERRIDES.flatMap((name) => [
  {
    claim: `a POST by ${name} reaches the origin as it is, and makes its target out of date`,
    rfc: "Tidegate",
    origin: written({}),
    steps: [
      stored(),
      {
        ...{ method: "POST", fields: { [name]: "PATCH" }, body: "x" },
        expect: { ...ORIGIN, asked: { [name]: "PATCH" } },
      },
      gone(),
    ],
  },
  {
    claim: `the answer to a POST by ${name} serves no reads`,
    rfc: "RFC 9110 §9.3.3",
    origin: (asked) => fresh({ "Content-Location": asked.target }, { body: asked.method }),
    steps: [
      { method: "POST", fields: { [name]: "PATCH" }, body: "x", expect: fetched("POST") },
      get(fetched("GET")),
    ],
  },
]);

/** Fields that a passed request keeps, and that an origin may answer by. */
const TELLING: readonly (readonly [name: string, under?: "/by-headers"])[] = [
  ["X-Forwarded-For"],
  ["CF-Connecting-IP"],
  ["X-Original-Thing"],
  ["X-Middleware-Rewrite"],
  ["X-Matched-Path"],
  ["X_Real_IP"],
  ["X_A", "/by-headers"],
];

const TOLD: readonly HttpCase[] = TELLING.map(
  ([name, under]): HttpCase => ({
    claim: `the answer to a POST with ${name}, by which no shared answer is asked for, serves no reads`,
    rfc: "RFC 9110 §9.3.3",
    ...(under === undefined ? {} : { under }),
    origin: (asked) => fresh({ "Content-Location": asked.target }, { body: asked.method }),
    steps: [
      {
        method: "POST",
        fields: { [name]: "evil" },
        body: "x",
        expect: { ...fetched("POST"), asked: { [name.toLowerCase()]: "evil" } },
      },
      get(fetched("GET")),
    ],
  }),
);

/** Each answer says by which request it was asked for. */
const told: Script = (asked, nth) =>
  fresh({ "Content-Location": asked.target }, { body: `${asked.method} ${nth}` });

const THROUGH: readonly HttpCase[] = [
  ...["PUT", "POST", "DELETE"].map(
    (method): HttpCase => ({
      claim: `a ${method} that writes through is followed by a GET, and answered as the origin has answered it`,
      rfc: "Tidegate",
      under: "/through",
      origin: told,
      steps: [
        get(fetched("GET 1")),
        { method, ...(method === "DELETE" ? {} : { body: "x" }), expect: fetched(`${method} 2`) },
        { reached: 3 },
        get(cached("GET 3")),
      ],
    }),
  ),
  {
    claim: "a write that writes through asks for its own URL, not for those that it names",
    rfc: "Tidegate",
    under: "/through",
    origin: (asked) =>
      asked.method === "GET" ? fresh() : { status: 201, fields: { Location: `${asked.target}/b` } },
    steps: [stored("/b"), write("POST", 201), { reached: 3 }, gone("/b"), there()],
  },
  {
    claim: "a write that failed is followed by no GET where writes go through",
    rfc: "Tidegate",
    under: "/through",
    origin: written({ status: 409 }),
    steps: [stored(), write("PUT", 409), { reached: 2 }, there()],
  },
];

const HANDSHAKE: Fields = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** By the key that the runtime has put in place of the client's (RFC 6455 §1.3). */
function takenUp(asked: FieldList): Fields {
  const key = `${fieldOf(asked, "sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  return { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Accept": accept };
}

const JOURNALLED: readonly HttpCase[] = [
  {
    claim: "a handshake that the origin does not take up is no way around the journal",
    rfc: "RFC 6455 §4.2.2",
    under: "/back",
    story: async (stage) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      stage.edge.origin.script(stage.id, ({ method }) =>
        method === "GET" ? { body: "old" } : { status: 204, after: promise },
      );
      const read = async (fields: Fields = {}) => (await stage.send({ fields })).text;
      expect([await read(), await read(HANDSHAKE)]).toEqual(["old", "old"]);
      const put = await stage.send({ method: "PUT", body: "new" });
      expect(put.status).toBe(202);
      const after = await Promise.all([read(), read(HANDSHAKE)]);
      resolve();
      expect(after).toEqual(["new", "new"]);
    },
  },
  {
    claim: "a handshake that the origin takes up is its own, where writes go to the journal too",
    rfc: "RFC 6455 §4.2.2",
    under: "/back",
    origin: ({ fields }) => ({ status: 101, fields: takenUp(fields), body: "" }),
    story: async ({ edge, request }) =>
      expect(await shakeHands(edge.url, request({ fields: HANDSHAKE }))).toBe(101),
  },
];

export const WRITES: readonly HttpCase[] = [
  ...TARGETS,
  ...REDUCED,
  ...REFERENCES,
  ...GROUPS,
  ...ANSWERS,
  ...OVERRIDDEN,
  ...TOLD,
  ...THROUGH,
  ...JOURNALLED,
];
