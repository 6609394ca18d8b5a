// Commands that Redis is sent a request, counted by Redis itself: hits, misses, copies, expiries; pulls of the log apart.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../dev/cluster.ts";
import { freePort } from "../dev/ports.ts";
import { launchRedisServer, type RedisServer } from "../dev/redis/launch.ts";
import { type Command, type CountedRedis, type Counts, countCommands } from "./commands/counted-redis.ts";
import { createOutsideClient } from "./outside/exchange.ts";
import { startSystem, untilServing } from "./outside/start-system.ts";

export interface CommandsResult {
  readonly name: "commands";
  readonly requestsEach: number;
  readonly oneShard: Readonly<Record<string, PerRequest>>;
  readonly fourShards: Readonly<Record<string, PerRequest>>;
  readonly verdict: { readonly claim: string; readonly met: boolean; readonly above: readonly string[] };
}

/**
 * `total`: what the request itself sent; `pull` and `other`, the control plane's, come on top of that. `called`: what its
 * scripts have called beside that; `inside`, what one run of each script did.
 */
type PerRequest = Readonly<Partial<Record<Command | "total" | "called", number>>> & {
  readonly inside?: Readonly<Partial<Record<Command, number>>>;
};

interface Phase {
  readonly name: string;
  readonly path: "one" | "two" | "brief";
  readonly edge: number;
  /** What the claim allows. */
  readonly most: number;
  /** Something that has to happen first. */
  readonly first?: (stage: Stage) => Promise<void>;
}

interface Stage {
  readonly cluster: Cluster;
  readonly databases: readonly CountedRedis[];
  /** Tells the paths of one phase's keys from another's. */
  round: number;
}

const HOST = "bench.test";
const EDGES = 2;
const TTL_S = 2;
/** `hot` has two copies; with a budget, every miss takes a token. */
const POLICIES = [{ key_pattern: "/two/*", class: "hot" }];
const PROTECTION = { rate: 10_000, burst: 10_000, concurrency: null };
/** Fills and log pulls go on behind the answer. */
const BEHIND_MS = 250;

const anew = async (stage: Stage): Promise<void> => {
  stage.round += 1;
};
const settled = async (stage: Stage): Promise<void> => {
  stage.round += 1;
  for (const database of stage.databases) await database.settle();
};
const expired = (): Promise<void> => pause(TTL_S * 1000 + BEHIND_MS);

const PHASES: readonly Phase[] = [
  { name: "miss, two copies, map just changed", path: "two", edge: 0, most: 5, first: anew },
  { name: "miss, one copy", path: "one", edge: 0, most: 3, first: settled },
  { name: "hit in memory", path: "one", edge: 0, most: 0 },
  { name: "hit in L2", path: "one", edge: 1, most: 1 },
  { name: "miss, two copies", path: "two", edge: 0, most: 4, first: anew },
  { name: "hit in L2, two copies", path: "two", edge: 1, most: 1 },
  { name: "miss of what expires", path: "brief", edge: 0, most: 3, first: anew },
  { name: "expired, held by the edge", path: "brief", edge: 0, most: 3, first: expired },
  { name: "expired, held by L2 alone", path: "brief", edge: 1, most: 4, first: expired },
];

export async function benchCommands(quick: boolean): Promise<CommandsResult> {
  const requests = quick ? 20 : 100;
  const [oneShard, fourShards] = [await measure(1, requests), await measure(4, requests)];
  const above = Object.entries({ oneShard, fourShards }).flatMap(([shards, phases]) =>
    aboveIn(phases).map((name) => `${shards}: ${name}`),
  );
  const claim =
    "hit in memory 0, in L2 1; miss at most 3 and 1 a copy; 1 more while the map is new, or where L2 alone has what expired";
  return {
    ...{ name: "commands", requestsEach: requests, oneShard, fourShards },
    verdict: { claim, met: above.length === 0, above },
  };
}

/** Phases that cost more than the claim allows, or of which nothing was counted though they can't do without a command. */
export function aboveIn(phases: CommandsResult["oneShard"]): string[] {
  const isMet = ({ name, most }: Phase): boolean => {
    const total = phases[name]?.total ?? Number.NaN;
    return total <= most && (total > 0 || most === 0);
  };
  return PHASES.filter((phase) => !isMet(phase)).map(({ name }) => name);
}

async function measure(shards: number, requests: number): Promise<Record<string, PerRequest>> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const servers: RedisServer[] = [];
    for (let at = 0; at < shards; at++) {
      const server = await launchRedisServer({ port: await freePort(), dir: join(dir, `redis-${at}`) });
      stops.push(() => server.stop());
      servers.push(server);
    }
    const origin = await startOrigin();
    stops.push(() => origin.close());
    const cluster = await startSystem({
      ...{ dir, origin, edges: EDGES, policies: POLICIES, protection: PROTECTION },
      redis: { kind: "urls", urls: servers.map(({ port }) => `redis://127.0.0.1:${port}`) },
    });
    stops.push(() => cluster.stop());
    await untilServing(cluster, shards);
    const databases = await Promise.all(servers.map(({ port }) => countCommands(port)));
    stops.push(() => databases.forEach((database) => void database.close()));
    return await runPhases({ cluster, databases, round: 0 }, requests);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function startOrigin(): Promise<Server> {
  const server = createServer((request, response) => {
    const life = request.url?.startsWith("/brief/") ? TTL_S : 3600;
    response.writeHead(200, {
      "content-type": "text/plain",
      "cache-control": `max-age=${life}`,
      etag: '"one"',
    });
    response.end("content");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function runPhases(stage: Stage, requests: number): Promise<Record<string, PerRequest>> {
  // Edges compile, connect and learn the map: none of that is a request's.
  for (const edge of [0, 1]) await ask(stage, { edge, path: "two" }, requests);
  const results: Record<string, PerRequest> = {};
  for (const phase of PHASES) {
    await phase.first?.(stage);
    for (const database of stage.databases) await database.take();
    await ask(stage, phase, requests);
    await pause(BEHIND_MS);
    const counts = await Promise.all(stage.databases.map((database) => database.take()));
    const called = stage.databases.map((database) => database.called());
    results[phase.name] = perRequest({ counts, called }, requests);
  }
  return results;
}

/** One after the other, each for a key of its own. */
async function ask(
  { cluster, round }: Stage,
  { edge, path }: Pick<Phase, "edge" | "path">,
  requests: number,
): Promise<void> {
  const client = createOutsideClient({ edges: cluster.edges, host: HOST, deadlineMs: 5000 });
  for (let number = 0; number < requests; number++) {
    const url = `/${path}/${round}-${number}`;
    const { outcome } = await client.ask({ edge, path: url, scheduledAt: performance.now() });
    if (outcome.kind !== "answered" || outcome.status !== 200) throw new Error(`${url} could not be had`);
  }
  client.close();
}

const NOT_ITS_OWN: readonly Command[] = ["pull", "snapshot", "other"];

function perRequest(
  { counts, called }: { readonly counts: readonly Counts[]; readonly called: readonly Counts[] },
  requests: number,
): PerRequest {
  const [sent, inner] = [summed(counts), summed(called)];
  const own = (of: ReadonlyMap<Command, number>): number =>
    [...of].reduce((sum, [command, count]) => sum + (NOT_ITS_OWN.includes(command) ? 0 : count), 0);
  const each = [...sent].map(([command, count]) => [command, count / requests] as const);
  const inside = [...sent].flatMap(([command, count]) =>
    command === "other" ? [] : [[command, (inner.get(command) ?? 0) / count] as const],
  );
  return {
    ...{ total: own(sent) / requests, called: own(inner) / requests },
    ...Object.fromEntries(each),
    inside: Object.fromEntries(inside),
  };
}

function summed(counts: readonly Counts[]): ReadonlyMap<Command, number> {
  const sums = new Map<Command, number>();
  for (const [command, count] of counts.flatMap((one) => Object.entries(one) as [Command, number][]))
    sums.set(command, (sums.get(command) ?? 0) + count);
  return sums;
}
