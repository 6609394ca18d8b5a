// A whole system on this machine: mid-tier, origin, control plane and edges, each in a process of its own.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepareGround } from "./chaos/ground.ts";
import { holdDataDirectory } from "./data-directory.ts";
import type { LocalDatabase } from "./databases.ts";
import { startKeptDemoOrigin } from "./demo-origin/kept-place.ts";
import { startSameHomes } from "./journal-homes.ts";
import { namedOrigins } from "./named-origins.ts";
import { type Network, type Told, tell } from "./network.ts";
import type { StartOptions } from "./options.ts";
import { startOriginGateway } from "./origin-gateway.ts";
import { policyRows } from "./policies.ts";
import { requireFreePorts } from "./ports.ts";
import { shareOf } from "./protection.ts";
import { untilReady } from "./readiness.ts";
import { keepSecret, keptSecret } from "./secrets.ts";
import type { Supervised } from "./supervise.ts";
import { announceEdges, type Bundles, startControl, startEdge, writeBundles } from "./workers.ts";

export interface Cluster {
  /** Whether the mid-tier could be reached; without it the edges serve from the origin until it can. */
  readonly ready: boolean;
  readonly origin: string;
  readonly control: string;
  /** The leader of the control plane's process group; null while it is being started again. */
  controlPid(): number | null;
  readonly edges: readonly ClusterEdge[];
  readonly tokenFile: string;
  readonly token: string;
  /** The database named `control`. */
  readonly redis: LocalDatabase;
  /** The databases beside it. */
  readonly shards: readonly (LocalDatabase & { readonly id: string })[];
  /** Where the agent that breaks things listens; null where nothing may be broken. */
  readonly chaosAgent: string | null;
  chaosAgentPid(): number | null;
  stop(): Promise<void>;
}

export interface ClusterEdge {
  readonly id: string;
  readonly url: string;
  pid(): number | null;
}

const HOST = "127.0.0.1";

/** Everything that was started so far, in order; ended in the reverse one. */
type Stops = (() => Promise<void>)[];

/** Where the workers' bundles are, for a cluster with its data in a directory. */
export type Bundling = (data: string) => Promise<Bundles>;

/** With a network, workers find the others where it says: it is asked before they start. */
export async function startCluster(
  options: StartOptions,
  network: Network | null = null,
  bundling: Bundling = writeBundles,
): Promise<Cluster> {
  const rows = policyRows(options.policies, options.origin === null);
  const edgePorts = Array.from({ length: options.edges }, (_, i) => options.edgePort + i);
  await requireFreePorts([
    { port: options.controlPort, flag: "--control-port" },
    ...edgePorts.map((port) => ({ port, flag: "--edge-port" })),
  ]);
  const { dir: data, release } = holdDataDirectory(options.data);
  // Runtimes that are killed leave their temporary files behind: here the next run clears them away.
  const scratch = join(data, "tmp");
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  const stops: Stops = [async () => release()];
  try {
    return await startAll(options, { data, rows, edgePorts, stops, network, bundling });
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function stopAll(stops: Stops): Promise<void> {
  // Workers end together; what they depend on comes after them.
  for (const stop of stops.reverse()) await stop();
}

interface Plan {
  readonly data: string;
  readonly rows: readonly unknown[];
  readonly edgePorts: readonly number[];
  readonly stops: Stops;
  readonly network: Network | null;
  readonly bundling: Bundling;
}

async function startAll(options: StartOptions, plan: Plan): Promise<Cluster> {
  const { data, stops } = plan;
  const token =
    options.token === null ? keptSecret(data, "admin-token") : keepSecret(data, "admin-token", options.token);
  const origin = await startOrigin(options, plan);
  const reach = options.privateOrigins ?? "loopback";
  const ground = options.chaos === true ? await prepareGround(plan.network) : null;
  if (ground !== null) stops.push(() => ground.close());
  const gateway = await startOriginGateway(origin, namedOrigins(keptSecret(data, "origin-key"), reach));
  stops.push(() => gateway.close());
  const [redis, ...others] = await startSameHomes(options.redis, { data, stops });
  const shards = others.map((database, at) => ({ ...database, id: `shard-${at + 2}` as const }));
  const control = `http://${HOST}:${options.controlPort}`;
  const edges = plan.edgePorts.map((port, index) => ({
    id: `edge-${index + 1}` as const,
    url: `http://${HOST}:${port}`,
    port,
  }));
  const places = { midTier: redis.url, shards, origin: `http://${gateway.address}`, edges };
  const told = await tell(ground?.network ?? plan.network, places);
  const chaosAgent = ground?.agent ?? null;
  const given = { control, token, origin, redis, told, chaosAgent };
  const { pidOf, controlPid, running } = await startWorkers(options, plan, given);
  const ready = await untilReady(control, { token, edges: edges.length });
  stops.push(async () => ground?.end());
  await ground?.begin({
    ...{ data, control, token, clusterKey: keptSecret(data, "cluster-key") },
    edges: edges.flatMap(({ id, url }) => {
      const process = running.get(id);
      return process === undefined ? [] : [{ id, url, process }];
    }),
    databases: [{ ...redis, id: "control" }, ...shards],
    databasesAreGiven: options.redis.kind === "urls",
  });
  return {
    ready,
    origin: origin.href,
    ...{ control, controlPid },
    edges: edges.map(({ id, url }) => ({ id, url, pid: () => pidOf(id) })),
    tokenFile: join(data, "admin-token"),
    token,
    redis,
    shards,
    chaosAgent,
    chaosAgentPid: () => ground?.pid() ?? null,
    stop: () => stopAll(stops),
  };
}

interface Workers {
  readonly running: ReadonlyMap<string, Supervised>;
  pidOf(edge: string): number | null;
  controlPid(): number | null;
}

async function startWorkers(
  options: StartOptions,
  plan: Plan,
  given: {
    control: string;
    token: string;
    origin: URL;
    redis: LocalDatabase;
    told: Told;
    chaosAgent: string | null;
  },
): Promise<Workers> {
  const { data, rows, edgePorts, stops } = plan;
  const { control, token, origin, redis, told, chaosAgent } = given;
  const clusterKey = keptSecret(data, "cluster-key");
  const running = new Map<string, Supervised>();
  const pidOf = (id: string): number | null => running.get(id)?.pid() ?? null;
  const announce = (): Promise<void> =>
    announceEdges(
      control,
      clusterKey,
      told.control.edges.map((edge) => ({ ...edge, pid: pidOf(edge.id) })),
    );
  const bundles = await plan.bundling(data);
  const originKey = keptSecret(data, "origin-key");
  const buckets = options.buckets === true;
  const uncounted = options.lastUncounted === true ? `edge-${options.edges}` : null;
  const keys = { redisToken: redis.token, clusterKey, originKey };
  const common = { data, bundles, ...keys, buckets, uncounted, chaosAgent, announce };
  const forControl = { options, rows, token, origin, edgePorts, told: told.control };
  const controlProcess = startControl(common, forControl);
  stops.push(() => controlProcess.stop());
  for (const edge of told.edges) running.set(edge.id, startEdge(common, edge, shareOf(options)));
  stops.push(async () => {
    await Promise.all([...running.values()].map((process) => process.stop()));
  });
  await Promise.all([controlProcess.ready, ...[...running.values()].map((process) => process.ready)]);
  await announce();
  return { running, pidOf, controlPid: () => controlProcess.pid() };
}

async function startOrigin(options: StartOptions, { data, stops }: Plan): Promise<URL> {
  if (options.origin !== null) return options.origin;
  const demo = await startKeptDemoOrigin({ dir: data, host: HOST });
  stops.push(() => demo.close());
  return new URL(demo.url);
}
