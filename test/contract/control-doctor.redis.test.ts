// What the control plane's doctor finds: well where all is well, and each fault by its name with what to do.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Check } from "../../control-plane/doctor/check.ts";
import { redisChecks } from "../../control-plane/doctor/redis-checks.ts";
import { shardChecks } from "../../control-plane/doctor/state-checks.ts";
import { collectStatus } from "../../control-plane/edges/collect.ts";
import type { ShardState } from "../../shared/core/shard-map.ts";
import { encodeShardMap, SHARD_MAP_FIELD } from "../../shared/wire/shard-map.ts";
import { ask, type ServerFixture, startServerRest } from "../support/redis-server.ts";
import { type FakeEdge, startConfigured, startPlane, type TestPlane } from "./control-harness.ts";

let rest: ServerFixture;
let plane: TestPlane;
let edge: FakeEdge;

beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest.stop());
beforeEach(async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  ({ plane, edge } = await startConfigured(rest, [
    { id: "all", site: "default", key_pattern: "/*", class: "standard" },
  ]));
});
afterEach(() => edge.stop());

const examined = async (): Promise<readonly Check[]> => {
  const { status, json } = await plane.call("/doctor");
  expect(status).toBe(200);
  return json.checks;
};
const stateOf = (checks: readonly Check[], id: string) => checks.find((check) => check.id === id)?.state;

test("an edge that answers and agrees on the time is well; one that is silent fails, and it is said what to do", async () => {
  const well = await examined();
  // It knows nothing of the log yet.
  expect([stateOf(well, "edge-one"), stateOf(well, "clock-one")]).toEqual(["warn", "ok"]);
  edge.wall = Date.now() - 60_000;
  expect(stateOf(await examined(), "clock-one")).toBe("fail");
  await edge.stop();
  await ask(rest, "/", ["DEL", "tg:edges"]);
  const silent = (await examined()).find(({ id }) => id === "edge-one");
  expect(silent).toMatchObject({ state: "fail", what: "one has never answered" });
  expect(silent?.advice).toContain("CLUSTER_KEY");
});

test("an edge is judged by what it knows now, and not by what was last heard of it", async () => {
  edge.follows = false;
  const { json } = await plane.call("/invalidate", { site: "default", tags: ["a"] });
  edge.position = null;
  await collectStatus(plane.plane);
  edge.position = json.position;
  expect(stateOf(await examined(), "edge-one")).toBe("ok");
  edge.position = json.position.replace(/\d+$/, (seq: string) => `${Number(seq) - 1}`);
  expect(stateOf(await examined(), "edge-one")).toBe("warn");
});

/** Of a database that says so of itself. */
async function said(info: string | null) {
  const reply = info === null ? { kind: "error", message: "ERR" } : { kind: "reply", reply: info };
  const run = async () => ({ kind: "replies", replies: [{ kind: "error", message: "ERR" }, reply] });
  const databases = new Map([["control", { redis: { run } as never, weight: 1 }]]);
  const settings = { ...plane.plane.settings, replicas: 1 };
  const checks = await redisChecks({ ...plane.plane, settings, databases });
  return Object.fromEntries(checks.map(({ id, state }) => [id.replace("redis-control-", ""), state]));
}

test("a database's settings are judged by what may be lost; what it does not tell is unknown, and no fault", async () => {
  expect(stateOf(await examined(), "redis-control-eviction")).toBe("ok");
  const lines = ["redis_version:7.2.4", "used_memory:95", "maxmemory:100", "maxmemory_policy:allkeys-lru"];
  expect(await said([...lines, "aof_enabled:0", "connected_slaves:0"].join("\r\n"))).toEqual({
    "redis-control": "ok",
    ...{ eviction: "fail", persistence: "warn", memory: "warn", replicas: "fail" },
  });
  const well = [
    "used_memory:5",
    "maxmemory:100",
    "maxmemory_policy:noeviction",
    "evicted_keys:0",
    "aof_enabled:1",
  ];
  expect(await said([...well, "connected_slaves:1"].join("\r\n"))).toMatchObject({
    ...{ eviction: "ok", persistence: "ok", memory: "ok", replicas: "ok" },
  });
  expect(await said(`${well.join("\n").replace("evicted_keys:0", "evicted_keys:7")}`)).toMatchObject({
    eviction: "fail",
  });
  const untold = { eviction: "unknown", persistence: "unknown", memory: "unknown", replicas: "unknown" };
  expect(await said(null)).toEqual({ "redis-control": "ok", ...untold });
});

test("that there is no site fails: nothing is cached, and all else looks well", async () => {
  await ask(rest, "/", ["FLUSHALL"]);
  const bare = await startPlane(rest, { SITES: [], EDGES: [] });
  const checks: readonly Check[] = (await bare.call("/doctor")).json.checks;
  expect(checks.find(({ id }) => id === "site-none")).toMatchObject({
    state: "fail",
    advice: expect.stringContaining("tidegate sites put"),
  });
  expect(stateOf(await examined(), "site-none")).toBeUndefined();
});

test("policies that do nothing, and those that hardly anybody wants, are told of", async () => {
  const rows = [
    { id: "first", key_pattern: "/a/*", class: "standard", priority: 5 },
    { id: "never", key_pattern: "/a/b", class: "standard" },
    {
      id: "zero",
      key_pattern: "/zero/*",
      class: "standard",
      ttl: 0,
      stale_while_revalidate: "1m",
      refresh_strategy: "swr",
    },
    { id: "slow", key_pattern: "/slow/*", class: "hot", refresh_strategy: "none", stale_while_revalidate: 0 },
    { id: "each", key_pattern: "/each/*", class: "hot", key: { cookies: ["session"] } },
    { id: "late", key_pattern: "/late/*", class: "standard", ttl: "5s", window_ms: 60_000 },
  ];
  for (const row of rows)
    expect((await plane.call("/policies", { site: "default", ...row })).status).toBe(201);
  const said = (await examined()).filter(({ area }) => area === "policies").map(({ what }) => what);
  for (const [name, part] of [
    ["default/never", "never applies"],
    ["default/zero", "ttl is 0"],
    ["default/slow", "not renewed ahead"],
    ["default/each", "cookies session"],
    ["default/late", "purge may show later"],
    ["the site shop", "no policies"],
  ] as const)
    expect(
      said.some((what) => what.startsWith(name) && what.includes(part)),
      `${name}: ${part}`,
    ).toBe(true);
  expect(said.some((what) => what.startsWith("default/all"))).toBe(false);
});

test("shards that were taken out are told of, and fail where none is left", () => {
  const told = (...states: ShardState[]) => {
    const shards = states.map((state, at) => ({ id: `s${at}`, weight: 1, state, life: 1 }));
    const map = encodeShardMap({ version: 1, shards });
    return shardChecks({ configuration: new Map([[SHARD_MAP_FIELD, map]]) }).map(({ state }) => state);
  };
  expect(told("serving", "down")).toEqual([]);
  expect(told("serving", "out")).toEqual(["warn"]);
  expect(told("out", "out")).toEqual(["fail"]);
  expect(shardChecks({ configuration: new Map() })).toEqual([]);
});

test("purges of everything, again and again, are told of; tokens that may do everything, too", async () => {
  for (let i = 0; i < 3; i++)
    await plane.call("/invalidate", { site: "default", everything: true, confirm: "default" });
  await plane.call("/tokens", { name: "root", scopes: ["admin"] });
  const checks = await examined();
  expect(stateOf(checks, "purges-everything")).toBe("warn");
  expect(checks.find(({ what }) => what.includes("root"))).toMatchObject({ area: "tokens", state: "warn" });
});

test("whoever may not read learns nothing, nor who is bound to a site; a faulty environment fails", async () => {
  expect((await plane.ask("/doctor")).status).toBe(401);
  const made = await plane.call("/tokens", { name: "shop", scopes: ["read"], sites: ["shop"] });
  expect(
    (await plane.ask("/doctor", { headers: { authorization: `Bearer ${made.json.token}` } })).status,
  ).toBe(403);
  const faulty = await startPlane(rest, { CLUSTER_KEY: "" });
  const { json } = await faulty.call("/doctor");
  expect(json.checks.find(({ id }: Check) => id === "environment-1")).toMatchObject({ state: "fail" });
});
