// A stampede beside others: 2000 clients ask four nodes for one key at the same moment, and the origin counts.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Answered } from "./crowd/client.ts";
import { type Crowd, gatherCrowd } from "./crowd/crowd.ts";
import { median, quantile } from "./http-load.ts";
import { startSystem } from "./outside/start-system.ts";
import { startNginx } from "./peers/nginx.ts";
import { type Absent, cpuSeconds, isAbsent, type Peer } from "./peers/peer.ts";
import { startVarnish } from "./peers/varnish.ts";
import { startWorkers } from "./peers/worker.ts";

export interface StampedeResult {
  readonly name: "stampede";
  readonly nodes: number;
  readonly clients: number;
  readonly originTakesMs: number;
  readonly rounds: number;
  readonly sides: readonly StampedeSide[];
  /** What this machine lacks. */
  readonly absent: readonly Absent[];
  readonly verdict: { readonly claim: string; readonly met: boolean };
}

export interface StampedeSide {
  readonly name: string;
  /** Held by nobody. */
  readonly cold: Stampede;
  /** Held by every node, and past its life. */
  readonly expired: Stampede;
}

export interface Stampede {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Counted at the origin. */
  readonly originRequestsByRound: readonly number[];
  /** Of all its nodes, a client: the median of the rounds. */
  readonly cpuMicros: number | null;
  /** Answers that were not 200 with all of the content. */
  readonly failed: number;
}

const KINDS = ["cold", "expired"] as const;
type Kind = (typeof KINDS)[number];

interface Side {
  readonly peer: Peer;
  readonly crowd: Crowd;
  readonly rounds: Readonly<Record<Kind, Round[]>>;
}

interface Round {
  readonly answers: readonly Answered[];
  readonly originRequests: number;
  readonly cpuMicros: number | null;
}

const NODES = 4;
const CLIENTS = 2000;
const ORIGIN_TAKES_MS = 100;
const BODY = Buffer.alloc(1024, "a");
const HOST = "bench.test";
const TTL_S = 2;
/** Behind the crowd's last answer: what is still on its way to the origin then is not the crowd's doing. */
const SETTLED_MS = 300;

export async function benchStampede(quick: boolean): Promise<StampedeResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const asked = new Map<string, number>();
    const origin = await startOrigin(asked);
    stops.push(() => {
      origin.closeAllConnections();
      origin.close();
    });
    const there: Side[] = [];
    const absent: Absent[] = [];
    for (const start of startersOf({ dir, origin })) {
      const peer = await start();
      if (isAbsent(peer)) {
        absent.push(peer);
        console.log(`${peer.name} is left out: ${peer.why}`);
        continue;
      }
      const crowd = gatherCrowd({ ports: peer.ports, host: HOST, connections: CLIENTS });
      stops.push(async () => {
        await crowd.close();
        await peer.stop();
      });
      there.push({ peer, crowd, rounds: { cold: [], expired: [] } });
    }
    await measure(there, asked, quick ? 1 : 5);
    return resultOf(there, absent);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function startersOf({ dir, origin }: { dir: string; origin: Server }): (() => Promise<Peer | Absent>)[] {
  const address = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const nodes = { nodes: NODES, origin: address, dir };
  return [
    async () => {
      const { edges, stop } = await startSystem({ dir, origin, edges: NODES });
      const ports = edges.map(({ url }) => Number(new URL(url).port));
      return { name: "Tidegate", ports, pids: () => edges.flatMap(({ pid }) => pid() ?? []), stop };
    },
    () => startWorkers({ ...nodes, name: "Cache API worker", script: "filled-cache-api.js" }),
    () => startWorkers({ ...nodes, name: "Hono's cache middleware", script: "filled-hono-cache.js" }),
    () => startNginx({ ...nodes, name: "nginx", lock: false }),
    () => startNginx({ ...nodes, name: "nginx, proxy_cache_lock", lock: true }),
    () => startVarnish({ ...nodes, name: "Varnish" }),
  ];
}

function startOrigin(asked: Map<string, number>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const life = path.startsWith("/expired/") ? TTL_S : 3600;
    const headers = { "content-length": BODY.length, "cache-control": `public, max-age=${life}` };
    setTimeout(() => response.writeHead(200, headers).end(BODY), ORIGIN_TAKES_MS);
  });
  return new Promise((resolve) =>
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => resolve(server)),
  );
}

async function measure(
  sides: readonly Side[],
  asked: ReadonlyMap<string, number>,
  rounds: number,
): Promise<void> {
  // A first round in which runtimes compile, and which counts for nothing.
  for (let round = 0; round <= rounds; round++) {
    const pathOf = (kind: Kind, at: number): string => `/${kind}/${at}-${round}`;
    await Promise.all(sides.map(({ peer }, at) => askEveryNode(peer, pathOf("expired", at))));
    await pause(TTL_S * 1000 + SETTLED_MS);
    for (const at of sides.keys())
      for (const kind of round === 0 ? (["cold"] as const) : KINDS) {
        // Who goes first changes every round, so that none always comes upon the same state of the machine.
        const number = (at + round) % sides.length;
        const side = sides[number];
        if (side === undefined) continue;
        const one = await oneStampede(side, asked, pathOf(kind, number));
        if (round > 0) side.rounds[kind].push(one);
      }
  }
}

/** So that each holds it. */
async function askEveryNode({ name, ports }: Peer, path: string): Promise<void> {
  for (const port of ports) {
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { host: HOST };
      get({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode ?? 0));
      }).once("error", reject);
    });
    if (status !== 200) throw new Error(`${name} answered ${path} with ${status}`);
  }
}

async function oneStampede(side: Side, asked: ReadonlyMap<string, number>, path: string): Promise<Round> {
  const { peer, crowd } = side;
  const [askedBefore, cpuBefore] = [asked.get(path) ?? 0, cpuSeconds(peer)];
  const answers = await crowd.ask(path);
  const cpu = cpuSeconds(peer);
  await pause(SETTLED_MS);
  const originRequests = (asked.get(path) ?? 0) - askedBefore;
  const cpuMicros = cpu === null || cpuBefore === null ? null : ((cpu - cpuBefore) / CLIENTS) * 1e6;
  return { answers, originRequests, cpuMicros };
}

function resultOf(sides: readonly Side[], absent: readonly Absent[]): StampedeResult {
  const [own] = sides;
  if (own === undefined) throw new Error("nobody was measured");
  const once = KINDS.every((kind) => own.rounds[kind].every(({ originRequests }) => originRequests === 1));
  const whole = KINDS.every((kind) => figuresOf(own.rounds[kind]).failed === 0);
  return {
    ...{ name: "stampede", nodes: NODES, clients: CLIENTS, originTakesMs: ORIGIN_TAKES_MS },
    rounds: own.rounds.cold.length,
    sides: sides.map(({ peer: { name }, rounds }) => ({
      name,
      cold: figuresOf(rounds.cold),
      expired: figuresOf(rounds.expired),
    })),
    absent,
    verdict: {
      claim: `Tidegate: 1 origin request a stampede of ${CLIENTS} clients over ${NODES} edges, cold and expired, and no client fails`,
      met: once && whole,
    },
  };
}

function figuresOf(rounds: readonly Round[]): Stampede {
  const answers = rounds.flatMap((round) => round.answers);
  const ascending = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const cpu = rounds.flatMap(({ cpuMicros }) => cpuMicros ?? []);
  return {
    p50Ms: quantile(ascending, 0.5),
    p99Ms: quantile(ascending, 0.99),
    originRequestsByRound: rounds.map(({ originRequests }) => originRequests),
    cpuMicros: cpu.length === 0 ? null : median(cpu),
    failed: answers.filter(({ status, length }) => status !== 200 || length !== BODY.length).length,
  };
}
