// Growth in running systems: a hit in the memory of an edge that has little, and of one that has much of everything.

import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import type { Cluster } from "../../dev/cluster.ts";
import { load, median } from "../http-load.ts";
import { startSystem } from "../outside/start-system.ts";
import type { Peer } from "../peers/peer.ts";
import { inTurns, medianOf, perSecond, type Taken, taken } from "../rounds.ts";

export interface LiveGrowth {
  readonly little: LiveSize;
  readonly much: LiveSize;
  readonly sides: readonly LiveSide[];
}

export interface LiveSize {
  readonly policies: number;
  readonly purged: number;
  readonly keys: number;
}

export interface LiveSide {
  readonly name: string;
  readonly cpuMicros: number | null;
  readonly perSecond: number;
}

interface Side {
  readonly name: string;
  readonly peer: Peer;
  readonly path: string;
  readonly rounds: Taken[];
}

const HOST = "bench.test";
const TOKEN = "a-token-for-the-bench";
const BODY = Buffer.alloc(1024, "a");
const MOST_TAGS = 128;
const FEW = "/section-5/few";
const MANY = "/section-5/many";
const CONNECTIONS = 16;
/** Of one call, as many as the control plane takes. */
const PURGED_AT_ONCE = 1000;
const LITTLE: LiveSize = { policies: 10, purged: 0, keys: 1 };

export async function measureLive(dir: string, quick: boolean): Promise<LiveGrowth> {
  const much: LiveSize = { policies: 1000, purged: quick ? 10_000 : 50_000, keys: quick ? 300 : 3000 };
  const origin = await startOrigin();
  const stops: (() => unknown)[] = [() => origin.close()];
  try {
    const start = async (name: string, { policies }: LiveSize): Promise<Cluster> => {
      mkdirSync(join(dir, name));
      const rows = Array.from({ length: policies }, (_, n) => ({
        ...{ key_pattern: `/section-${n}/*`, class: "hot" },
      }));
      const own = { dir: join(dir, name), origin, edges: 1, token: TOKEN, policies: rows };
      const cluster = await startSystem(own);
      stops.push(() => cluster.stop());
      return cluster;
    };
    const small = peerOf("little", await start("little", LITTLE));
    const cluster = await start("much", much);
    const large = peerOf("much", cluster);
    await fill(cluster, large, much);
    const side = (name: string, peer: Peer, path: string): Side => ({ name, peer, path, rounds: [] });
    const sides = [
      side("little of everything", small, FEW),
      side("much of everything", large, FEW),
      side(`the same, and ${MOST_TAGS} tags on the answer`, large, MANY),
    ];
    await measure(sides, quick ? { rounds: 3, roundMs: 800 } : { rounds: 11, roundMs: 2000 });
    return { little: LITTLE, much, sides: sides.map(figuresOf) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function startOrigin(): Promise<Server> {
  const tags = Array.from({ length: MOST_TAGS }, (_, n) => `tag-${n}`).join(",");
  const server = createServer((request, response) => {
    const headers = { "content-length": BODY.length, "cache-control": "max-age=3600" };
    response.writeHead(200, request.url === MANY ? { ...headers, "cache-tag": tags } : headers).end(BODY);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const peerOf = (name: string, { edges, stop }: Cluster): Peer => ({
  ...{ name, stop, ports: edges.map(({ url }) => Number(new URL(url).port)) },
  pids: () => edges.flatMap(({ pid }) => pid() ?? []),
});

/** Keys in memory, and selectors in the view, none of which is of what is asked for afterwards. */
async function fill(cluster: Cluster, { ports }: Peer, { purged, keys }: LiveSize): Promise<void> {
  let asked = 0;
  const path = { each: (): string => `/section-6/${asked++}` };
  while (asked < keys) await load({ port: ports[0] ?? 0, path, connections: CONNECTIONS, durationMs: 500 });
  for (let from = 0; from < purged; from += PURGED_AT_ONCE) {
    const urls = Array.from({ length: PURGED_AT_ONCE }, (_, n) => `http://${HOST}/purged/${from + n}`);
    const answer = await fetch(`${cluster.control}/invalidate`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ urls, wait: true, timeoutMs: 10_000 }),
    });
    await answer.text();
    if (answer.status !== 200 && answer.status !== 202)
      throw new Error(`a purge was answered with ${answer.status}`);
  }
}

async function measure(
  sides: readonly Side[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<void> {
  const ask = ({ peer, path }: Side): Promise<Taken> =>
    taken(peer, { port: peer.ports[0] ?? 0, path, connections: CONNECTIONS, durationMs: roundMs });
  for (const side of sides) await ask(side);
  await inTurns(sides, rounds, async (side) => {
    side.rounds.push(await ask(side));
  });
}

const figuresOf = ({ name, rounds }: Side): LiveSide => ({
  name,
  cpuMicros: medianOf(rounds.map(({ cpuMicros }) => cpuMicros)),
  perSecond: median(rounds.map(perSecond)),
});
