// What the control plane says to requests that are wrong: always a problem, never a 5xx, with the place of the fault.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invalidateSchema, waitingSchema } from "../../control-plane/invalidate/request.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { BAD_WARMUPS, many } from "./bad-warmups.ts";
import { SITES, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

let rest: RestFixture;
let plane: TestPlane;
const EDGES = [{ id: "one", url: "http://127.0.0.1:9" }];

beforeAll(async () => {
  rest = await startEmbeddedRest();
  plane = await startPlane(rest, { SITES, EDGES, PUSH: "off" });
});

afterAll(() => rest.stop());

/** `{"tags":["café"]}` as ISO 8859-1 has it. */
const LATIN_1 = new Uint8Array([...'{"tags":["caf\u00e9"]}'].map((letter) => letter.charCodeAt(0)));

const BAD_INVALIDATIONS: readonly [why: string, body: unknown, pointer: string][] = [
  ["no selector", {}, ""],
  ["empty lists", { urls: [], tags: [] }, ""],
  ["no object", [1], ""],
  ["null", null, ""],
  ["a string", "x", ""],
  ["an unknown field", { tags: ["a"], url: ["/x"] }, "/url"],
  ["an unknown field whose name needs escaping", { tags: ["a"], "a/b~c": 1 }, "/a~1b~0c"],
  ["a list that is none", { tags: "a" }, "/tags"],
  ["an item that is no text", { tags: ["a", 5] }, "/tags/1"],
  ["an unknown mode", { tags: ["a"], mode: "gentle" }, "/mode"],
  ["everything as a text", { everything: "true", confirm: "default" }, "/everything"],
  ["everything without confirmation", { everything: true }, "/confirm"],
  ["everything confirmed for another site", { everything: true, confirm: "shop" }, "/confirm"],
  ["an unknown site", { site: "nowhere", tags: ["a"] }, "/site"],
  ["an unknown class", { classes: ["hott"] }, "/classes/0"],
  ["more than 1000 of a kind", { tags: many(1001) }, "/tags"],
  ["more than 1000 in all", { tags: many(600), urls: many(600, "/") }, "/tags"],
  ["an empty tag", { tags: [""] }, "/tags/0"],
  ["a tag of 1025 characters", { tags: ["x".repeat(1025)] }, "/tags/0"],
  ["a tag with a line end", { tags: ["a\nb"] }, "/tags/0"],
  ["a tag with a lone surrogate", { tags: ["a\ud800"] }, "/tags/0"],
  ["a tag that begins with a space", { tags: [" a"] }, "/tags/0"],
  ["no URL", { urls: ["not a url"] }, "/urls/0"],
  ["a bare word as URL", { urls: ["products"] }, "/urls/0"],
  ["a URL of another scheme", { urls: ["ftp://origin.test/x"] }, "/urls/0"],
  ["a script as URL", { urls: ["/ok", "javascript:alert(1)"] }, "/urls/1"],
  ["a URL with credentials", { urls: ["http://user:secret@origin.test/"] }, "/urls/0"],
  ["a URL with a tab", { urls: ["http://origin.test/a\tb"] }, "/urls/0"],
  ["a URL of 8193 characters", { urls: [`/${"x".repeat(8192)}`] }, "/urls/0"],
  [
    "a URL of a host that the site does not serve",
    { site: "shop", urls: ["http://origin.test/"] },
    "/urls/0",
  ],
  ["a URL of another site", { urls: ["http://shop.test/"] }, "/urls/0"],
  ["a path where the site has several hosts", { site: "shop", urls: ["/x"] }, "/urls/0"],
  ["a bare word as prefix", { prefixes: ["blog"] }, "/prefixes/0"],
  ["a prefix with a query", { prefixes: ["/a?b"] }, "/prefixes/0"],
  ["a prefix with a wildcard", { prefixes: ["/a/*"] }, "/prefixes/0"],
  ["a prefix of 33 segments", { prefixes: [`/${many(33).join("/")}`] }, "/prefixes/0"],
  ["a prefix of another site's host", { prefixes: ["shop.test/a"] }, "/prefixes/0"],
  ["a host with a path", { hosts: ["origin.test/x"] }, "/hosts/0"],
  ["a wildcard as host", { hosts: ["*.shop.test"], site: "shop" }, "/hosts/0"],
  ["a host of another site", { hosts: ["shop.test"] }, "/hosts/0"],
  ["a negative timeout", { tags: ["a"], wait: true, timeoutMs: -1 }, "/timeoutMs"],
  ["a timeout above a minute", { tags: ["a"], wait: true, timeoutMs: 60_001 }, "/timeoutMs"],
  ["a broken timeout", { tags: ["a"], wait: true, timeoutMs: 1.5 }, "/timeoutMs"],
  ["a repetition after more than a day", { tags: ["a"], repeatAfterMs: 86_400_001 }, "/repeatAfterMs"],
  ["a timeout without a wait", { tags: ["a"], timeoutMs: 1000 }, "/timeoutMs"],
  ["a timeout of a wait that is off", { tags: ["a"], wait: false, timeoutMs: 1000 }, "/timeoutMs"],
  ["a confirmation of less than everything", { tags: ["a"], confirm: "default" }, "/confirm"],
  ["a dry run that is waited for", { tags: ["a"], dryRun: true, wait: true }, "/wait"],
  ["a dry run that is repeated", { tags: ["a"], dryRun: true, repeatAfterMs: 10 }, "/repeatAfterMs"],
  ["a reason with a NUL", { tags: ["a"], reason: "a\u0000" }, "/reason"],
  ["a reason with a lone surrogate", { tags: ["a"], reason: "\ud800" }, "/reason"],
  ["a long reason", { tags: ["a"], reason: "x".repeat(501) }, "/reason"],
];

describe("a body that is wrong is refused with 422 and the place of each fault", () => {
  const cases = [
    ...BAD_INVALIDATIONS.map((row) => ["/invalidate", ...row] as const),
    ...BAD_WARMUPS.map((row) => ["/warmup", ...row] as const),
  ];
  test.each(cases)("%s: %s", async (path, _why, body, pointer) => {
    const { status, headers, json } = await plane.call(path, body);
    expect(status, JSON.stringify(json)).toBe(422);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(json.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(json).toMatchObject({ status: 422, instance: path, requestId: headers.get("x-request-id") });
    expect(json.code).toBe("invalid-body");
  });
});

test.each<[path: string, body: unknown, errors: { pointer: string; message: string }[]]>([
  [
    "/warmup",
    { urls: ["/a"], edges: "one" },
    [{ pointer: "/edges", message: 'must be a list of edges\' ids, or "all"' }],
  ],
  [
    "/warmup",
    { sitemap: "tidegate://shop/a" },
    [{ pointer: "/sitemap", message: "must be an http(s) URL, or a path that begins with '/'" }],
  ],
  [
    "/invalidate",
    { urls: ["products"] },
    [
      {
        pointer: "/urls/0",
        message: "must be an http(s) URL, a path that begins with '/', or tidegate:// with a program's key",
      },
    ],
  ],
  [
    "/policies",
    { key_pattern: "/a", class: "hot", ttl: true, write_back: { status: 203 } },
    [
      { pointer: "/ttl", message: "must be a duration such as 30s, 5m or 365d, or seconds" },
      { pointer: "/write_back/status", message: "must be 200, 201, 202 or 204" },
    ],
  ],
  [
    "/tokens",
    { name: "ci", scopes: ["read"], expiresAt: "2027-01-01" },
    [{ pointer: "/expiresAt", message: "must be a date and time such as 2027-01-01T00:00:00Z" }],
  ],
  [
    "/deployments",
    { version: "1", url: "example" },
    [{ pointer: "/url", message: "must be an http(s) URL, without credentials" }],
  ],
])("%s with %j is told once what would be right", async (path, body, errors) => {
  const { status, json } = await plane.call(path, body);
  expect([status, json.errors]).toEqual([422, errors]);
});

test("a tag that may be meant as several is taken as one, with a warning", async () => {
  const { json } = await plane.call("/invalidate", { tags: ["news", "a,b"], dryRun: true });
  const message = '"a,b" is one tag, whose name holds a comma or a space: several are named one by one';
  expect(json.warnings).toEqual([{ pointer: "/tags/1", message }]);
});

test("what waits to be repeated is still read with a reason that would be refused now", () => {
  const body = { tags: ["a"], reason: "one line\nand another" };
  expect([invalidateSchema, waitingSchema].map((schema) => schema.safeParse(body).success)).toEqual([
    false,
    true,
  ]);
});

test("a dry run takes what it merely leaves aside", async () => {
  const body = { tags: ["a"], dryRun: true, wait: false, mode: "soft", reason: "trying" };
  expect((await plane.call("/invalidate", body)).status).toBe(200);
});

describe("a query that is wrong is refused with 400 and the name of the field", () => {
  test.each([
    ["/shards?state=down", "GET", "/state"],
    ["/edges?state=live", "GET", "/state"],
    ["/edges?limit=0", "GET", "/limit"],
    ["/edges?limit=101", "GET", "/limit"],
    ["/edges?limit=1&limit=2", "GET", "/limit"],
    ["/edges?cursor=a%20b", "GET", "/cursor"],
    ["/alerts?cursor=garbage", "GET", "/cursor"],
    ["/edges?cursor=", "GET", "/cursor"],
    ["/invalidations?limit=1e1", "GET", "/limit"],
    ["/invalidations?limit=", "GET", "/limit"],
    ["/invalidations?cursor=one", "GET", "/cursor"],
    ["/invalidations?site=default", "GET", "/site"],
    ["/invalidations/x?wait=true", "GET", "/wait"],
    ["/cache-metrics?windows=60s", "GET", "/windows"],
    ["/metrics?window=60s", "GET", "/window"],
    ["/cache-metrics?window=1s", "GET", "/window"],
    ["/warmups/x?limit=1", "GET", "/limit"],
    ["/warmups/x?force=1", "DELETE", "/force"],
    ["/warmups/x/events?from=0", "GET", "/from"],
    ["/invalidate?dryRun=true", "POST", "/dryRun"],
    ["/warmup?wait=true", "POST", "/wait"],
  ])("%s by %s", async (path, method, pointer) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const body = method === "POST" ? '{"tags":["a"],"urls":["/a"]}' : undefined;
    const answer = await plane.ask(path, { method, headers, body });
    expect(answer).toMatchObject({ status: 400, json: { code: "invalid-query" } });
    expect(answer.json.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
  });

  test("but probes may add what they like", async () => {
    for (const path of ["/livez?at=1", "/readyz?verbose"])
      expect((await plane.ask(path)).status, path).toBe(200);
  });
});

test.each([
  ["/policies", { key_pattern: "/a", class: "hot" }],
  ["/sites", { name: "x", hosts: ["x.test"] }],
])("%s and its checking refuse a field called __proto__ alike", async (path, row) => {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = `{"__proto__":1,${JSON.stringify(row).slice(1)}`;
  const post = (to: string) => plane.ask(to, { method: "POST", headers, body });
  const errors = [{ pointer: "/__proto__", message: "is not a known field" }];
  expect((await post(path)).json.errors).toEqual(errors);
  expect((await post(`${path}/validate`)).json).toMatchObject({ valid: false, errors });
});

test("a body that gives a field twice is refused: one of them would be dropped without a word", async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json; charset=utf-8" };
  for (const [path, body, pointer] of [
    ["/invalidate", '{"tags":["a"],"dryRun":true,"dryRun":false}', "/dryRun"],
    [
      "/policies/validate",
      '{"policies":[{"key_pattern":"/a","class":"hot","class":"x"}]}',
      "/policies/0/class",
    ],
  ]) {
    const { status, json } = await plane.ask(path ?? "", { method: "POST", headers, body });
    expect([status, json.code, json.errors]).toEqual([
      ...[400, "malformed-json"],
      [{ pointer, message: "is given twice" }],
    ]);
  }
});

test("every fault of a body is told at once", async () => {
  const { json } = await plane.call("/invalidate", { urls: ["nope"], tags: ["ok", ""], classes: ["x"] });
  const pointers = json.errors.map((error: { pointer: string }) => error.pointer);
  expect(pointers).toEqual(["/urls/0", "/tags/1", "/classes/0"]);
});

describe("what isn't a good request at all", () => {
  const auth = { authorization: `Bearer ${TOKEN}` };
  const jsonType = { "content-type": "application/json" };
  test.each([
    ["malformed JSON", 400, "malformed-json", '{"tags":', { ...auth, ...jsonType }],
    ["another encoding", 400, "malformed-json", LATIN_1, { ...auth, ...jsonType }],
    [
      "no JSON by its type",
      415,
      "unsupported-media-type",
      "tags=a",
      { ...auth, "content-type": "text/plain" },
    ],
    [
      "a body in a coding",
      415,
      "unsupported-media-type",
      '{"tags":["a"]}',
      { ...auth, ...jsonType, "content-encoding": "gzip" },
    ],
    [
      "another charset by its type",
      415,
      "unsupported-media-type",
      '{"tags":["a"]}',
      { ...auth, "content-type": 'application/json; x=y; Charset="UTF-16"' },
    ],
    ["no type", 415, "unsupported-media-type", new TextEncoder().encode("{}"), auth],
    ["no token", 401, "unauthorized", '{"tags":["a"]}', jsonType],
    ["a wrong token", 401, "unauthorized", '{"tags":["a"]}', { ...jsonType, authorization: "Bearer wrong" }],
    ["another scheme", 401, "unauthorized", "{}", { ...jsonType, authorization: `Basic ${TOKEN}` }],
    [
      "a broken key",
      400,
      "invalid-header",
      '{"tags":["a"]}',
      { ...auth, ...jsonType, "idempotency-key": "ä" },
    ],
    ["too much", 413, "too-large", `{"tags":["${"x".repeat(1 << 20)}"]}`, { ...auth, ...jsonType }],
    ["too much and no token", 401, "unauthorized", "x".repeat((1 << 20) + 1), jsonType],
  ] as const)("%s is %i", async (_why, status, code, body, headers) => {
    const answer = await plane.ask("/invalidate", { method: "POST", body, headers });
    expect(answer.json).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test.each(["utf-8", "UTF-8", '"Utf-8"', "utf8"])("the charset %s is none but its own", async (charset) => {
    const headers = { ...auth, "content-type": `application/json; charset=${charset}` };
    const answer = await plane.ask("/invalidate", {
      ...{ method: "POST", headers },
      body: '{"tags":["a"],"dryRun":true}',
    });
    expect(answer.status).toBe(200);
  });

  test("too much is refused though no length announced it", async () => {
    const chunk = new TextEncoder().encode("x".repeat(64 * 1024));
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 1000) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const answer = await plane.ask("/invalidate", {
      method: "POST",
      body,
      headers: { ...auth, ...jsonType },
    });
    expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(100);
  });

  test.each([
    ["/nowhere", "GET", 404],
    ["/invalidate/", "POST", 404],
    ["/invalidations/unknown", "GET", 404],
    ["/warmups/unknown", "GET", 404],
    ["/warmups/unknown", "DELETE", 404],
    ["/journal/%ff", "GET", 404],
    ["/journal/a-b/retry", "POST", 404],
    ["/chaos/%ff", "GET", 404],
    ["/warmups/unknown/events", "GET", 404],
    ["/.tidegate/edges", "POST", 404],
    ["/.tidegate/edges", "GET", 404],
    ["/invalidate", "GET", 405],
    ["/invalidate", "OPTIONS", 405],
    ["/edges", "DELETE", 405],
    ["/warmups/x", "POST", 405],
    ["/cache-metrics?window=1s", "GET", 400],
    ["/cache-metrics?window=25h", "GET", 400],
    ["/cache-metrics?window=soon", "GET", 400],
    ["/cache-metrics?windows=60s", "GET", 400],
    ["/cache-metrics?site=nowhere", "GET", 400],
    ["/policies?site=nowhere", "GET", 400],
    ["/invalidations?limit=0", "GET", 400],
    ["/invalidations?limit=101", "GET", 400],
    ["/invalidations?limit=x", "GET", 400],
    ["/invalidations?cursor=x", "GET", 400],
    ["/warmups?cursor=1-2", "GET", 400],
    ["/warmups?limit=0", "GET", 400],
  ])("%s by %s is %i", async (path, method, status) => {
    const answer = await plane.ask(path, { method, headers: auth });
    expect(answer.json).toMatchObject({ status, instance: path.split("?")[0] });
    if (status === 404) expect(answer.json.code).toBe("not-found");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    if (status === 405) expect(answer.headers.get("allow")).toMatch(/GET|POST/);
  });
});

test("no route takes a missing body for a fault of its own", async () => {
  const { json } = await plane.ask("/openapi.json");
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const [path, operations] of Object.entries<Record<string, { requestBody?: unknown }>>(json.paths))
    for (const [method, { requestBody }] of Object.entries(operations)) {
      if (requestBody === undefined) continue;
      const answer = await plane.ask(path.replace(/\{\w+\}/g, "x"), {
        method: method.toUpperCase(),
        headers,
      });
      expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.json)}`).toBeLessThan(500);
      if (path.endsWith("/validate"))
        expect(answer.json).toMatchObject({ status: 400, code: "malformed-json" });
    }
});

test("without a token only health and the interface's description are told", async () => {
  for (const path of ["/livez", "/readyz", "/openapi.json"])
    expect((await plane.ask(path)).status, path).toBe(200);
  for (const path of [
    "/edges",
    "/invalidations",
    "/invalidations/x",
    "/warmups",
    "/warmups/x",
    "/cache-metrics",
  ])
    expect((await plane.ask(path)).status, path).toBe(401);
});

test("patterns of the interface's description mean to others what they mean here: none has flags", async () => {
  const { json } = await plane.ask("/openapi.json");
  const patterns = [...JSON.stringify(json).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
    ([, text = ""]): string => JSON.parse(text),
  );
  expect(patterns.length).toBeGreaterThan(10);
  for (const pattern of patterns) expect(pattern).toMatch(/^\^.*\$$/s);
  const { url } = json.components.schemas.NewDeployment.properties;
  expect("HTTPS://ci.example/1").toMatch(new RegExp(url.pattern, "u"));
});

test("the interface's description names every route, its bodies and its problems", async () => {
  const { json } = await plane.ask("/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  expect(Object.keys(json.paths).sort()).toEqual([
    "/alerts",
    "/alerts/rules",
    "/alerts/{id}/ack",
    "/audit",
    "/audit/verify",
    "/cache-metrics",
    "/cache-metrics/series",
    "/chaos",
    "/chaos/experiments",
    "/chaos/{id}",
    "/deployments",
    "/doctor",
    "/edges",
    "/invalidate",
    "/invalidations",
    "/invalidations/{id}",
    "/journal",
    "/journal/{id}",
    "/journal/{id}/retry",
    "/livez",
    "/markers",
    "/metrics",
    "/policies",
    "/policies/explain",
    "/policies/suggestions",
    "/policies/validate",
    "/policies/{id}",
    "/readyz",
    "/shards",
    "/shards/{id}",
    "/sites",
    "/sites/validate",
    "/sites/{name}",
    "/tail",
    "/tokens",
    "/tokens/{id}",
    "/warmup",
    "/warmups",
    "/warmups/{id}",
    "/warmups/{id}/events",
  ]);
  const { post } = json.paths["/invalidate"];
  expect(post.requestBody.content["application/json"].schema.$ref).toBe("#/components/schemas/Invalidation");
  expect(json.components.schemas.Invalidation.additionalProperties).toBe(false);
  expect(post.responses.default.content["application/problem+json"]).toBeDefined();
});

test("the interface's description names the headers that changes of rows take", async () => {
  const { paths } = (await plane.ask("/openapi.json")).json;
  const headersOf = (path: string, method: string): object =>
    Object.fromEntries(
      paths[path][method].parameters
        .filter((one: { in: string }) => one.in === "header")
        .map((one: { name: string; required?: boolean }) => [one.name, one.required === true]),
    );
  for (const [list, one] of [
    ["/policies", "/policies/{id}"],
    ["/sites", "/sites/{name}"],
  ] as const) {
    expect(headersOf(list, "post")).toEqual({ "idempotency-key": false });
    expect(headersOf(one, "put")).toEqual({ "idempotency-key": false, "if-match": true });
    expect(headersOf(one, "delete")).toEqual({ "if-match": false });
  }
});

test("a client's own request id comes back, and one is made where there is none", async () => {
  const given = await plane.ask("/livez", { headers: { "x-request-id": "mine-1" } });
  expect(given.headers.get("x-request-id")).toBe("mine-1");
  expect((await plane.ask("/livez")).headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
});
