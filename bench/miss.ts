// What a miss costs beyond asking the origin: an edge, a plain proxy and a Cache API worker before one origin, each path asked once.

import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOriginGateway } from "../dev/origin-gateway.ts";
import { requireSame } from "./hit/answer.ts";
import { OF_CACHES } from "./hit/compare.ts";
import { startOrigin } from "./hit/stage.ts";
import { median } from "./http-load.ts";
import { startSystem } from "./outside/start-system.ts";
import type { Peer } from "./peers/peer.ts";
import { startWorkers } from "./peers/worker.ts";
import { inTurns, latency, medianOf, perSecond, type Taken, taken } from "./rounds.ts";

export interface MissResult {
  readonly name: "miss";
  readonly rounds: number;
  readonly sides: readonly MissSide[];
  /** Of an edge over the plain proxy, medians of the rounds' own ratios. */
  readonly cpuOverProxy: number | null;
  /** What a request of an edge takes longer than the proxy's, one at a time: medians of the rounds' own differences. */
  readonly addedP50Ms: number;
}

export interface MissSide {
  readonly name: string;
  /** Sixteen at a time. */
  readonly perSecond: number;
  readonly cpuMicros: number | null;
  /** One at a time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Round {
  readonly alone: Taken;
  readonly busy: Taken;
}

interface Side {
  readonly peer: Peer;
  readonly name: string;
  /** What its paths begin with. */
  readonly folder: string;
  readonly rounds: Round[];
}

const CONNECTIONS = 16;
const HOT = "/hot";
/** Small answers of `hot` are kept in memory and in L2 alone: what is less then is what the local Cache API costs. */
const POLICIES = [{ key_pattern: `${HOT}/*`, class: "hot" }];
/** Until runtimes have compiled what a miss needs: these count for nothing. */
const WARM_REQUESTS = 500;

export async function benchMiss(quick: boolean): Promise<MissResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const origin = await startOrigin({ size: 1024 });
    stops.push(() => origin.close());
    const sides: Side[] = [];
    for (const start of startersOf(dir, origin, stops)) {
      const peer = await start();
      stops.push(() => peer.stop());
      sides.push({ peer, name: peer.name, folder: "/page", rounds: [] });
    }
    const [edge, ...others] = sides;
    if (edge === undefined) throw new Error("there is no edge");
    for (const { peer } of others) await requireSame(edge.peer.ports[0] ?? 0, peer.ports[0] ?? 0, OF_CACHES);
    sides.push({ ...edge, name: "edge, class hot", folder: HOT, rounds: [] });
    let fetched = 0;
    origin.on("request", () => {
      fetched += 1;
    });
    const before = asked;
    await measure(sides, quick ? { rounds: 3, roundMs: 800 } : { rounds: 11, roundMs: 2000 });
    // What nobody asked the origin for was no miss.
    if (fetched < asked - before) throw new Error(`of ${asked - before} misses the origin saw ${fetched}`);
    return resultOf(sides);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Edges reach local origins through a gateway: so do the others, through one like it. */
function startersOf(dir: string, origin: Server, stops: (() => unknown)[]): (() => Promise<Peer>)[] {
  const worker = async (name: string, script: string): Promise<Peer> => {
    const { port } = origin.address() as AddressInfo;
    const gateway = await startOriginGateway(new URL(`http://127.0.0.1:${port}`));
    stops.push(() => gateway.close());
    return startWorkers({ name, script, nodes: 1, origin: gateway.address, dir });
  };
  return [
    async () => {
      const { edges, stop } = await startSystem({ dir, origin, edges: 1, policies: POLICIES });
      const ports = edges.map(({ url }) => Number(new URL(url).port));
      return { name: "edge", ports, pids: () => edges.flatMap(({ pid }) => pid() ?? []), stop };
    },
    () => worker("plain proxy", "origin-proxy.js"),
    () => worker("Cache API worker", "filled-cache-api.js"),
  ];
}

async function measure(
  sides: readonly Side[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<void> {
  for (const side of sides)
    for (let warm = 0; warm < WARM_REQUESTS; ) warm += (await ask(side, CONNECTIONS, roundMs)).requests;
  await inTurns(sides, rounds, async (side) => {
    const alone = await ask(side, 1, roundMs / 2);
    side.rounds.push({ alone, busy: await ask(side, CONNECTIONS, roundMs) });
  });
}

let asked = 0;

function ask({ peer, folder }: Side, connections: number, durationMs: number): Promise<Taken> {
  const path = { each: (): string => `${folder}/${asked++}` };
  return taken(peer, { port: peer.ports[0] ?? 0, path, connections, durationMs });
}

function resultOf(sides: readonly Side[]): MissResult {
  const [edge, proxy] = sides;
  if (edge === undefined || proxy === undefined) throw new Error("nobody was measured");
  const pairs = edge.rounds.flatMap((ours, round) => {
    const theirs = proxy.rounds[round];
    return theirs === undefined ? [] : [{ ours, theirs }];
  });
  const cpuRatio = ({ ours, theirs }: (typeof pairs)[number]): number | null =>
    ours.busy.cpuMicros === null || theirs.busy.cpuMicros === null
      ? null
      : ours.busy.cpuMicros / theirs.busy.cpuMicros;
  const added = pairs.map(({ ours, theirs }) => latency(ours.alone, 0.5) - latency(theirs.alone, 0.5));
  return {
    name: "miss",
    rounds: edge.rounds.length,
    sides: sides.map(({ name, rounds }) => ({ name, ...figuresOf(rounds) })),
    cpuOverProxy: medianOf(pairs.map(cpuRatio)),
    addedP50Ms: median(added),
  };
}

const figuresOf = (rounds: readonly Round[]): Omit<MissSide, "name"> => ({
  perSecond: median(rounds.map(({ busy }) => perSecond(busy))),
  cpuMicros: medianOf(rounds.map(({ busy }) => busy.cpuMicros)),
  p50Ms: median(rounds.map(({ alone }) => latency(alone, 0.5))),
  p99Ms: median(rounds.map(({ alone }) => latency(alone, 0.99))),
});
