// Databases that answer reads and refuse writes, otherwise than by being full. Real servers, since only they know why.

import { Redis as Connection } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bootConfiguration } from "../../control-plane/configuration/boot.ts";
import type { ShardDatabase } from "../../control-plane/control-plane.ts";
import type { Check } from "../../control-plane/doctor/check.ts";
import type { ShardRow } from "../../control-plane/metrics/show-metrics.ts";
import { type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { lookWell, SITES, startPlane, type TestPlane } from "./control-harness.ts";

let control: ServerFixture;
let second: ServerFixture;
let plane: TestPlane;

beforeEach(async () => {
  [control, second] = await Promise.all([startServerRest(), startServerRest()]);
  plane = await startPlane(control, { SITES });
  (plane.plane.databases as Map<string, ShardDatabase>).set("second", { redis: second.redis, weight: 1 });
  expect(await bootConfiguration(plane.plane)).toEqual({ kind: "done" });
  await lookWell(plane);
});
afterEach(async () => {
  await plane.settled();
  await Promise.all([control.stop(), second.stop()]);
});

async function wantsReplicas({ port }: ServerFixture, count: "0" | "1"): Promise<void> {
  const connection = new Connection({ port, host: "127.0.0.1" });
  await connection.config("SET", "min-replicas-to-write", count);
  connection.disconnect();
}

async function checked(id: string): Promise<Pick<Check, "state" | "what" | "advice"> | undefined> {
  const { checks } = (await plane.call("/doctor")).json;
  return checks.find((check: Check) => check.id === `redis-${id}-writes`);
}

async function writesOf(id: string): Promise<ShardRow["writes"] | undefined> {
  const { shards } = (await plane.call("/cache-metrics")).json;
  return shards.find((shard: ShardRow) => shard.id === id)?.writes;
}

test("a shard that lacks replicas is told of by its word, until it takes writes", async () => {
  expect([await writesOf("second"), (await checked("second"))?.state]).toEqual(["taken", "ok"]);
  await wantsReplicas(second, "1");
  expect(await writesOf("second")).toBe("NOREPLICAS");
  expect(await checked("second")).toMatchObject({
    state: "fail",
    what: "second takes no writes (NOREPLICAS)",
    advice: expect.stringContaining("min-replicas-to-write"),
  });
  expect([await writesOf("control"), (await checked("control"))?.state]).toEqual(["taken", "ok"]);
  await wantsReplicas(second, "0");
  expect([await writesOf("second"), (await checked("second"))?.state]).toEqual(["taken", "ok"]);
});

test("one that has become a replica, too", async () => {
  const connection = new Connection({ port: second.port, host: "127.0.0.1" });
  await connection.replicaof("127.0.0.1", control.port);
  expect(await writesOf("second")).toBe("READONLY");
  expect(await checked("second")).toMatchObject({ state: "fail", what: "second takes no writes (READONLY)" });
  await connection.replicaof("NO", "ONE");
  connection.disconnect();
  expect(await writesOf("second")).toBe("taken");
});

test("to find that out leaves nothing to be written to a file or a replica", async () => {
  const connection = new Connection({ port: second.port, host: "127.0.0.1" });
  const changes = async () =>
    /rdb_changes_since_last_save:(\d+)/.exec(await connection.info("persistence"))?.[1];
  await writesOf("second");
  const before = await changes();
  await writesOf("second");
  await checked("second");
  expect(await changes()).toBe(before);
  connection.disconnect();
});

test("a log whose database refuses writes is not ready, says why, and is silent for whoever judges that", async () => {
  await wantsReplicas(control, "1");
  const purge = await plane.call("/invalidate", { urls: ["http://origin.test/a"] });
  expect([purge.status, purge.json.detail]).toEqual([
    503,
    expect.stringMatching(/^Redis takes no writes \(NOREPLICAS\)\./),
  ]);
  const { status, json } = await plane.call("/readyz");
  expect([status, json.detail]).toEqual([503, "Redis takes no writes (NOREPLICAS). Try again."]);
  expect(plane.plane.reach.silence()).toMatchObject({ refusal: "NOREPLICAS", until: null });
  expect(await checked("control")).toMatchObject({
    ...{ state: "fail", what: "control takes no writes (NOREPLICAS): no purges" },
  });
  expect(plane.plane.reach.silence()).not.toBeNull();
  await wantsReplicas(control, "0");
  expect((await plane.call("/readyz")).status).toBe(200);
});
