// Watching requests through the control plane: who is told of whom, what reaches him, and what is said to be left out.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../control-plane/config.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import { RequestFollower } from "../../control-plane/tail/follow-requests.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import type { TailBatch, TailLine, TailWatch } from "../../shared/wire/request-tail.ts";
import { ask, type RestFixture, startEmbeddedRest, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, SITES, startFakeEdge, startPlane, type TestPlane, TOKEN } from "./control-harness.ts";

const FILTER = { results: null, classes: null, sites: null, statuses: null, path: null };
const watch = (id: string, ratePerSecond = 50): TailWatch => ({ id, ratePerSecond, filter: FILTER });
const line = (path: string): TailLine => ({
  ...{ at: 1_800_000_000_000, site: "default", method: "GET", host: "a.test", path, status: 200 },
  ...{ class: "hot", policy: null, result: "miss", tier: "origin", cacheStatus: "tidegate-l1; fwd=miss" },
  ...{ ms: 3, bytes: 10, why: "nothing was held" },
});

const backends = [
  ["redis-server", startServerRest],
  ["embedded", () => startEmbeddedRest()],
] as const;

describe.each(backends)("%s", (_name, start) => {
  let rest: RestFixture;
  let plane: TestPlane;
  let edge: FakeEdge;
  let number = 0;

  beforeAll(async () => {
    rest = await start();
  });
  afterAll(() => rest.stop());
  beforeEach(async () => {
    await ask(rest, "/", ["FLUSHALL"]);
    edge = await startFakeEdge("one");
    plane = await startPlane(rest, { SITES, EDGES: [{ id: edge.id, url: edge.url }] });
    number = 0;
  });
  afterEach(() => edge.stop());

  const follower = (asked: TailWatch): RequestFollower => new RequestFollower(plane.plane, asked);
  const shows = (ids: string[], paths: string[], seen = paths.length): TailBatch => {
    number += 1;
    const rows = paths.map((path) => ({ for: ids, line: line(path) }));
    return { number, rows, seen: Object.fromEntries(ids.map((id) => [id, seen])) };
  };
  const collect = async (tail: TailBatch | null): Promise<void> => {
    edge.tail = tail;
    expect(await collectStatus(plane.plane)).toMatchObject({ kind: "done" });
  };

  test("edges are told who watches, until he is gone", async () => {
    await collect(null);
    expect(edge.called?.tail).toEqual([]);
    await follower(watch("w")).next();
    await collect(null);
    const [told] = edge.called?.tail ?? [];
    expect(told).toEqual({ ...watch("w"), forMs: expect.any(Number) });
    expect(told?.forMs).toBeLessThanOrEqual(LIMITS.tailLasts);
    await plane.plane.requestTails.leave("w");
    await collect(null);
    expect(edge.called?.tail).toEqual([]);
  });

  test("each is shown his own, once, with where it was seen; nothing of before he came", async () => {
    const [a, b] = [follower(watch("a")), follower(watch("b"))];
    await a.next();
    await collect(shows(["a"], ["/1"]));
    await b.next();
    await collect(shows(["a", "b"], ["/2"]));
    const seen = await a.next();
    expect(seen).toMatchObject({ kind: "news", dropped: [] });
    expect(seen.kind === "news" && seen.requests.map(({ path }) => path)).toEqual(["/1", "/2"]);
    const { at, edge: where, region } = seen.kind === "news" ? (seen.requests[0] ?? { at: "" }) : { at: "" };
    expect([at, where, region]).toEqual(["2027-01-15T08:00:00.000Z", "one", "test"]);
    expect(await b.next()).toMatchObject({ kind: "news", requests: [{ path: "/2" }] });
    expect(await a.next()).toMatchObject({ kind: "news", requests: [], dropped: [] });
  });

  test("what is left out is said: by the rate how many, on the way that something is", async () => {
    const some = follower(watch("w", 10));
    await some.next();
    await collect(shows(["w"], ["/1"], 40));
    expect(await some.next()).toMatchObject({ dropped: [{ reason: "rate", edge: "one", requests: 39 }] });
    number += 1;
    await collect(shows(["w"], ["/2"]));
    expect(await some.next()).toMatchObject({ dropped: [{ reason: "lost", edge: "one", requests: null }] });
    await collect(
      shows(
        ["w"],
        Array.from({ length: 50 }, (_, i) => `/many/${i}`),
      ),
    );
    const news = await some.next();
    const [shown, left] =
      news.kind === "news" ? [news.requests.length, news.dropped[0]?.requests ?? 0] : [0, 0];
    expect(shown).toBeLessThanOrEqual(10);
    expect(shown + left).toBe(50);
  });

  test("no more watch at once than may, and one who has gone makes room", async () => {
    for (let i = 0; i < LIMITS.tailWatches; i++)
      expect((await follower(watch(`w${i}`)).next()).kind).toBe("news");
    expect((await follower(watch("late")).next()).kind).toBe("full");
    expect((await plane.call("/tail")).status).toBe(409);
    await plane.plane.requestTails.leave("w3");
    expect((await follower(watch("late")).next()).kind).toBe("news");
  });
});

describe("GET /tail", () => {
  let rest: RestFixture;
  let plane: TestPlane;
  beforeAll(async () => {
    rest = await startEmbeddedRest();
    // Over the socket: without it, ones that are left at once were once seen listed a moment longer, on a busy machine.
    plane = await startPlane(upstashRedis(rest), { SITES });
  });
  afterAll(() => rest.stop());

  test("needs a token", async () => {
    expect((await plane.ask("/tail")).status).toBe(401);
  });

  test.each([
    ["result=hti", "/result"],
    ["status=600", "/status"],
    ["status=4x", "/status"],
    ["path=/a(b)", "/path"],
    ["path=abc", "/path"],
    ["path=abc/*", "/path"],
    ["site=shop&path=origin.test/a", "/path"],
    ["path=tidegate://n/*", "/path"],
    ["rate=0", "/rate"],
    ["rate=1000", "/rate"],
    ["class=hot,", "/class"],
    ["class=nope", "/class"],
    ["site=nope", "/site"],
    ["reslut=hit", "/reslut"],
  ])("refuses %s, naming the field", async (query, pointer) => {
    const { status, json } = await plane.call(`/tail?${query}`);
    expect([status, json.code, json.errors[0].pointer]).toEqual([400, "invalid-query", pointer]);
  });

  test.each(["/a", "//shop.test/a", "solo-edge.test/*", "*.shop.test/*", "any.test/a", ":host/a"])(
    "takes the pattern %s",
    async (path) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const stream = await plane.open(`/tail?path=${encodeURIComponent(path)}`, headers);
      await stream.cancel();
    },
  );

  test("a token that is bound to sites sees those, and may not ask for others", async () => {
    const made = await plane.call("/tokens", { name: "shop", scopes: ["read"], sites: ["shop"] });
    const headers = { authorization: `Bearer ${made.json.token}` };
    expect((await plane.ask("/tail?site=default", { headers })).status).toBe(403);
    const watched = async () => {
      const read = await plane.plane.edges.read();
      const all = read.kind === "directory" ? read.directory.watches.map(({ filter }) => filter.sites) : null;
      // Whoever watched before may still be on his way out.
      return all?.filter((sites) => sites !== null);
    };
    const stream = await plane.open("/tail", headers);
    expect(await watched()).toEqual([["shop"]]);
    await stream.cancel();
    expect(await watched()).toEqual([]);
  });

  test("a stream ends once its token is revoked, and nobody watches by it any more", async () => {
    const made = await plane.call("/tokens", { name: "gone", scopes: ["read"] });
    const headers = { authorization: `Bearer ${made.json.token}` };
    const stream = await plane.open("/tail", headers);
    plane.plane.principals.forget(made.json.id);
    const revoked = await plane.ask(`/tokens/${made.json.id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(revoked.status).toBe(204);
    for await (const _ of stream);
  });
});
