// Growth with the number of edges: what a purge takes until all have it, and what it costs the control plane and Redis.

import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../../dev/cluster.ts";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer } from "../../dev/redis/launch.ts";
import { countCommands } from "../commands/counted-redis.ts";
import { groupCpuSeconds } from "../cpu.ts";
import { startSystem } from "../outside/start-system.ts";
import { startTraffic } from "../outside/traffic.ts";
import { type Spread, spread } from "../spread.ts";

export interface EdgesGrowth {
  readonly edges: number;
  readonly purges: number;
  /** From sending a purge until it is answered that all edges have applied it. */
  readonly convergedMs: Spread;
  /** Of the control plane, a purge, beyond what it takes without one; null where that can't be told. */
  readonly controlCpuMs: number | null;
  /** Of one edge that is asked five times a second. */
  readonly pullsPerSecond: number;
}

const TOKEN = "a-token-for-the-bench";
const HOST = "bench.test";
const PER_EDGE = 5;
const GAP_MS = 200;

export async function measureEdges(dir: string, edges: number, purges: number): Promise<EdgesGrowth> {
  const own = join(dir, `edges-${edges}`);
  mkdirSync(own);
  const stops: (() => unknown)[] = [];
  try {
    const server = await launchRedisServer({ port: await freePort(), dir: join(own, "redis") });
    stops.push(() => server.stop());
    const origin = createServer((_request, response) => {
      response.writeHead(200, { "cache-control": "max-age=3600" }).end("content");
    });
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    stops.push(() => origin.close());
    const redis = { kind: "urls", urls: [`redis://127.0.0.1:${server.port}`] } as const;
    const cluster = await startSystem({ dir: own, origin, edges, token: TOKEN, redis });
    stops.push(() => cluster.stop());
    const perSecond = PER_EDGE * edges;
    const plan = { edges: cluster.edges, host: HOST, perSecond, deadlineMs: 5000 };
    const traffic = startTraffic({ ...plan, pathOf: () => "/page" });
    stops.push(() => traffic.stop());
    const counted = await countCommands(server.port);
    stops.push(() => counted.close());
    return { edges, purges, ...(await measure(cluster, { counted, purges })) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

type Counted = Awaited<ReturnType<typeof countCommands>>;

async function measure(
  cluster: Cluster,
  { counted, purges }: { counted: Counted; purges: number },
): Promise<Omit<EdgesGrowth, "edges" | "purges">> {
  const control = (): number | null => groupCpuSeconds(cluster.controlPid() ?? 0);
  for (let warm = 0; warm < 3; warm++) await purge(cluster);
  await counted.take();
  const [idleAt, idleCpu] = [performance.now(), control()];
  await pause(purges * GAP_MS);
  const idleMs = performance.now() - idleAt;
  const [busyAt, busyCpu] = [performance.now(), control()];
  const { pull = 0 } = await counted.take();
  const converged: number[] = [];
  for (let number = 0; number < purges; number++) {
    converged.push(await purge(cluster));
    await pause(GAP_MS);
  }
  const busyMs = performance.now() - busyAt;
  const after = control();
  const told = idleCpu !== null && busyCpu !== null && after !== null;
  const idle = told ? ((busyCpu - idleCpu) / idleMs) * busyMs : 0;
  return {
    convergedMs: spread(converged),
    controlCpuMs: told ? (Math.max(0, after - busyCpu - idle) * 1000) / purges : null,
    pullsPerSecond: (pull * 1000) / idleMs / cluster.edges.length,
  };
}

async function purge({ control }: Cluster): Promise<number> {
  const sentAt = performance.now();
  const answer = await fetch(`${control}/invalidate`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ urls: [`http://${HOST}/other`], wait: true, timeoutMs: 10_000 }),
  });
  await answer.text();
  if (answer.status !== 200) throw new Error(`a purge was answered with ${answer.status}`);
  return performance.now() - sentAt;
}
