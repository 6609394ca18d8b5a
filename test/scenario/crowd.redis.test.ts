// A crowd over three edges costs the origin one request an expiry, and each request costs Redis what the docs say.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CountedRedis, countCommands } from "../../bench/commands/counted-redis.ts";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";
import { startTestCluster, type TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const EDGES = 3;
const SHARDS = 2;
const CROWD = 200;
const TTL_S = 2;
const PAGE = "x".repeat(1024);

const dir = mkdtempSync(join(tmpdir(), "tidegate-crowd-"));
const servers: RedisServer[] = [];
const databases: CountedRedis[] = [];
let cluster: TestCluster;

beforeAll(async () => {
  for (let at = 0; at < SHARDS; at++)
    servers.push(await launchRedisServer({ port: await freePort(), dir: join(dir, String(at)) }));
  cluster = await startTestCluster({
    edges: EDGES,
    redis: { kind: "urls", urls: servers.map(({ port }) => `redis://127.0.0.1:${port}`) },
    policies: [{ key_pattern: "/hot/*", class: "hot" }],
  });
  cluster.site.setBelow("/brief/", () => ({ headers: { "cache-control": `max-age=${TTL_S}` }, body: PAGE }));
  cluster.site.setBelow("/", () => ({ headers: { "cache-control": "max-age=600" }, body: PAGE }));
  await until(
    async () => (await cluster.call("GET", "/shards")).text.split('"serving"').length - 1,
    (serving) => serving === SHARDS,
    { withinMs: 30_000, everyMs: 100 },
  );
  for (const { port } of servers) databases.push(await countCommands(port));
}, 60_000);
afterAll(async () => {
  for (const database of databases) database.close();
  await cluster?.stop();
  for (const server of servers) await server.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

/** What the requests themselves have cost since the last time. */
async function commands(): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { take } of databases)
    for (const [name, count] of Object.entries(await take()))
      if (!["pull", "snapshot", "other"].includes(name)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

const KEYS = Array.from({ length: 8 }, (_, n) => n);
const askAll = async (edge: number, path: string): Promise<void> => {
  for (const n of KEYS) expect((await cluster.get(edge, `${path}${n}`)).status).toBe(200);
};

/** The same until so much has been filled behind the answers. */
async function commandsWith(fills: number): Promise<Record<string, number>> {
  const so: Record<string, number> = {};
  return until(
    async () => {
      for (const [name, count] of Object.entries(await commands())) so[name] = (so[name] ?? 0) + count;
      return so;
    },
    ({ fill = 0 }) => fill >= fills,
    { withinMs: 10_000, everyMs: 50 },
  );
}

test("a miss costs two commands and one for each copy, a hit in L2 one, a hit in memory none", async () => {
  // The first keys tell the edge what the shards' clocks show.
  await askAll(0, "/warm/");
  await commandsWith(KEYS.length);
  for (const database of databases) await database.settle();
  await askAll(0, "/one/");
  expect(await commandsWith(8)).toEqual({ read: 8, fill: 8 });
  await askAll(0, "/hot/");
  expect(await commandsWith(16)).toEqual({ read: 8, fill: 16 });
  await askAll(0, "/one/");
  await askAll(0, "/hot/");
  expect(await commandsWith(0)).toEqual({});
  await askAll(1, "/one/");
  await askAll(1, "/hot/");
  expect(await commandsWith(0)).toEqual({ read: 16 });
});

async function crowd(path: string): Promise<void> {
  const numbers = Array.from({ length: CROWD }, (_, number) => number);
  const answers = await Promise.all(numbers.map((number) => cluster.get(number % EDGES, path)));
  for (const { status, text } of answers) expect({ status, text }).toEqual({ status: 200, text: PAGE });
}

test("a crowd on a key that nobody holds, and on one that has expired, costs one origin request each", async () => {
  const path = "/brief/crowd";
  await crowd(path);
  expect(cluster.site.requests(path)).toBe(1);
  await until(
    () => cluster.get(0, path, { "cache-control": "only-if-cached" }),
    ({ status }) => status === 504,
    { withinMs: TTL_S * 1000 + 3000, everyMs: 50 },
  );
  await crowd(path);
  expect(cluster.site.requests(path)).toBe(2);
});
