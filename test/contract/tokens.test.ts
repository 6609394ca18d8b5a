// What a token may do: its scopes, its pace, and what its creation refuses.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { gateOf } from "../../control-plane/tokens/gates.ts";
import { SCOPES } from "../../control-plane/tokens/scopes.ts";
import { type RestFixture, startEmbeddedRest } from "../support/redis-server.ts";
import { startConfigured, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";
import { as, breakable, createToken, handClock } from "./token-harness.ts";

let rest: RestFixture;
let plane: TestPlane;

beforeAll(async () => {
  rest = await startEmbeddedRest();
  const configured = await startConfigured(rest, []);
  await configured.edge.stop();
  plane = configured.plane;
});
afterAll(() => rest.stop());

describe("the scope of each route", () => {
  const PUBLIC = ["GET /livez", "GET /readyz"];

  // biome-ignore lint/suspicious/noExplicitAny: OpenAPI.
  const routes = (document: any): [name: string, scope: string | null][] =>
    Object.entries<Record<string, { security?: { token?: string[] }[] }>>(document.paths).flatMap(
      ([path, item]) =>
        Object.entries(item).map(([method, { security = [] }]): [string, string | null] => [
          `${method.toUpperCase()} ${path}`,
          security[0]?.token?.[0] ?? null,
        ]),
    );

  test("is told by the interface's description of each one that is not for everybody", async () => {
    const { json } = await plane.ask("/openapi.json");
    const told = routes(json);
    expect(told.filter(([, scope]) => scope === null).map(([name]) => name)).toEqual(PUBLIC);
    const of = new Map(told);
    expect(of.get("POST /invalidate")).toBe("purge");
    expect(of.get("POST /warmup")).toBe("warm");
    expect(of.get("DELETE /warmups/{id}")).toBe("warm");
    expect(of.get("PUT /policies/{id}")).toBe("policy");
    expect(of.get("DELETE /sites/{name}")).toBe("policy");
    expect(of.get("PUT /shards/{id}")).toBe("policy");
    expect(of.get("POST /journal/{id}/retry")).toBe("purge");
    expect(of.get("DELETE /journal/{id}")).toBe("admin");
    expect(of.get("POST /tokens")).toBe("admin");
    expect(of.get("GET /edges")).toBe("read");
  });

  test("is asked for: with any other scope the route is closed, and says what is missing", async () => {
    const told = routes((await plane.ask("/openapi.json")).json).filter(([, scope]) => scope !== null);
    const tokens = new Map(
      await Promise.all(
        SCOPES.filter((scope) => scope !== "admin").map(async (scope) => {
          return [scope, await createToken(plane, { name: scope, scopes: [scope] })] as const;
        }),
      ),
    );
    for (const [name, scope] of told) {
      const [method = "", path = ""] = name.split(" ");
      for (const [own, token] of tokens) {
        // With no body that could do anything.
        const body = method === "GET" || method === "DELETE" ? {} : { body: [] };
        // Those would change something, or never end.
        if ((method === "DELETE" || path === "/tail") && own === scope) continue;
        const { status, json, headers } = await token.as(path.replace(/\{\w+\}/g, "nobody"), {
          method,
          ...body,
        });
        if (own === scope) expect([name, own, status]).not.toEqual([name, own, 403]);
        else {
          expect([name, own, status, json.code]).toEqual([name, own, 403, "forbidden"]);
          expect(json.detail).toContain(`the scope ${scope}`);
          expect(headers.get("www-authenticate")).toContain(`insufficient_scope", scope="${scope}"`);
        }
      }
    }
  });

  test("admin includes all others", async () => {
    const { as: root } = await createToken(plane, { name: "root", scopes: ["admin"] });
    expect((await root("/invalidate", { body: { tags: ["a"] } })).status).toBe(202);
    expect((await root("/tokens")).status).toBe(200);
  });
});

test.each([
  ["no scope", { name: "a", scopes: [] }, "/scopes"],
  ["an unknown scope", { name: "a", scopes: ["root"] }, "/scopes/0"],
  ["no name", { scopes: ["read"] }, "/name"],
  ["a name that could be markup", { name: "<b>", scopes: ["read"] }, "/name"],
  ["a name that could be a formula", { name: "=1+1", scopes: ["read"] }, "/name"],
  ["a site that is not there", { name: "a", scopes: ["read"], sites: ["shop", "nowhere"] }, "/sites/1"],
  ["no site at all", { name: "a", scopes: ["read"], sites: [] }, "/sites"],
  ["an admin of one site", { name: "a", scopes: ["read", "admin"], sites: ["shop"] }, "/scopes/1"],
  ["chaos on one site", { name: "a", scopes: ["chaos"], sites: ["shop"] }, "/scopes/0"],
  ["patterns for policies", { name: "a", scopes: ["policy"], patterns: ["tag:a"] }, "/scopes/0"],
  ["a pattern of no kind", { name: "a", scopes: ["purge"], patterns: ["/news"] }, "/patterns/0"],
  ["a prefix without a path", { name: "a", scopes: ["purge"], patterns: ["prefix:news"] }, "/patterns/0"],
  ["half a segment", { name: "a", scopes: ["purge"], patterns: ["prefix:/new*"] }, "/patterns/0"],
  ["a query", { name: "a", scopes: ["purge"], patterns: ["prefix:/a?b"] }, "/patterns/0"],
  ["an unknown field", { name: "a", scopes: ["read"], secret: "x" }, "/secret"],
  ["an expiry that is no time", { name: "a", scopes: ["read"], expiresAt: "soon" }, "/expiresAt"],
])("a token with %s is refused, with the place of the fault", async (_, body, pointer) => {
  const { status, json } = await plane.call("/tokens", body);
  expect(status).toBe(422);
  expect(json.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
});

test.each([["admin"], ["Admin "], ["control-plane"], ["cluster"], ["nobody"], ["edge/edge-1"]])(
  "a token may not be called %j, as the audit log calls others",
  async (name) => {
    const { status, json } = await plane.call("/tokens", { name, scopes: ["read"] });
    expect([status, json.errors]).toEqual([
      422,
      [{ pointer: "/name", message: "is a name that the audit log gives to others" }],
    ]);
  },
);

test("one that has such a name already is still shown, and revoked", async () => {
  const own = {
    ...{ id: "0123456789abcdef", name: "cluster", secretHash: "0".repeat(64), scopes: ["read"] },
    ...{ sites: null, patterns: null, expiresAt: null, createdAt: 0, createdBy: "admin", requestDigest: "r" },
  };
  await plane.plane.tokens.put(own);
  expect((await plane.call("/tokens")).json.items).toContainEqual(expect.objectContaining({ id: own.id }));
  expect((await plane.call(`/tokens/${own.id}`)).json.name).toBe("cluster");
  const revoked = await as(plane, TOKEN)(`/tokens/${own.id}`, { method: "DELETE" });
  expect(revoked.status).toBe(204);
});

describe("how fast anybody may ask", () => {
  let time: ReturnType<typeof handClock>;
  let over: ReturnType<typeof breakable>;
  const ADDRESS_HEADER = "cf-connecting-ip";

  beforeEach(async () => {
    time = handClock();
    over = breakable(rest.redis);
    plane = await startPlane(over.redis, { ADDRESS_HEADER }, time.clock);
  });

  test("a token that asks too much is told to wait, and for how long; others go on", async () => {
    const busy = await createToken(plane, { name: "busy", scopes: ["read"] });
    const calm = await createToken(plane, { name: "calm", scopes: ["read"] });
    let left = 0;
    while ((await busy.as("/tokens")).status === 403) left += 1;
    expect(left).toBe(LIMITS.requests.burst);
    const held = await busy.as("/tokens");
    expect([held.status, held.json.code, held.headers.get("retry-after")]).toEqual([
      429,
      "too-many-requests",
      "1",
    ]);
    expect((await calm.as("/edges")).status).toBe(200);
    time.pass(1000 / LIMITS.requests.rate);
    expect([(await busy.as("/tokens")).status, (await busy.as("/tokens")).status]).toEqual([403, 429]);
  });

  test("whoever guesses from one address is held up there, before Redis is asked", async () => {
    const guess = (address: string, at: number) =>
      as(plane, `tgt_${at.toString(16).padStart(16, "0")}_${"0".repeat(64)}`)("/edges", {
        headers: { [ADDRESS_HEADER]: address },
      });
    for (let at = 0; at < LIMITS.wrongTokens.burst; at++)
      expect((await guess("192.0.2.1", at)).status).toBe(401);
    const before = over.calls;
    const held = await guess("192.0.2.1", 99);
    expect([held.status, held.headers.get("retry-after")]).toEqual([429, "2"]);
    // Who shows none there is told what is lacking, not to wait.
    const without = await plane.ask("/edges", { headers: { [ADDRESS_HEADER]: "192.0.2.1" } });
    expect([without.status, without.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="tidegate"',
    ]);
    expect(over.calls).toBe(before);
    expect((await guess("192.0.2.2", 99)).status).toBe(401);
    // Whoever is known is not looked up, and the admin never is.
    const admin = await as(plane, TOKEN)("/edges", { headers: { [ADDRESS_HEADER]: "192.0.2.1" } });
    expect(admin.status).toBe(200);
    time.pass(1000 / LIMITS.wrongTokens.rate);
    expect((await guess("192.0.2.1", 100)).status).toBe(401);
  });

  test("whoever shows no token guesses nothing", async () => {
    for (let at = 0; at < 2 * LIMITS.wrongTokens.burst; at++)
      expect((await plane.ask("/edges")).status).toBe(401);
  });

  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    [null, "unknown"],
  ])("%s counts as %s", (address, gate) => {
    expect(gateOf(address)).toBe(gate);
  });
});
