// The metadata table through its API: checked as a whole, changed by version, in the log before it is acknowledged.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import { startEmbeddedRest } from "../support/redis-server.ts";
import { type FakeEdge, startConfigured, type TestPlane, TOKEN } from "./control-harness.ts";

let rest: Awaited<ReturnType<typeof startEmbeddedRest>>;
let plane: TestPlane;
let edge: FakeEdge;

const BOOT = { id: "from-boot", key_pattern: "/boot/*", class: "hot", ttl: "30s" };

beforeEach(async () => {
  rest = await startEmbeddedRest();
  ({ plane, edge } = await startConfigured(rest, [BOOT]));
});
afterEach(async () => {
  await plane.settled();
  await edge.stop();
  await rest.stop();
});

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const post = (body: unknown, headers: Record<string, string> = {}) => plane.call("/policies", body, headers);
const put = (path: string, body: unknown, headers: Record<string, string>) =>
  plane.ask(`/policies/${path}`, {
    method: "PUT",
    headers: { ...AUTHORIZED, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const remove = (path: string, headers: Record<string, string> = {}) =>
  plane.ask(`/policies/${path}`, { method: "DELETE", headers: { ...AUTHORIZED, ...headers } });
const etagOf = async (path: string): Promise<string> =>
  (await plane.call(`/policies/${path}`)).headers.get("etag") ?? "";
const configuration = async () => {
  const outcome = await plane.plane.log.snapshot(0);
  if (outcome.kind === "unavailable") throw new Error(outcome.reason);
  return outcome;
};

describe("where others change it at each attempt", () => {
  const row = { key_pattern: "/x", class: "hot" };
  let pauses: number[];

  /** So many times; pauses take no time. */
  function overtaken(times: number): void {
    pauses = [];
    let attempts = 0;
    const { log, timers } = plane.plane;
    Object.assign(plane.plane, {
      log: {
        ...log,
        append: (query: Parameters<typeof log.append>[0]) =>
          attempts++ < times ? { kind: "outdated" } : log.append(query),
      },
      timers: { ...timers, sleep: async (span: number) => void pauses.push(span) },
    });
  }

  test("a change is worked out anew, not in step with the others", async () => {
    overtaken(3);
    expect((await post(row)).status).toBe(201);
    expect(new Set(pauses.slice(0, 3)).size).toBe(3);
    for (const [at, pause] of pauses.slice(0, 3).entries())
      expect(pause).toBeLessThan((at + 1) * LIMITS.policyChangePause);
  });

  test("it is given up in the end, and Redis is not blamed for it", async () => {
    overtaken(Number.POSITIVE_INFINITY);
    const { status, json, headers } = await post(row);
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    expect(json.detail).toBe(
      "Others have changed the configuration at each attempt: nothing was changed. Try again.",
    );
  });
});

describe("reading", () => {
  test("the table is listed by site and id, with the rank of each among those of its site", async () => {
    await post({ id: "a", key_pattern: "/*", class: "standard" });
    await post({ id: "s", site: "shop", key_pattern: "/*", class: "hot" });
    const { json } = await plane.call("/policies");
    expect(json.items).toMatchObject([
      { policy: { id: "a", site: "default" }, rank: 2 },
      { policy: { ...BOOT, site: "default" }, rank: 1 },
      { policy: { id: "s", site: "shop" }, rank: 1 },
    ]);
    const first = (await plane.call("/policies?limit=2")).json;
    expect(first.items).toHaveLength(2);
    const second = (await plane.call(`/policies?limit=2&cursor=${first.nextCursor}`)).json;
    expect(second.items).toMatchObject([{ policy: { id: "s" } }]);
    expect((await plane.call("/policies?site=shop")).json.items).toHaveLength(1);
  });

  test("one is read by its id, and by its site where that is not the default one", async () => {
    await post({ id: "s", site: "shop", key_pattern: "/*", class: "hot" });
    expect((await plane.call("/policies/from-boot")).json).toEqual({ ...BOOT, site: "default" });
    expect((await plane.call("/policies/s?site=shop")).status).toBe(200);
    expect((await plane.call("/policies/s")).status).toBe(404);
    expect((await plane.call("/policies/s?sit=shop")).status).toBe(400);
  });

  test("nobody reads or writes without the token", async () => {
    for (const path of ["/policies", "/policies/from-boot"]) expect((await plane.ask(path)).status).toBe(401);
    expect((await plane.ask("/policies/from-boot", { method: "DELETE" })).status).toBe(401);
  });
});

describe("adding", () => {
  test("answers where it is, its version, the position that every edge learns, and who has", async () => {
    const { status, json, headers } = await post({ id: "new", key_pattern: "/new/*", class: "hot" });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe("/policies/new");
    expect(headers.get("etag")).toBe(`"${json.version}"`);
    const { head, configuration: fields } = await configuration();
    expect(json.position).toBe(`${head.epoch}-${head.seq}`);
    expect(JSON.parse(fields.get("policy/default/new") ?? "")).toEqual(json.policy);
    expect(edge.position).toBe(json.position);
    expect(json.applied).toEqual(["one"]);
  });

  test("one that is there already is a conflict, and one without an id gets one", async () => {
    expect((await post({ ...BOOT, ttl: "1s" })).status).toBe(409);
    const { json } = await post({ key_pattern: "/x", class: "hot" });
    expect((await plane.call(`/policies/${json.policy.id}`)).status).toBe(200);
  });

  test("the same key and body is the same policy, another body is refused", async () => {
    const key = { "idempotency-key": "once" };
    const first = await post({ key_pattern: "/x", class: "hot" }, key);
    const again = await post({ key_pattern: "/x", class: "hot" }, key);
    expect(again.json).toMatchObject({ policy: first.json.policy, version: first.json.version });
    expect(again.status).toBe(201);
    expect((await post({ key_pattern: "/y", class: "hot" }, key)).status).toBe(422);
  });

  test("the same key at another URL, or upon another condition, is refused, whatever comes of it", async () => {
    const key = { "idempotency-key": "once" };
    const first = { ...key, "if-match": await etagOf("from-boot") };
    const row = { ...BOOT, ttl: "40s" };
    const put40 = await put("from-boot", row, first);
    const again = await put("from-boot", row, first);
    expect([again.status, again.json.position]).toEqual([200, put40.json.position]);
    const current = { ...key, "if-match": await etagOf("from-boot") };
    const before = await configuration();
    const others = await Promise.all([
      put("from-boot", row, current),
      put("from-boot", row, { ...key, "if-match": "*" }),
      put("other", { ...row, id: "other" }, first),
      put("from-boot?site=shop", row, first),
      plane.call("/policies", { ...row, id: "new" }, key),
      plane.call("/invalidate", { tags: ["a"] }, key),
    ]);
    expect(others.map(({ json }) => json.code)).toEqual(Array(6).fill("idempotency-conflict"));
    expect((await configuration()).head).toEqual(before.head);
  });

  test("what changes nothing leaves its key free, and what changes something takes it", async () => {
    const key = { "idempotency-key": "free" };
    const same = await put("from-boot", BOOT, { ...key, "if-match": "*" });
    expect([same.status, same.json.applied]).toEqual([200, null]);
    const named = { ...key, "if-match": await etagOf("from-boot") };
    const other = { ...BOOT, ttl: "41s" };
    const changed = await put("from-boot", other, named);
    expect([changed.status, changed.json.applied]).toEqual([200, ["one"]]);
    expect((await put("from-boot", other, { ...key, "if-match": "*" })).json.code).toBe(
      "idempotency-conflict",
    );
  });

  test("a bad one is refused whole, every fault by its place, and nothing is written", async () => {
    const before = await configuration();
    const { status, json } = await post({
      ...{ id: "no spaces", site: "nowhere", key_pattern: "/a(b|c)", class: "warm", ttl: "soon" },
      ...{ window_ms: -1, eviction_policy: "fifo", key: { query: { only: ["a"] } }, wisdom: true },
    });
    expect(status).toBe(422);
    const pointers = json.errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers).toEqual(
      expect.arrayContaining(
        ["/id", "/key_pattern", "/class", "/ttl", "/window_ms", "/eviction_policy", "/wisdom"].sort(),
      ),
    );
    expect((await post({ key_pattern: "/a", class: "hot", site: "nowhere" })).json.errors).toEqual([
      { pointer: "/site", message: 'there is no site "nowhere"' },
    ]);
    expect((await configuration()).head).toEqual(before.head);
  });
});

test("what a policy is called has no other meaning, and its tags are such that purges can name them", async () => {
  const before = await configuration();
  const tags = ["fine", " a", "a ", "a\u0000b", "a\ud800"];
  const { status, json } = await post({ id: "suggestions", key_pattern: "/a", class: "hot", tags });
  expect([status, json.errors.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
    422,
    ["/id", "/tags/1", "/tags/2", "/tags/3", "/tags/4"],
  ]);
  expect((await configuration()).head).toEqual(before.head);
});

test("what a key is made of has names that something can bear", async () => {
  const before = await configuration();
  const cookies = ["a b;c=d", "=", "\ud800", "session; theme", "session", "cart[id]", "x\r\ny", "naïve"];
  const faults = async (key: object): Promise<unknown> => {
    const { status, json } = await post({ id: "named", key_pattern: "/named", class: "hot", key });
    return [status, json.errors.map(({ pointer }: { pointer: string }) => pointer)];
  };
  expect(await faults({ cookies, query: { include: ["a", "\ud800"] } })).toEqual([
    422,
    ["/key/query/include/1", ...[0, 1, 2, 3, 6, 7].map((at) => `/key/cookies/${at}`)],
  ]);
  expect(await faults({ query: { exclude: ["\udc00"] } })).toEqual([422, ["/key/query/exclude/0"]]);
  expect((await configuration()).head).toEqual(before.head);
});

describe("changing", () => {
  const longer = { key_pattern: "/boot/*", class: "hot", ttl: "90s" };

  test("takes the version that is to be replaced", async () => {
    expect((await put("from-boot", longer, {})).status).toBe(428);
    expect((await put("from-boot", longer, { "if-match": '"another"' })).status).toBe(412);
    expect((await put("from-boot", longer, { "if-match": "another" })).status).toBe(400);
    const etag = await etagOf("from-boot");
    const { status, json } = await put("from-boot", longer, { "if-match": `"another", ${etag}` });
    expect(status).toBe(200);
    expect(json.policy.ttl).toBe("90s");
    expect((await put("from-boot", longer, { "if-match": etag })).status).toBe(412);
    expect((await put("from-boot", { ...longer, ttl: "1s" }, { "if-match": "*" })).status).toBe(200);
    expect((await put("other", longer, { "if-match": "*" })).status).toBe(404);
  });

  test("a weak version matches nothing", async () => {
    const etag = await etagOf("from-boot");
    expect((await put("from-boot", longer, { "if-match": `W/${etag}` })).status).toBe(412);
  });

  test("to what it is already changes nothing", async () => {
    const before = await configuration();
    const { json } = await put("from-boot", BOOT, { "if-match": "*" });
    expect(json.applied).toBeNull();
    expect((await configuration()).head).toEqual(before.head);
  });

  test("of another name or site is refused by field", async () => {
    const { json, status } = await put("from-boot", { ...BOOT, id: "x", site: "shop" }, { "if-match": "*" });
    expect(status).toBe(422);
    expect(json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(["/id"]);
    const elsewhere = { ...BOOT, site: "shop" };
    expect((await put("from-boot?site=default", elsewhere, { "if-match": "*" })).status).toBe(422);
  });

  test("of two at once only one finds the version that it read", async () => {
    const etag = await etagOf("from-boot");
    const answers = await Promise.all(
      ["10s", "20s", "30s", "40s"].map((ttl) =>
        put("from-boot", { ...BOOT, ttl: `${ttl}1ms` }, { "if-match": etag }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  test("what it takes a name from is invalidated by the same entry", async () => {
    await put("from-boot", { ...longer, class: "standard" }, { "if-match": "*" });
    expect(edge.pushed.at(-1)).toEqual(["default e"]);
  });
});

describe("taking out", () => {
  test("by the version where one is named, and once", async () => {
    expect((await remove("from-boot", { "if-match": '"another"' })).status).toBe(412);
    const gone = await remove("from-boot", { "if-match": await etagOf("from-boot") });
    expect(gone.status).toBe(204);
    const { head, configuration: fields } = await configuration();
    expect(gone.headers.get("tidegate-position")).toBe(`${head.epoch}-${head.seq}`);
    expect(fields.has("policy/default/from-boot")).toBe(false);
    expect((await remove("from-boot")).status).toBe(404);
  });

  test("the environment does not bring back what was taken out, until it says something new", async () => {
    await remove("from-boot");
    await bootConfiguration(plane.plane);
    expect((await plane.call("/policies")).json.items).toEqual([]);
  });
});

describe("checking", () => {
  const check = async (body: unknown) => (await plane.call("/policies/validate", body)).json;

  test("changes nothing and names every fault", async () => {
    const before = await configuration();
    expect(await check({ key_pattern: "/a", class: "hot" })).toEqual({
      valid: true,
      errors: [],
      warnings: [],
    });
    expect(await check({ key_pattern: "a b", class: "hot" })).toMatchObject({
      valid: false,
      errors: [{ pointer: "/key_pattern" }],
    });
    const several = await check({
      policies: [
        { id: "x", key_pattern: "/a", class: "hot" },
        { id: "x", key_pattern: "/b", class: "cold", site: "nowhere" },
        { id: "x", key_pattern: "/b", class: "hot" },
        3,
      ],
    });
    expect(several.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      "/policies/1/class",
      "/policies/2/id",
      "/policies/3",
    ]);
    expect((await configuration()).head).toEqual(before.head);
    expect((await plane.call("/policies/validate", { policies: 3 })).status).toBe(422);
  });

  test("warns of what never applies, of what leaves nothing to others, and of what has no effect", async () => {
    const warned = async (row: Record<string, unknown>) =>
      (await check(row)).warnings.map(
        ({ pointer, message }: { pointer: string; message: string }) => `${pointer} ${message}`,
      );
    expect(await warned({ id: "deep", key_pattern: "/boot/:x", class: "hot", priority: -1 })).toEqual([
      "/key_pattern never applies: from-boot comes first and matches all that it does",
    ]);
    expect(await warned({ id: "all", key_pattern: "/*", class: "standard", priority: 9 })).toEqual([
      "/key_pattern leaves nothing to from-boot, which comes later and matches less",
    ]);
    expect(await warned({ id: "mode", key_pattern: "/m", class: "standard", ttl_mode: "override" })).toEqual([
      "/ttl_mode has no effect: neither the policy nor its class has a ttl",
    ]);
    for (const [key_pattern, path] of [
      ["/a%2fb/*", "/a/b/x"],
      ["/img;w=:w", "/img"],
      ["/a//b", "/a/b"],
    ])
      expect(await warned({ id: "two", key_pattern, class: "hot" })).toEqual([
        `/key_pattern keeps nothing of what origins may read as ${path}, unless it matches that as well`,
      ]);
    expect(await warned({ id: "one", key_pattern: "/%61/%E3%82%AB/:x.*", class: "hot" })).toEqual([]);
    for (const write_policy of ["write-around", "write-through"])
      expect(await warned({ id: "w", key_pattern: "/w", class: "hot", write_policy })).toEqual([]);
    expect(await warned({ id: "from-boot", key_pattern: "/boot/x", class: "hot" })).toEqual([]);
  });

  test("warns of a pattern of a host by which the site has no URLs", async () => {
    const warned = async (key_pattern: string) =>
      (await check({ id: "h", key_pattern, class: "standard", priority: 9 })).warnings.map(
        ({ message }: { message: string }) => message,
      );
    for (const key_pattern of ["products/*", "https://products/*"])
      expect(await warned(key_pattern)).toEqual([
        "is for the host products alone; a pattern of paths begins with /",
      ]);
    expect(await warned("edge.test:8787/h")).toEqual([
      "never applies: edge.test:8787 is another name of origin.test, by which the policies of default go",
    ]);
    for (const key_pattern of ["//any.example/h", "*.example/h", "tidegate://products/h", "localhost/h"])
      expect(await warned(key_pattern)).toEqual([]);
  });
});

test("without Redis nothing is acknowledged", async () => {
  await rest.stop();
  expect((await post({ key_pattern: "/x", class: "hot" })).status).toBe(503);
  expect((await plane.call("/policies")).status).toBe(503);
});
