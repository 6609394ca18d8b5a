// A log whose database is full: it answers, and can't be told anything. A real server, since only that refuses by its memory.

import { Redis as Connection } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import type { Edge } from "../../edge/edge.ts";
import { handleRequest } from "../../edge/handle-request.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { createLog } from "../../shared/mid-tier/log.ts";
import { FULL, writeRefusal } from "../../shared/mid-tier/script.ts";
import { upstashRedis } from "../../shared/mid-tier/upstash.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import { UNKEPT } from "../../shared/ports/clock.ts";
import type { Log, LogHead } from "../../shared/ports/mid-tier.ts";
import type { Origin } from "../../shared/ports/origin.ts";
import { bareEdge } from "../support/bare-edge.ts";
import { type ServerFixture, startServerRest, until } from "../support/redis-server.ts";
import { SITES, startPlane, type TestPlane } from "./control-harness.ts";

let server: ServerFixture;
let connection: Connection;
let plane: TestPlane;
let log: Log;

beforeEach(async () => {
  server = await startServerRest();
  connection = new Connection({ port: server.port, host: "127.0.0.1" });
  plane = await startPlane(server, { SITES });
  expect(await bootConfiguration(plane.plane)).toEqual({ kind: "done" });
  log = createLog(server.redis, LOG_LIMITS);
});
afterEach(async () => {
  await plane.settled();
  connection.disconnect();
  await server.stop();
});

const isFull = (full: boolean) => connection.config("SET", "maxmemory", full ? "1" : "0");

const TAKES_WRITES: Origin = {
  fetch: async () => ({ kind: "answer", status: 204, headers: [], body: NO_BODY }),
};
const anEdge = (): Edge => bareEdge(upstashRedis(server), TAKES_WRITES);

async function warmEdge(): Promise<Edge> {
  const edge = anEdge();
  expect(await isRenewed(edge)).toBe(true);
  return edge;
}

/** Whether the log proves its view young. */
async function isRenewed({ view }: Edge): Promise<boolean> {
  const ticket = view.ticket();
  await view.pull(UNKEPT);
  return view.pulledSince(ticket);
}

async function write(edge: Edge): Promise<number> {
  const reply = await handleRequest(edge, {
    ...{ method: "POST", url: "http://origin.test/a", header: () => null, headers: () => [] },
    ...{ body: NO_BODY, purpose: "client", arrivedAt: edge.clock.now(), background: UNKEPT },
  });
  return reply.status;
}

async function head(): Promise<LogHead> {
  const outcome = await log.snapshot(0);
  if (outcome.kind !== "snapshot") throw new Error(outcome.reason);
  return outcome.head;
}

test("views are renewed by a full log as long as it has been told of all writes", async () => {
  const edge = await warmEdge();
  await isFull(true);
  expect(await isRenewed(edge)).toBe(true);
  const purge = await plane.call("/invalidate", { urls: ["http://origin.test/a"] });
  expect(purge.status).toBe(503);
  expect(await isRenewed(edge)).toBe(true);
});

test("a write that finds no room in the log is answered, and from then on no view is renewed at any edge", async () => {
  const [one, two] = [await warmEdge(), await warmEdge()];
  await isFull(true);
  expect([await write(one), one.unsent.size]).toEqual([204, 1]);
  expect(await Promise.all([one, two].map(isRenewed))).toEqual([false, false]);
  expect(await isRenewed(anEdge())).toBe(false);
  expect(await log.since(await head(), 1)).toEqual({ kind: "unavailable", reason: "full" });
});

test("as soon as there is room, views are renewed, and what was kept is told", async () => {
  const [one, two] = [await warmEdge(), await warmEdge()];
  const known = await head();
  await isFull(true);
  await write(one);
  await isFull(false);
  expect(await Promise.all([two, one].map(isRenewed))).toEqual([true, true]);
  await until("what was kept is told", () => one.unsent.size === 0, 10_000);
  expect(await head()).toMatchObject({ seq: known.seq + 1 });
});

test("the configuration is read, also where no view is renewed by it", async () => {
  await isFull(true);
  await log.withhold();
  const outcome = await log.snapshot(0);
  expect(outcome).toMatchObject({ kind: "snapshot", full: true });
  expect(outcome.kind === "snapshot" && outcome.configuration.size).toBeGreaterThan(0);
  expect((await plane.call("/policies")).status).toBe(200);
});

test("a log that can't even take the mark away renews no view, until it takes writes again", async () => {
  const [one, two] = [await warmEdge(), await warmEdge()];
  await connection.config("SET", "min-replicas-to-write", "1");
  expect([await write(one), one.unsent.size]).toEqual([204, 1]);
  expect(await Promise.all([one, two, anEdge()].map(isRenewed))).toEqual([false, false, false]);
  expect((await plane.call("/policies")).status).toBe(200);
  await connection.config("SET", "min-replicas-to-write", "0");
  expect(await Promise.all([two, one].map(isRenewed))).toEqual([true, true]);
  await until("what was kept is told", () => one.unsent.size === 0, 10_000);
});

test("to be asked for its head leaves nothing to be written to a file or a replica", async () => {
  const edge = await warmEdge();
  const changes = async () =>
    /rdb_changes_since_last_save:(\d+)/.exec(await connection.info("persistence"))?.[1];
  const before = await changes();
  expect(await isRenewed(edge)).toBe(true);
  expect(await changes()).toBe(before);
});

test("a head of a release that knew no such mark renews views", async () => {
  const edge = await warmEdge();
  await log.withhold();
  expect(await isRenewed(edge)).toBe(true);
  expect(await log.snapshot(0)).not.toHaveProperty("full");
});

test("nobody takes a full log for ready, and its edges are not blamed for what can't be written down of them", async () => {
  plane = await startPlane(server, { SITES, EDGES: [{ id: "one", url: "http://127.0.0.1:1" }] });
  expect((await plane.call("/readyz")).status).toBe(200);
  await isFull(true);
  const { status, json } = await plane.call("/readyz");
  expect([status, json.detail]).toEqual([503, "Redis is full: it takes no writes. Try again."]);
  const { checks } = (await plane.call("/doctor")).json;
  const stateOf = (name: string) => checks.find(({ id }: { id: string }) => id === name)?.state;
  expect([stateOf("redis-control-memory"), stateOf("edge-one")]).toEqual(["fail", "unknown"]);
  await isFull(false);
  expect((await plane.call("/readyz")).status).toBe(200);
});

test("what Upstash says of a full database is taken for that too", () => {
  expect(writeRefusal({ kind: "error", message: "ERR DB capacity quota exceeded" })).toBe(FULL);
});
