// The simulation held against a cluster: edges in real runtimes, and the pulls that Redis counts of them.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer } from "../../dev/redis/launch.ts";
import { millis } from "../../shared/core/units.ts";
import { countCommands } from "../commands/counted-redis.ts";
import { createOutsideClient } from "../outside/exchange.ts";
import { startSystem } from "../outside/start-system.ts";
import { Chance } from "./chance.ts";
import { simulateDataCentre } from "./data-centre.ts";

export interface Verified {
  readonly edges: number;
  readonly requestsPerSecond: number;
  readonly windowMs: number;
  readonly seconds: number;
  readonly measured: number;
  readonly predicted: number;
  /** Of what was measured. */
  readonly errorShare: number;
  /** Octets that Redis is sent a pull. */
  readonly bytesIn: number;
}

const HOST = "bench.test";
const EDGES = 4;
const WINDOW_S = 2;
/** Of all edges. */
const PER_SECOND = 6;
const POLICIES = [{ key_pattern: "/*", class: "hot", window_ms: WINDOW_S * 1000, ttl: "1h" }];
/** A pull through the local gateway. */
const ROUND_TRIP_MS = 8;

export async function verify(seconds: number): Promise<Verified> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const server = await launchRedisServer({ port: await freePort(), dir: join(dir, "redis") });
    stops.push(() => server.stop());
    const origin = await startOrigin();
    stops.push(() => origin.close());
    const cluster = await startSystem({
      ...{ dir, origin, edges: EDGES, policies: POLICIES },
      redis: { kind: "urls", urls: [`redis://127.0.0.1:${server.port}`] },
    });
    stops.push(() => cluster.stop());
    const leader = cluster.controlPid();
    if (leader === null) throw new Error("the control plane does not run");
    // Isolates that can't be addressed have no beat: theirs stands still meanwhile.
    process.kill(-leader, "SIGSTOP");
    stops.push(() => process.kill(-leader, "SIGCONT"));
    const counted = await count(cluster.edges, server.port, seconds);
    return { ...counted, ...predicted(seconds, counted.measured) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const OF = { edges: EDGES, requestsPerSecond: PER_SECOND, windowMs: WINDOW_S * 1000 };

function predicted(seconds: number, measured: number): Pick<Verified, "predicted" | "errorShare"> {
  // Each edge is a data centre with one isolate; long, so that it is the average.
  const long = 2000;
  const { pulls } = simulateDataCentre({
    ...{ isolates: EDGES, rate: PER_SECOND, window: millis(WINDOW_S * 1000), shares: false },
    ...{ roundTrip: ROUND_TRIP_MS, look: 0, visibleAfter: 0, life: Number.POSITIVE_INFINITY },
    ...{ duration: long * 1000, seed: "verify" },
  });
  const expected = (pulls * seconds) / long;
  return { predicted: Math.round(expected), errorShare: (expected - measured) / measured };
}

async function count(
  edges: readonly { readonly url: string }[],
  port: number,
  seconds: number,
): Promise<Omit<Verified, "predicted" | "errorShare">> {
  const client = createOutsideClient({ edges, host: HOST, deadlineMs: 5000 });
  const ask = async (edge: number): Promise<void> => {
    const { outcome } = await client.ask({ edge, path: "/page", scheduledAt: performance.now() });
    if (outcome.kind !== "answered" || outcome.status !== 200) throw new Error("an edge did not answer");
  };
  for (let edge = 0; edge < EDGES; edge++) await ask(edge);
  await pause(WINDOW_S * 1000);
  const redis = new Redis({ port, host: "127.0.0.1" });
  const counter = await countCommands(port);
  await counter.take();
  const before = await bytesIn(redis);
  await poisson(seconds, ask);
  const counts = await counter.take();
  const bytes = (await bytesIn(redis)) - before;
  counter.close();
  redis.disconnect();
  client.close();
  const measured = counts.pull ?? 0;
  const others = Object.entries(counts).flatMap(([name, many]) => (name === "pull" ? [] : [many]));
  const all = measured + others.reduce((sum, many) => sum + many, 0);
  return { ...OF, seconds, measured, bytesIn: Math.round(bytes / all) };
}

/** Requests at random, so many a second, each to any of the edges. */
async function poisson(seconds: number, ask: (edge: number) => Promise<void>): Promise<void> {
  const chance = new Chance("poisson");
  const asked: Promise<void>[] = [];
  const from = performance.now();
  for (let at = chance.wait(PER_SECOND); at < seconds; at += chance.wait(PER_SECOND)) {
    await pause(Math.max(0, from + at * 1000 - performance.now()));
    asked.push(ask(Math.floor(chance.unit() * EDGES)));
  }
  await Promise.all(asked);
}

async function bytesIn(redis: Redis): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(await redis.info("stats"))?.[1] ?? 0);
}

function startOrigin(): Promise<Server> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/plain", "cache-control": "max-age=3600" });
    response.end("content");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
