// Tokens: created once, shown once, kept as digests, and of no more use once they are revoked.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import type { Redis } from "../../shared/ports/redis.ts";
import { type RestFixture, replyTo, startEmbeddedRest, startServerRest } from "../support/redis-server.ts";
import { CLUSTER_KEY, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";
import { as, breakable, createToken, handClock } from "./token-harness.ts";

describe.each([
  ["redis-server", startServerRest],
  ["the embedded store", startEmbeddedRest],
] as const)("on %s", (_, startRest) => {
  let rest: RestFixture;
  let redis: Redis;
  let over: ReturnType<typeof breakable>;
  let time: ReturnType<typeof handClock>;
  let plane: TestPlane;

  beforeAll(async () => {
    rest = await startRest();
    redis = rest.redis;
  });
  afterAll(() => rest.stop());
  beforeEach(async () => {
    await replyTo(redis, "FLUSHALL");
    over = breakable(redis);
    time = handClock();
    plane = await startPlane(over.redis, {}, time.clock);
  });

  /** All that Redis holds of tokens. */
  const held = async (): Promise<string> =>
    JSON.stringify(
      await Promise.all(["tg:tokens", "tg:tokens:used"].map((key) => replyTo(redis, "HGETALL", key))),
    );

  test("what is created lets in whoever has it, and is kept as a digest only", async () => {
    const body = { name: "ci", scopes: ["read"], expiresAt: null };
    const created = await plane.call("/tokens", body);
    expect(created.status).toBe(201);
    expect(created.headers.get("cache-control")).toBe("no-store");
    expect(created.headers.get("location")).toBe(`/tokens/${created.json.id}`);
    const { token, ...shown } = created.json;
    expect(token).toMatch(/^tgt_[0-9a-f]{16}_[0-9a-f]{64}$/);
    expect((await as(plane, token)("/edges")).status).toBe(200);
    const secret = token.split("_")[2];
    expect(await held()).not.toContain(secret);
    const listed = (await plane.call("/tokens")).json.items;
    expect(listed).toEqual([{ ...shown, lastUsedAt: expect.any(String) }]);
    expect(JSON.stringify(listed)).not.toContain(secret);
    expect((await plane.call(`/tokens/${shown.id}`)).json).toEqual(listed[0]);
  });

  test("what is sent again is answered as the first time; the key with another body is a conflict", async () => {
    const headers = { "idempotency-key": "once" };
    const body = { name: "ci", scopes: ["read"] };
    const first = await plane.call("/tokens", body, headers);
    const again = await plane.call("/tokens", body, headers);
    expect(again.json).toEqual(first.json);
    expect((await plane.call("/tokens")).json.items).toHaveLength(1);
    const other = await plane.call("/tokens", { ...body, name: "other" }, headers);
    expect([other.status, other.json.code]).toEqual([422, "idempotency-conflict"]);
    await as(plane, TOKEN)(`/tokens/${first.json.id}`, { method: "DELETE" });
    const late = await plane.call("/tokens", body, headers);
    expect([late.status, late.json.code]).toEqual([409, "conflict"]);
  });

  test("whoever holds another cluster's key can't make the text out of what Redis holds", async () => {
    const { token } = await createToken(plane, { name: "ci", scopes: ["read"] });
    const other = await startPlane(over.redis, { CLUSTER_KEY: `${CLUSTER_KEY}-2` }, time.clock);
    const headers = { "idempotency-key": "once" };
    const first = await plane.call("/tokens", { name: "x", scopes: ["read"] }, headers);
    const again = await other.call("/tokens", { name: "x", scopes: ["read"] }, headers);
    expect([first.status, again.status, again.json.code]).toEqual([201, 409, "conflict"]);
    // What was created goes on.
    expect((await as(other, token)("/edges")).status).toBe(200);
  });

  test("a revoked one is refused where it was revoked at once, and elsewhere within five seconds", async () => {
    const elsewhere = await startPlane(over.redis, {}, time.clock);
    const { id, token } = await createToken(plane, { name: "ci", scopes: ["read"] });
    expect((await as(elsewhere, token)("/edges")).status).toBe(200);
    expect((await as(plane, token)("/edges")).status).toBe(200);
    const revoked = await as(plane, TOKEN)(`/tokens/${id}`, { method: "DELETE" });
    expect(revoked.status).toBe(204);
    expect((await as(plane, token)("/edges")).status).toBe(401);
    time.pass(LIMITS.principalKept - 1);
    expect((await as(elsewhere, token)("/edges")).status).toBe(200);
    time.pass(1);
    expect((await as(elsewhere, token)("/edges")).status).toBe(401);
    expect(await held()).not.toContain(id);
    expect((await as(plane, TOKEN)(`/tokens/${id}`, { method: "DELETE" })).status).toBe(404);
  });

  test("one that expires is refused from then on, known or not", async () => {
    const expiresAt = new Date(time.clock.wall() + 1000).toISOString();
    const { token } = await createToken(plane, { name: "ci", scopes: ["read"], expiresAt });
    expect((await as(plane, token)("/edges")).status).toBe(200);
    time.pass(999);
    expect((await as(plane, token)("/edges")).status).toBe(200);
    time.pass(1);
    expect((await as(plane, token)("/edges")).status).toBe(401);
    const past = await plane.call("/tokens", { name: "ci", scopes: ["read"], expiresAt });
    expect(past.json.errors[0].pointer).toBe("/expiresAt");
  });

  test("while Redis is away whoever is known goes on for five seconds, and the admin for good", async () => {
    const known = await createToken(plane, { name: "known", scopes: ["read"] });
    const unknown = await createToken(plane, { name: "unknown", scopes: ["read"] });
    expect((await known.as("/openapi.json")).status).toBe(200);
    await known.as("/edges");
    over.away = true;
    // Past the guard it is the route's own call that fails.
    expect((await known.as("/tokens")).json.code).toBe("forbidden");
    expect((await unknown.as("/tokens")).json.code).toBe("unavailable");
    time.pass(LIMITS.principalKept);
    expect((await known.as("/tokens")).json.code).toBe("unavailable");
    expect((await plane.call("/policies/validate", {})).json.code).toBe("unavailable");
    over.away = false;
    expect((await known.as("/tokens")).json.code).toBe("forbidden");
  });

  test("its last use is noted by the minute, and only of whoever has its secret", async () => {
    const { id, token } = await createToken(plane, { name: "ci", scopes: ["read"] });
    const used = () => replyTo(redis, "HGET", "tg:tokens:used", id);
    expect((await as(plane, `tgt_${id}_${"0".repeat(64)}`)("/edges")).status).toBe(401);
    expect(await used()).toBeNull();
    await as(plane, token)("/edges");
    const first = await used();
    expect(Number(first)).toBeGreaterThan(Date.now() - 60_000);
    time.pass(LIMITS.principalKept);
    await as(plane, token)("/edges");
    expect(await used()).toBe(first);
  });

  test("there are no more than there may be", async () => {
    const fields = Array.from({ length: LIMITS.tokens }, (_, at) => [`t${at}`, "x"]).flat();
    await replyTo(redis, "HSET", "tg:tokens", ...fields);
    const full = await plane.call("/tokens", { name: "ci", scopes: ["read"] });
    expect([full.status, full.json.code]).toEqual([409, "conflict"]);
  });

  test("a record that nobody can read lets nobody in, and is no wrong token", async () => {
    const { id, token } = await createToken(plane, { name: "ci", scopes: ["read"] });
    await replyTo(redis, "HSET", "tg:tokens", id, "damaged");
    expect((await as(plane, token)("/edges")).status).toBe(503);
  });
});
