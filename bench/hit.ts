// A hit in L1 memory against a bare worker on the same runtime: same status, headers and body, alternating rounds.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../dev/redis/launch.ts";
import { supervise } from "../dev/supervise.ts";
import type { WorkerProcessConfig } from "../dev/worker-process.ts";
import { groupCpuSeconds } from "./cpu.ts";
import { load, median, quantile } from "./http-load.ts";
import { startSystem } from "./outside/start-system.ts";

export interface HitResult {
  readonly name: "hit";
  readonly rounds: number;
  /** Requests a second of the edge over those of the bare worker, medians. */
  readonly rateRatio: number;
  /** CPU a request of the bare worker over that of the edge, medians: 1 is the limit. */
  readonly cpuRatio: number | null;
  readonly edge: Side;
  readonly bare: Side;
}

export interface Side {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicros: number | null;
}

export interface Target {
  readonly port: number;
  readonly pid: number;
  readonly rounds: Round[];
}

interface Round {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicros: number | null;
}

const CONNECTIONS = 16;

export async function benchHit(quick: boolean): Promise<HitResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const origin = await startOrigin();
  const cluster = await startSystem({ dir, origin, edges: 1 });
  const bare = await startBare();
  try {
    const edge: Target = {
      port: Number(new URL(cluster.edges[0]?.url ?? "").port),
      pid: cluster.edges[0]?.pid() ?? 0,
      rounds: [],
    };
    const bareTarget: Target = { port: bare.port, pid: bare.process.pid() ?? 0, rounds: [] };
    await alternate([edge, bareTarget], { rounds: quick ? 3 : 11, roundMs: quick ? 1000 : 2000 });
    return compare(edge, bareTarget);
  } finally {
    await bare.process.stop();
    await cluster.stop();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

export function startOrigin(): Promise<Server> {
  const body = Buffer.alloc(1024, "a");
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      "content-type": "text/plain",
      "content-length": body.length,
      "cache-control": "public, max-age=3600",
      etag: '"one-kibibyte"',
    });
    response.end(body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function startBare() {
  const port = await freePort();
  const config: WorkerProcessConfig = {
    name: "bare",
    port,
    scriptPath: fileURLToPath(new URL("./workers/bare.js", import.meta.url)),
    bindings: {},
    origin: null,
    cacheDir: null,
    scratchDir: null,
    durableObjects: null,
  };
  const module = fileURLToPath(new URL("../dev/worker-process.ts", import.meta.url));
  const process = supervise({ name: "bare", module, configuration: config, restartAfterMs: 1000 });
  await process.ready;
  return { port, process };
}

export async function alternate(
  targets: readonly Target[],
  plan: { rounds: number; roundMs: number },
): Promise<void> {
  for (const target of targets)
    await load({ port: target.port, path: "/", connections: CONNECTIONS, durationMs: plan.roundMs });
  for (let round = 0; round < plan.rounds; round++) {
    // Who goes first changes every round, so that neither always runs on the warmer machine.
    const order = round % 2 === 0 ? targets : [...targets].reverse();
    for (const target of order) target.rounds.push(await oneRound(target, plan.roundMs));
  }
}

async function oneRound(target: Target, durationMs: number): Promise<Round> {
  const before = groupCpuSeconds(target.pid);
  const result = await load({ port: target.port, path: "/", connections: CONNECTIONS, durationMs });
  const after = groupCpuSeconds(target.pid);
  return {
    perSecond: result.requests / result.seconds,
    p50: quantile(result.latencies, 0.5),
    p99: quantile(result.latencies, 0.99),
    cpuMicros: before === null || after === null ? null : ((after - before) / result.requests) * 1e6,
  };
}

function compare(edge: Target, bare: Target): HitResult {
  const [ours, theirs] = [side(edge.rounds), side(bare.rounds)];
  return {
    name: "hit",
    rounds: edge.rounds.length,
    rateRatio: ours.perSecond / theirs.perSecond,
    cpuRatio: ours.cpuMicros === null || theirs.cpuMicros === null ? null : theirs.cpuMicros / ours.cpuMicros,
    edge: ours,
    bare: theirs,
  };
}

export function side(rounds: readonly Round[]): Side {
  const cpu = rounds.map((round) => round.cpuMicros).filter((value) => value !== null);
  return {
    perSecond: median(rounds.map((round) => round.perSecond)),
    p50Ms: median(rounds.map((round) => round.p50)),
    p99Ms: median(rounds.map((round) => round.p99)),
    cpuMicros: cpu.length === 0 ? null : median(cpu),
  };
}
