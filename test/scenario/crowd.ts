// A crowd over three edges costs the origin one request an expiry, and each request costs Redis what the docs say.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type CountedRedis, countCommands } from "../../bench/commands/counted-redis.ts";
import { LIMITS } from "../../edge/config.ts";
import { until } from "../support/http.ts";
import { undisturbed } from "../support/undisturbed.ts";
import type { ShardedCluster } from "./shards.ts";

const CROWD = 200;
const TTL_S = 2;
const PAGE = "x".repeat(1024);

/** Declares the tests, on edges with several shards. */
export function crowd(stage: () => ShardedCluster): void {
  let cluster: ShardedCluster;
  const databases: CountedRedis[] = [];

  beforeAll(async () => {
    cluster = stage();
    const page = (seconds: number) => ({ headers: { "cache-control": `max-age=${seconds}` }, body: PAGE });
    cluster.site.setBelow("/brief/", () => page(TTL_S));
    for (const below of ["/warm/", "/one/", "/hot/"]) cluster.site.setBelow(below, () => page(600));
    const { ports } = cluster.servers;
    await until(
      async () => (await cluster.call("GET", "/shards")).text.split('"serving"').length - 1,
      (serving) => serving === ports.length,
      { withinMs: 30_000, everyMs: 100 },
    );
    for (const port of ports) databases.push(await countCommands(port));
  }, 60_000);
  afterAll(() => {
    for (const database of databases) database.close();
  });

  /** What the requests themselves have cost since the last time. */
  async function commands(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const { take } of databases)
      for (const [name, count] of Object.entries(await take()))
        if (!["pull", "snapshot", "other"].includes(name)) sums[name] = (sums[name] ?? 0) + count;
    return sums;
  }

  const askAll = async (edge: number, path: string): Promise<void> => {
    for (let n = 0; n < 8; n++) expect((await cluster.get(edge, `${path}${n}`)).status).toBe(200);
  };

  /** The same until so much has been filled behind the answers, or for too long. */
  async function commandsWith(fills: number): Promise<Record<string, number>> {
    const so: Record<string, number> = {};
    return until(
      async () => {
        for (const [name, count] of Object.entries(await commands())) so[name] = (so[name] ?? 0) + count;
        return so;
      },
      ({ fill = 0 }) => fill >= fills,
      { withinMs: 5000, everyMs: 50 },
    ).catch(() => so);
  }

  /** Of forty at once some replies are late, and leases that may have been granted by them are given back, twice. */
  async function nothingComes(): Promise<void> {
    let looks = 0;
    await until(
      async () => {
        looks += 1;
        return commands();
      },
      (come) => looks > 1 && Object.keys(come).length === 0,
      { withinMs: 20_000, everyMs: 1.5 * LIMITS.l2ReadDeadline },
    );
  }

  test("a miss costs two commands and one for each copy, a hit in L2 one, a hit in memory none", async () => {
    // The first keys tell the edge what the shards' clocks show: so many that each shard has some.
    await Promise.all(Array.from({ length: 40 }, (_, n) => cluster.get(0, `/warm/${n}`)));
    await commandsWith(40);
    const cost = await undisturbed(cluster, async (round) => {
      await nothingComes();
      for (const database of databases) await database.settle();
      const [one, hot] = [`/one/${round}/`, `/hot/${round}/`];
      await askAll(0, one);
      const misses = await commandsWith(8);
      await askAll(0, hot);
      const missesOfTwo = await commandsWith(16);
      for (const below of [one, hot]) await askAll(0, below);
      const inMemory = await commandsWith(0);
      for (const below of [one, hot]) await askAll(1, below);
      return { misses, missesOfTwo, inMemory, inL2: await commandsWith(0) };
    });
    expect(cost).toEqual({
      misses: { read: 8, fill: 8 },
      missesOfTwo: { read: 8, fill: 16 },
      inMemory: {},
      inL2: { read: 16 },
    });
  }, 120_000);

  async function ask(path: string): Promise<void> {
    const numbers = Array.from({ length: CROWD }, (_, number) => number);
    const answers = await Promise.all(
      numbers.map((number) => cluster.get(number % cluster.edges.length, path)),
    );
    for (const { status, text } of answers) expect({ status, text }).toEqual({ status: 200, text: PAGE });
  }

  test("a crowd on a key that nobody holds, and on one that has expired, costs one origin request each", async () => {
    const requests = await undisturbed(cluster, async (round) => {
      const path = `/brief/${round}`;
      await ask(path);
      const first = cluster.site.requests(path);
      await until(
        () => cluster.get(0, path, { "cache-control": "only-if-cached" }),
        ({ status }) => status === 504,
        { withinMs: TTL_S * 1000 + 3000, everyMs: 50 },
      );
      await ask(path);
      return [first, cluster.site.requests(path)];
    });
    expect(requests).toEqual([1, 2]);
  }, 60_000);
}
