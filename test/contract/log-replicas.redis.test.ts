// A log whose database has a replica that falls behind, dies and takes over: two real servers, and the control plane.

import { isDeepStrictEqual } from "node:util";
import { Redis as Connection } from "ioredis";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createCache } from "../../client/cache/create-cache.ts";
import { beat } from "../../control-plane/tick/beat.ts";
import { flushUnsent } from "../../edge/writes/write-around.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import { REPLICAS_FIELD } from "../../shared/wire/configuration.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { type ServerFixture, startServerRest, until } from "../support/redis-server.ts";
import { beatWell, SITES, startPlane, type TestPlane } from "./control-harness.ts";

/** Redis looks after its replicas once a second, and a first attempt may fail; tests that attach one have longer. */
const ATTACH_MS = 15_000;
let servers: readonly [ServerFixture, ServerFixture];
let connections: readonly Connection[];
let plane: TestPlane;
let log: Log;

beforeEach(async () => {
  servers = await Promise.all([startServerRest(), startServerRest()]);
  connections = servers.map(({ port }) => new Connection({ port, host: "127.0.0.1" }));
  await attach();
  [plane, log] = await serving(0);
  await beatWell(plane);
}, 30_000);
afterEach(async () => {
  for (const connection of connections) connection.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});

const beats = () => beat(plane.plane, { boot: true, witness: plane.witness });

/** A control plane before one of the servers, and its log as an edge asks for it. */
const serving = async (server: 0 | 1, replicas = "1"): Promise<[TestPlane, Log]> => [
  await startPlane(servers[server], { SITES, REPLICAS: replicas }),
  createLog(servers[server].redis, LOG_LIMITS),
];

async function attach(): Promise<void> {
  const [primary, replica] = connections;
  // Or it waits for some seconds whether more replicas come.
  await primary?.config("SET", "repl-diskless-sync-delay", "0");
  // Or what it gets is written to its disk first.
  await replica?.config("SET", "appendonly", "no");
  await replica?.replicaof("127.0.0.1", servers[0].port);
  const follows = async () => /state=online/.test((await primary?.info("replication")) ?? "");
  await until("the replica follows", follows, ATTACH_MS);
}

/** From now on it gets nothing any more, and can take over with what it has. */
async function detach(): Promise<void> {
  const [primary, replica] = connections;
  await replica?.replicaof("NO", "ONE");
  await until("the replica is gone", async () =>
    /connected_slaves:0/.test((await primary?.info("replication")) ?? ""),
  );
}

const purge = (tag: string, key: string) =>
  plane.call("/invalidate", { tags: [tag] }, { "idempotency-key": key });

/** As whoever is told to try again does: a replica may be late to confirm it. */
const purged = (tag: string, key: string) =>
  until("it is acknowledged", async () => (await purge(tag, key)).status === 202);

async function head(): Promise<LogHead> {
  const outcome = await log.snapshot(0);
  if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
  return outcome.head;
}

async function toldSince(known: LogHead): Promise<number[] | string> {
  const outcome = await log.since(known, 100);
  return outcome.kind === "entries" ? outcome.entries.map(({ seq }) => seq - known.seq) : outcome.kind;
}

test("what a failover loses nobody has been told of: its place can be another's, and no epoch begins", async () => {
  const known = await head();
  await detach();
  expect(await purge("a", "a")).toMatchObject({ status: 503 });
  expect(await toldSince(known)).toEqual([]);
  [plane, log] = await serving(1, "0");
  await beatWell(plane);
  const before = await head();
  await purged("b", "b");
  expect(await toldSince(before)).toEqual([1]);
  expect((await head()).epoch).toBe(known.epoch);
});

test("what is acknowledged is told by whoever takes over, at once", async () => {
  const known = await head();
  await purged("a", "a");
  await detach();
  [plane, log] = await serving(1);
  expect(await toldSince(known)).toEqual([1]);
});

test("a purge that fell short is told once replicas are back: by the next beat, or by its repetition", async () => {
  const known = await head();
  await detach();
  expect((await purge("a", "a")).status).toBe(503);
  await until("only the replica is missing", async () => {
    expect(await toldSince(known)).toEqual([]);
    return isDeepStrictEqual([...(await beats())], [["witness", "unreplicated"]]);
  });
  expect(await toldSince(known)).toEqual([]);
  await attach();
  await beatWell(plane);
  expect(await toldSince(known)).toEqual([1]);
  await detach();
  expect((await purge("b", "b")).status).toBe(503);
  await attach();
  await purged("b", "b");
  expect(await toldSince(known)).toEqual([1, 2]);
}, 60_000);

test("an append whose sender died before he could confirm it is told by the next beat", async () => {
  const known = await head();
  const query = { operationId: "x", requestDigest: "x", actor: "edge/one", action: "write", detail: "" };
  const payload = { kind: "invalidate", mode: "hard", selectors: [] } as const;
  expect(await log.append({ ...query, payload, replicas: 1 })).toMatchObject({ told: false });
  expect(await toldSince(known)).toEqual([]);
  await beatWell(plane);
  expect(await toldSince(known)).toEqual([1]);
});

test("a receipt is fenced from when the log told of it, not from its append", async () => {
  const edge = [{ id: "silent", url: "http://127.0.0.1:1" }];
  plane = await startPlane(servers[0], { SITES, REPLICAS: "1", EDGES: edge });
  await beats();
  await detach();
  expect((await purge("a", "a")).status).toBe(503);
  const { json: list } = await plane.call("/invalidations");
  const [{ id }] = list.items;
  expect((await plane.call(`/invalidations/${id}`)).json.fencedAt).toBeNull();
  await attach();
  const told = Date.now();
  await purged("a", "a");
  const { json } = await plane.call(`/invalidations/${id}`);
  expect(Date.parse(json.acceptedAt)).toBeLessThan(told);
  expect(Date.parse(json.fencedAt)).toBeGreaterThan(told + 30_000);
}, 60_000);

test("without replicas to wait for any more, the log tells of all that was left", async () => {
  await detach();
  const known = await head();
  expect((await purge("a", "a")).status).toBe(503);
  [plane, log] = await serving(0, "0");
  await beatWell(plane);
  const outcome = await log.snapshot(0);
  expect(outcome.kind === "snapshot" && outcome.configuration.has(REPLICAS_FIELD)).toBe(false);
  await purged("b", "b");
  expect(await toldSince(known)).toContain(1);
});

test("what an edge appends itself waits for as many replicas as the log asks for, and is sent until they have it", async () => {
  const known = await head();
  const edge = bareEdge(upstashRedis(servers[0]));
  await edge.view.pull(UNKEPT);
  const write = { method: "PUT", target: "http://origin.test/a", references: [], groups: [] };
  const sent = () =>
    until("all of it has been told", async () => {
      await flushUnsent(edge, UNKEPT);
      return edge.unsent.size === 0;
    });
  edge.unsent.keep({ ...write, operationId: "one" });
  await sent();
  expect(await toldSince(known)).toEqual([1]);
  await detach();
  edge.unsent.keep({ ...write, operationId: "two" });
  await flushUnsent(edge, UNKEPT);
  expect([edge.unsent.size, await toldSince(known)]).toEqual([1, [1]]);
  await attach();
  await sent();
  expect(await toldSince(known)).toEqual([1, 2]);
}, 60_000);

test("a program that only invalidates is acknowledged with its first call: it hears how many replicas are asked for", async () => {
  const known = await head();
  const cache = createCache({ redis: servers[0], namespace: "shop", class: "hot" });
  expect(await cache.delete("k")).toEqual({ position: `${known.epoch}-${known.seq + 1}` });
  expect(await toldSince(known)).toEqual([1]);
  await cache.dispose();
});

test("an installation that asked for replicas it never had tells of everything when it asks for none", async () => {
  await detach();
  vi.spyOn(console, "error").mockImplementation(() => {});
  await connections[0]?.flushall();
  // Entry by entry, as if replicas had gone away in the middle of it.
  for (const [field, value] of Object.entries({ [REPLICAS_FIELD]: "1", "site/solo": "{}" })) {
    const query = {
      operationId: field,
      requestDigest: field,
      actor: "test",
      action: "configure",
      detail: "",
    };
    await log.append({ ...query, payload: { kind: "config", field, value, selectors: [] }, replicas: 1 });
  }
  expect((await purge("a", "a")).status).toBe(503);
  expect([...(await beats())].map(([step]) => step)).toContain("boot");
  [plane, log] = await serving(0, "0");
  await beatWell(plane);
  const outcome = await log.snapshot(0);
  if (outcome.kind !== "snapshot") throw new Error(outcome.kind);
  expect([...outcome.configuration.keys()]).not.toContain(REPLICAS_FIELD);
  expect([...outcome.configuration.keys()]).toContain("site/default");
  await purged("a", "a");
});
