// What the API tells of the audit log: who did what, from where, in JSON and CSV; deployments, and marks on charts.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AUDIT_ACTIONS, AUDIT_FAMILIES } from "../../control-plane/audit-log/actions.ts";
import { csvOf } from "../../control-plane/audit-log/csv.ts";
import { readMarkers } from "../../control-plane/audit-log/markers.ts";
import { LIMITS } from "../../control-plane/config.ts";
import type { AuditRecord } from "../../shared/ports/audit-log.ts";
import { type RestFixture, replyTo, startEmbeddedRest } from "../support/redis-server.ts";
import { askSigned, SITES, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";
import { as, type Breakable, breakable, createToken, handClock } from "./token-harness.ts";

const ADDRESS = { "cf-connecting-ip": "192.0.2.7" };

let rest: RestFixture;
let over: Breakable;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  over = breakable(rest.redis);
  plane = await startPlane(over.redis, { SITES, ADDRESS_HEADER: "cf-connecting-ip" });
});
afterAll(() => rest.stop());

const newest = async (): Promise<Record<string, unknown>> =>
  (await plane.call("/audit?limit=1")).json.items[0];
const admin = (path: string, more: Parameters<ReturnType<typeof as>>[1] = {}) =>
  as(plane, TOKEN)(path, { ...more, headers: { ...ADDRESS, ...more.headers } });

describe("what is done is recorded with who, whence, what, and what came of it", () => {
  test("a purge", async () => {
    const purge = await admin("/invalidate", { body: { tags: ["a"], reason: "why", mode: "soft" } });
    expect(await newest()).toMatchObject({
      ...{ actor: "admin", token: "admin", from: "192.0.2.7", action: "invalidate", site: "default" },
      ...{ result: "accepted", position: purge.json.position, requestId: purge.headers.get("x-request-id") },
      detail: { id: purge.json.id, mode: "soft", selectors: 1, named: ["tag a"], reason: "why" },
    });
  });

  test("a policy put, and taken out", async () => {
    const put = await admin("/policies", { body: { id: "p1", key_pattern: "/x", class: "hot" } });
    expect(await newest()).toMatchObject({
      action: "policy.put",
      site: "default",
      position: put.json.position,
    });
    await admin("/policies/p1", { method: "DELETE" });
    expect(await newest()).toMatchObject({
      action: "policy.delete",
      detail: { policy: "p1" },
      result: "done",
    });
  });

  test("a token created, and revoked, without its text", async () => {
    const { json } = await admin("/tokens", { body: { name: "ci", scopes: ["purge"] } });
    expect(await newest()).toMatchObject({
      action: "token.create",
      detail: { id: json.id, scopes: ["purge"] },
    });
    await admin(`/tokens/${json.id}`, { method: "DELETE" });
    expect(await newest()).toMatchObject({ action: "token.revoke", detail: { id: json.id, name: "ci" } });
    expect((await admin("/tokens/nobody", { method: "DELETE" })).status).toBe(404);
    const all = JSON.stringify(await replyTo(rest.redis, "HVALS", "tg:audit:records"));
    expect(all).not.toContain(json.token.split("_")[2]);
  });

  test("a list of edges, by whoever has the cluster's key", async () => {
    await askSigned(plane, "/.tidegate/edges", JSON.stringify([{ id: "e1", url: "http://127.0.0.1:9" }]));
    expect(await newest()).toMatchObject({
      actor: "cluster",
      token: null,
      action: "edges.put",
      detail: { edges: ["e1"] },
    });
  });

  test("a warm-up begun, and ended", async () => {
    const { json } = await admin("/warmup", { body: { urls: ["/a"] } });
    expect(await newest()).toMatchObject({
      action: "warmup.start",
      result: "accepted",
      detail: { id: json.id },
    });
    await admin(json.job, { method: "DELETE" });
    expect(await newest()).toMatchObject({ action: "warmup.cancel", detail: { id: json.id } });
    await admin(json.job, { method: "DELETE" });
    expect((await plane.call("/audit?action=warmup.cancel")).json.items).toHaveLength(1);
  });

  test("what a token was refused, though not over and over", async () => {
    const reader = await createToken(plane, { name: "reader", scopes: ["read"] });
    for (let i = 0; i < 40; i++) await reader.as("/tokens");
    await plane.settled();
    const { items } = (await plane.call("/audit?actor=reader&limit=100")).json;
    expect(items).toHaveLength(20);
    expect(items[0]).toMatchObject({
      action: "refused",
      result: "refused",
      detail: { method: "GET", path: "/tokens" },
    });
  });

  test("a wrong token, from where, and how many are not recorded: few of one address, not many of all", async () => {
    const time = handClock();
    const watched = await startPlane(over.redis, { SITES, ADDRESS_HEADER: "cf-connecting-ip" }, time.clock);
    const guess = (from: string) =>
      as(watched, "nobody's")("/edges", { headers: { "cf-connecting-ip": from } });
    for (let at = 0; at < 10; at++) expect((await guess("192.0.2.9")).status).toBe(401);
    for (let at = 0; at < 40; at++) await guess(`198.51.100.${at}`);
    await watched.settled();
    const strangers = async () => (await plane.call("/audit?actor=nobody&limit=100")).json.items;
    const recorded = await strangers();
    expect(recorded).toHaveLength(LIMITS.anyStranger.burst);
    expect(recorded.at(-1)).toMatchObject({
      ...{ action: "refused", result: "refused", token: null, from: "192.0.2.9", site: null },
      detail: { method: "GET", path: "/edges", why: "a wrong token", notRecorded: 0 },
    });
    time.pass(1000 / LIMITS.anyStranger.rate);
    await guess("203.0.113.1");
    await watched.settled();
    const [last, ...others] = await strangers();
    expect(others).toHaveLength(recorded.length);
    const left = [last, ...others].map(({ detail }) => detail.notRecorded);
    // Seven of the first address, and those of others for whom there was no room.
    expect(left.reduce((sum, count) => sum + count)).toBe(50 - recorded.length);
    expect(JSON.stringify([last, ...others])).not.toContain("nobody's");
  });

  test("a sign-in with a wrong token", async () => {
    const page = await plane.ask("/sign-in");
    const cookie = (page.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
    const form = /name="form" value="([0-9a-f]+)"/.exec(page.text)?.[1] ?? "";
    const sent = await plane.ask("/sign-in", {
      method: "POST",
      body: new URLSearchParams({ form, token: "guessed" }).toString(),
      headers: { ...ADDRESS, cookie, "content-type": "application/x-www-form-urlencoded" },
    });
    expect(sent.status).toBe(403);
    await plane.settled();
    expect(await newest()).toMatchObject({
      ...{ action: "session.sign-in", result: "refused", actor: "nobody", from: "192.0.2.7" },
    });
    expect((await plane.call("/cache-metrics")).json.access.signIn).toBe(1);
  });

  test("whom the runtime does not vouch for is not named", async () => {
    const bare = await startPlane(over.redis, { SITES });
    await as(bare, TOKEN)("/deployments", { body: { version: "x" }, headers: ADDRESS });
    expect(await newest()).toMatchObject({ from: null });
  });
});

test("what can't be recorded is not done, and can be sent again", async () => {
  const headers = { "idempotency-key": "again" };
  const body = { name: "late", scopes: ["read"] };
  const { plane: made } = plane;
  const { append } = made.auditLog;
  const away = async () => ({ kind: "unavailable", reason: "timeout" }) as const;
  Object.assign(made.auditLog, { append: away });
  const refused = await admin("/tokens", { body, headers });
  Object.assign(made.auditLog, { append });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  const names = async () =>
    (await plane.call("/tokens")).json.items.map((item: { name: string }) => item.name);
  expect(await names()).not.toContain("late");
  expect((await admin("/tokens", { body, headers })).status).toBe(201);
  expect(await names()).toContain("late");
});

test("a program's key is told as it was named, in the record and in the receipt", async () => {
  const named = {
    urls: ["tidegate://app/users/42"],
    prefixes: ["tidegate://app/users"],
    tags: ["~app/users"],
  };
  const { json } = await admin("/invalidate", { body: named });
  expect((await newest()).detail).toMatchObject({
    named: ["url tidegate://app/users/42", "tag ~app/users", "prefix tidegate://app/users"],
  });
  const receipt = await plane.call(json.receipt);
  expect(receipt.json.selectors).toEqual([
    { kind: "url", value: "tidegate://app/users/42" },
    { kind: "tag", value: "~app/users" },
    { kind: "prefix", value: "tidegate://app/users" },
  ]);
});

describe("records are found", () => {
  const actions = async (query: string): Promise<string[]> =>
    (await plane.call(`/audit?limit=100&${query}`)).json.items.map((item: { action: string }) => item.action);

  test("by action, by family, by actor, by site, by result, and since when", async () => {
    expect(new Set(await actions("action=token"))).toEqual(new Set(["token.create", "token.revoke"]));
    expect(new Set(await actions("action=policy.put"))).toEqual(new Set(["policy.put"]));
    expect(new Set(await actions("actor=cluster"))).toEqual(new Set(["edges.put"]));
    expect(new Set(await actions("result=refused"))).toEqual(new Set(["refused", "session.sign-in"]));
    expect(await actions("site=shop")).toEqual([]);
    expect((await actions("since=1h")).length).toBeGreaterThan(10);
    expect(await actions(`since=${new Date(Date.now() + 3_600_000).toISOString()}`)).toEqual([]);
  });

  test.each([
    "action=Token",
    "action=purge",
    "since=yesterday",
    "cursor=x",
    "format=xml",
    "limit=0",
    "who=me",
    "result=fine",
  ])("%s is refused", async (query) => {
    expect((await plane.call(`/audit?${query}`)).status).toBe(400);
  });

  test("an action that there is none of is refused by naming those that there are", async () => {
    const { status, json } = await plane.call("/audit?action=policies");
    expect([status, json.errors]).toEqual([
      400,
      [{ pointer: "/action", message: `must be one of ${[...AUDIT_ACTIONS, ...AUDIT_FAMILIES].join(", ")}` }],
    ]);
    for (const action of [...AUDIT_ACTIONS, ...AUDIT_FAMILIES])
      expect((await plane.call(`/audit?action=${action}`)).status, action).toBe(200);
  });

  test("page by page, each once, and no page after the last", async () => {
    const all = (await plane.call("/audit?limit=100")).json.items.map((item: { seq: number }) => item.seq);
    const seen: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const { json } = await plane.call(`/audit?limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`);
      seen.push(...json.items.map((item: { seq: number }) => item.seq));
      cursor = json.nextCursor;
    }
    expect(seen.slice(0, all.length)).toEqual(all);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.at(-1)).toBe(1);
  });

  test("by a token of one site, of that site alone; it verifies nothing", async () => {
    await admin("/invalidate", { body: { site: "shop", tags: ["b"] } });
    const { as: shop } = await createToken(plane, { name: "shop", scopes: ["read"], sites: ["shop"] });
    const { items } = (await shop("/audit?limit=100")).json;
    expect(items.map((item: { site: string }) => item.site)).toEqual(["shop"]);
    expect((await shop("/audit/verify")).status).toBe(403);
  });

  test("and verified: what is tampered with is named", async () => {
    const { json } = await plane.call("/audit/verify");
    expect(json).toMatchObject({ holds: true, from: 1, earlier: 0, breaches: [] });
    expect(json.firstBad).toBeUndefined();
    const redis = rest.redis;
    const before = String(await replyTo(redis, "HGET", "tg:audit:records", 3));
    await replyTo(redis, "HSET", "tg:audit:records", 3, before.replace("admin", "nobody"));
    const tampered = (await plane.call("/audit/verify")).json;
    expect(tampered).toMatchObject({ holds: false, firstBad: { seq: 3, reason: "changed" } });
    await replyTo(redis, "HSET", "tg:audit:records", 3, before);
  });

  test("ten thousand are verified in steps, none of which is of more than a thousand", async () => {
    const redis = rest.redis;
    // As the scripts write them, in one go.
    const fill = `local h = redis.call('HMGET', KEYS[2], 'seq', 'hash')
      local seq, hash = tonumber(h[1]), h[2]
      for i = 1, tonumber(ARGV[1]) do
        seq = seq + 1
        local said = '1 - {"actor":"a","detail":{}}'
        local own = redis.sha1hex(hash .. ' ' .. string.format('%.0f', seq) .. ' ' .. said)
        redis.call('HSET', KEYS[1], string.format('%.0f', seq), string.format('%.0f', seq) .. ' ' .. hash .. ' ' .. own .. ' ' .. said)
        hash = own
      end
      redis.call('HSET', KEYS[2], 'seq', string.format('%.0f', seq), 'hash', hash)
      return string.format('%.0f', seq)`;
    for (let i = 0; i < 10; i++)
      await replyTo(redis, "EVAL", fill, 2, "tg:audit:records", "tg:audit:head", 1000);
    over.calls = 0;
    const { json } = await plane.call("/audit/verify");
    expect(json.holds).toBe(true);
    expect(json.records).toBeGreaterThan(10_000);
    expect(over.calls).toBeGreaterThanOrEqual(json.records / 1000);
  });
});

test("as CSV no cell is a formula, and quotes stay quotes", async () => {
  const record = (actor: string, detail: AuditRecord["detail"] = {}): AuditRecord => ({
    ...{ seq: 1, at: 0, actor, token: null, from: null, action: "x", site: null, detail, result: "done" },
    ...{ position: null, requestId: null, hash: "h" },
  });
  const cellOf = (actor: string) =>
    /^"1","1970-01-01T00:00:00.000Z","((?:[^"]|"")*)"/.exec(
      csvOf([record(actor)]).split("\r\n")[1] ?? "",
    )?.[1];
  for (const actor of ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1"])
    expect(cellOf(actor)).toBe(`'${actor}`);
  expect(cellOf('a"b')).toBe('a""b');
  expect(csvOf([record("a", { note: "x,y" })])).toContain('"{""note"":""x,y""}"');
  const answer = await plane.call("/audit?format=csv&action=token");
  expect(answer.headers.get("content-type")).toContain("text/csv");
  const [header, ...rows] = answer.text.trimEnd().split("\r\n");
  expect(header).toBe(
    '"seq","at","actor","token","from","action","site","result","position","requestId","detail","hash"',
  );
  expect(rows.every((row) => row.includes('"token.'))).toBe(true);
  const page = await plane.call("/audit?format=csv&limit=2");
  expect(page.headers.get("link")).toMatch(/^<\/audit\?format=csv&limit=2&cursor=\d+>; rel="next"$/);
});

describe("deployments", () => {
  test("are recorded once, listed, and marked", async () => {
    const headers = { "idempotency-key": "d1" };
    const body = { version: "1.2.3", note: "a new look", url: "https://ci.test/1" };
    const first = await admin("/deployments", { body, headers });
    expect(first.status).toBe(201);
    expect((await admin("/deployments", { body, headers })).json).toEqual(first.json);
    expect((await admin("/deployments", { body: { version: "1.2.4" }, headers })).status).toBe(422);
    expect((await plane.call("/deployments?limit=1")).json.items).toEqual([first.json]);
    const { items, completeSince } = (await plane.call("/markers?window=10s")).json;
    expect(completeSince).toBeNull();
    const marked = items.filter((item: { kind: string }) => item.kind === "deployment");
    expect(marked.at(-1)).toMatchObject({ text: expect.stringMatching(/deployment/) });
  });

  test.each([
    ["no version", {}, "/version"],
    ["a line end", { version: "a\nb" }, "/version"],
    ["no version but a space", { version: " " }, "/version"],
    ["a version with a lone surrogate", { version: "\ud800" }, "/version"],
    ["a note with a lone surrogate", { version: "1", note: "\udc00" }, "/note"],
    ["a site that there is not", { version: "1", site: "nowhere" }, "/site"],
    ["a URL that is none", { version: "1", url: "http://[::1" }, "/url"],
    ["a URL that runs", { version: "1", url: "javascript:alert(1)" }, "/url"],
    ["a URL with credentials", { version: "1", url: "https://a:b@c.test/" }, "/url"],
    ["an unknown field", { version: "1", who: "me" }, "/who"],
  ])("with %s are refused", async (_, body, pointer) => {
    const { status, json } = await admin("/deployments", { body });
    expect([status, json.errors[0].pointer]).toEqual([422, pointer]);
  });

  test("by a token of one site name that site", async () => {
    const { as: shop } = await createToken(plane, { name: "s2", scopes: ["warm"], sites: ["shop"] });
    expect((await shop("/deployments", { body: { version: "1" } })).status).toBe(403);
    expect((await shop("/deployments", { body: { version: "1", site: "solo" } })).status).toBe(403);
    expect((await shop("/deployments", { body: { version: "1", site: "shop" } })).status).toBe(201);
  });
});

test("marks of one kind that fall into one step are one, and lead to where more is told", async () => {
  const fresh = await startEmbeddedRest();
  const own = await startPlane(fresh, { SITES });
  const { json } = await own.call("/invalidate", { urls: ["/a", "/b"] });
  const since = Date.now() - 60_000;
  const read = async (step: number) => {
    const outcome = await readMarkers(own.plane, { since, step });
    return outcome.kind === "markers" ? outcome.markers : [];
  };
  expect(await read(3_600_000_000)).toMatchObject([
    {
      kind: "purge",
      text: "purge of url origin.test/a and 1 more by admin",
      link: `/invalidations/${json.id}`,
    },
  ]);
  await own.call("/invalidate", { tags: ["t"] });
  await own.call("/deployments", { version: "7" });
  expect((await read(3_600_000_000)).map(({ kind, text, link }) => [kind, text, link])).toEqual([
    ["purge", "2 purges", "/invalidations"],
    ["deployment", "deployment 7", null],
  ]);
  await fresh.stop();
});

describe("marks of a window that holds much", () => {
  const NOW = 1_000_000_000;
  /** One purge a second, the newest now. */
  const purge = (seq: number, count: number): AuditRecord => ({
    ...{ seq, at: NOW - (count - seq) * 1000, actor: "cms", token: "t", from: null, action: "invalidate" },
    ...{ site: "shop", detail: {}, result: "accepted", requestId: null, position: null, hash: "h" },
  });
  const readOf = async (count: number) => {
    const page = async (below: number | null, limit: number) => {
      const top = (below ?? count + 1) - 1;
      const length = Math.min(limit, top);
      const records = Array.from({ length }, (_, at) => purge(top - at, count));
      return { kind: "page" as const, records, next: top > limit ? top - limit + 1 : null };
    };
    const auditLog = { ...plane.plane.auditLog, page };
    const clock = { ...plane.plane.clock, wall: () => NOW };
    const read = await readMarkers({ auditLog, clock }, { since: NOW - 20_000_000, step: 3_600_000_000 });
    return read.kind === "markers" ? read : null;
  };

  test("are of all that one request may look at, also of what lies behind many purges", async () => {
    const read = await readOf(9_000);
    expect(read).toMatchObject({ markers: [{ text: "9000 purges" }], completeSince: null });
    expect(read?.markers[0]?.at).toBe(new Date(NOW - 8_999_000).toISOString());
  });

  test("say from when on they are complete where there is more", async () => {
    const read = await readOf(12_000);
    expect(read).toMatchObject({ markers: [{ text: "10000 purges" }], completeSince: NOW - 9_999_000 + 1 });
  });
});
