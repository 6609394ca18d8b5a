// Four shards under Zipf traffic: one is killed and stays away, comes back empty, and nobody outside notices.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Exchange } from "../../bench/outside/exchange.ts";
import { startTraffic, type Traffic } from "../../bench/outside/traffic.ts";
import { zipfPicker } from "../../bench/outside/zipf.ts";
import { freePort, launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";
import { SITE_HOST, startTestCluster, type TestCluster } from "../support/cluster.ts";
import { until } from "../support/http.ts";

const SHARDS = 4;
const PATHS = Array.from({ length: 400 }, (_, n) => `/hot/${n}`);
const PER_SECOND = 200;
/** Short, so that the edges' own memory can't answer for the shards. */
const TTL_S = 5;
const KILLED = 2;

const dir = mkdtempSync(join(tmpdir(), "tidegate-shards-"));
const servers: (RedisServer | null)[] = [];
const ports: number[] = [];
let cluster: TestCluster;
let traffic: Traffic;

const launch = async (at: number, life: string): Promise<RedisServer> =>
  launchRedisServer({ port: ports[at] ?? 0, dir: join(dir, `${at}-${life}`) });

beforeAll(async () => {
  for (let at = 0; at < SHARDS; at++) {
    ports.push(await freePort());
    servers.push(await launch(at, "first"));
  }
  cluster = await startTestCluster({
    redis: { kind: "urls", urls: ports.map((port) => `redis://127.0.0.1:${port}`) },
    policies: [{ key_pattern: "/hot/*", class: "hot", ttl: TTL_S, ttl_mode: "override", window_ms: 5000 }],
  });
  cluster.site.setBelow("/hot/", (request) => ({ body: `content of ${request.url}` }));
  traffic = startTraffic({
    edges: cluster.edges,
    host: SITE_HOST,
    perSecond: PER_SECOND,
    deadlineMs: 5000,
    pathOf: zipfPicker(PATHS, 7),
  });
}, 60_000);
afterAll(async () => {
  await traffic?.stop();
  await cluster?.stop();
  for (const server of servers) await server?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const statesOf = async (): Promise<Record<string, string>> => {
  const { json } = await cluster.call("GET", "/cache-metrics?window=10s");
  return Object.fromEntries(json.shards.map(({ id, state }: { id: string; state: string }) => [id, state]));
};

const isHit = ({ outcome }: Exchange): boolean =>
  outcome.kind === "answered" && outcome.status === 200 && /; hit/.test(outcome.cacheStatus);

/** Of what was asked since an instant of the client's clock. */
function ratioSince(from: number, to = Number.POSITIVE_INFINITY): { ratio: number; of: number } {
  const asked = traffic.exchanges.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  return { ratio: asked.filter(isHit).length / Math.max(1, asked.length), of: asked.length };
}

/** Resolves with the ratio of the last second as soon as it is that much. */
const reaches = (least: number, withinMs: number) =>
  until(
    async () => ratioSince(performance.now() - 1000),
    ({ ratio, of }) => of > PER_SECOND / 2 && ratio >= least,
    { withinMs, everyMs: 100 },
  );

const everyOne = (state: string) =>
  until(statesOf, (states) => Object.values(states).filter((one) => one === state).length === SHARDS, {
    withinMs: 40_000,
    everyMs: 250,
  });

test("a shard that is killed costs no client an error, and its keys are at hand again at once", async () => {
  await everyOne("serving");
  await until(
    async () => traffic.exchanges.length,
    (sent) => sent > 6 * PER_SECOND,
    { withinMs: 20_000, everyMs: 200 },
  );
  const before = ratioSince(performance.now() - 2000).ratio;
  const killedAt = performance.now();
  servers[KILLED]?.process.kill("SIGKILL");
  servers[KILLED] = null;
  await until(statesOf, (states) => states[`shard-${KILLED + 1}`] === "down", {
    withinMs: 15_000,
    everyMs: 200,
  });
  const downAt = performance.now();
  await reaches(0.95 * before, 20_000);
  const recoveredAt = performance.now();
  const during = ratioSince(killedAt, recoveredAt).ratio;
  console.log({
    before,
    during,
    noticedMs: Math.round(downAt - killedAt),
    recoveredMs: Math.round(recoveredAt - killedAt),
  });

  const backAt = performance.now();
  servers[KILLED] = await launch(KILLED, "second");
  await everyOne("serving");
  const servesAt = performance.now();
  await until(
    async () => performance.now(),
    (now) => now > servesAt + 3000,
    { withinMs: 6000, everyMs: 100 },
  );
  const seconds: number[] = [];
  for (let from = backAt; from + 1000 < performance.now(); from += 1000)
    seconds.push(ratioSince(from, from + 1000).ratio);
  console.log({ backMs: Math.round(servesAt - backAt), worst: Math.min(...seconds), seconds });
  expect(Math.min(...seconds)).toBeGreaterThan(0.9 * before);

  const failures = traffic.exchanges.filter(
    ({ outcome }) => outcome.kind !== "answered" || outcome.status !== 200,
  );
  console.log(
    failures.map(({ sentAt, edge, path }) => [
      edge,
      path,
      Math.round(sentAt - killedAt),
      Math.round(sentAt - backAt),
    ]),
  );
  expect(failures).toEqual([]);
}, 120_000);
