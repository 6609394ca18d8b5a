// A whole system on this machine: mid-tier, origin, control plane and edges, each in a process of its own.

import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemDigest, systemRandom } from "../shared/runtime/system.ts";
import { EDGES_PATH } from "../shared/wire/edge-list.ts";
import { SIGNATURE_HEADER, signRequest } from "../shared/wire/signature.ts";
import { bundleWorker } from "./bundle.ts";
import { holdDataDirectory } from "./data-directory.ts";
import { startDemoOrigin } from "./demo-origin/server.ts";
import type { MidTierProcessConfig } from "./mid-tier-process.ts";
import type { StartOptions } from "./options.ts";
import { type OriginGateway, startOriginGateway } from "./origin-gateway.ts";
import { policyRows } from "./policies.ts";
import { requireFreePorts } from "./ports.ts";
import { untilReady } from "./readiness.ts";
import { freePort } from "./redis/launch.ts";
import { keepSecret, keptSecret } from "./secrets.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { WorkerProcessConfig } from "./worker-process.ts";

export interface Cluster {
  /** Whether the mid-tier could be reached; without it the edges serve from the origin until it can. */
  readonly ready: boolean;
  readonly origin: string;
  readonly control: string;
  readonly edges: readonly ClusterEdge[];
  readonly tokenFile: string;
  readonly token: string;
  readonly redis: {
    readonly url: string;
    readonly token: string;
    /** The redis-server's own pid, where this cluster started one. */
    pid(): number | null;
  };
  stop(): Promise<void>;
}

export interface ClusterEdge {
  readonly id: string;
  readonly url: string;
  pid(): number | null;
}

const HOST = "127.0.0.1";
const RESTART_EDGE_MS = 1000;
const RESTART_OTHERS_MS = 300;
const modulePath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Everything that was started so far, in order; ended in the reverse one. */
type Stops = (() => Promise<void>)[];

export async function startCluster(options: StartOptions): Promise<Cluster> {
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
    return await startAll(options, { data, rows, edgePorts, stops });
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
}

async function startAll(options: StartOptions, plan: Plan): Promise<Cluster> {
  const { data, stops } = plan;
  const clusterKey = keptSecret(data, "cluster-key");
  const token =
    options.token === null ? keptSecret(data, "admin-token") : keepSecret(data, "admin-token", options.token);
  const origin = await startOrigin(options, stops);
  const gateway = await startOriginGateway(origin);
  stops.push(() => gateway.close());
  const redis = await startMidTier(options, plan);
  const bundles = await writeBundles(data);
  const edges = plan.edgePorts.map((port, index) => ({
    id: `edge-${index + 1}`,
    url: `http://${HOST}:${port}`,
    port,
  }));
  const shared = {
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
    CLUSTER_KEY: clusterKey,
  };
  const control = `http://${HOST}:${options.controlPort}`;
  const running = new Map<string, Supervised>();
  const announce = (): Promise<void> =>
    announceEdges(
      control,
      clusterKey,
      edges.map(({ id, url }) => ({ id, url, region: "local", pid: running.get(id)?.pid() ?? null })),
    );
  const controlProcess = startControl({ options, plan, bundles, shared, edges, origin, token, announce });
  stops.push(() => controlProcess.stop());
  for (const edge of edges) {
    running.set(edge.id, startEdge({ edge, data, bundle: bundles.edge, shared, gateway, announce }));
  }
  stops.push(async () => {
    await Promise.all([...running.values()].map((process) => process.stop()));
  });
  await Promise.all([controlProcess.ready, ...[...running.values()].map((process) => process.ready)]);
  await announce();
  const ready = await untilReady(control, { token, edges: edges.length });
  return {
    ready,
    origin: origin.href,
    control,
    edges: edges.map(({ id, url }) => ({ id, url, pid: () => running.get(id)?.pid() ?? null })),
    tokenFile: join(data, "admin-token"),
    token,
    redis,
    stop: () => stopAll(stops),
  };
}

async function startOrigin(options: StartOptions, stops: Stops): Promise<URL> {
  if (options.origin !== null) return options.origin;
  const demo = await startDemoOrigin({ port: 0, host: HOST });
  stops.push(() => demo.close());
  return new URL(demo.url);
}

type MidTier = Cluster["redis"];

async function startMidTier(options: StartOptions, plan: Plan): Promise<MidTier> {
  const { redis } = options;
  if (redis.kind === "upstash") return { url: redis.url, token: redis.token, pid: () => null };
  const token = keptSecret(plan.data, "redis-token");
  const port = await freePort();
  const config: MidTierProcessConfig = {
    port,
    token,
    dataDir: plan.data,
    redis: redis.kind === "server" ? { kind: "server", port: await freePort() } : redis,
  };
  let pid: number | null = null;
  const process = supervise({
    name: "mid-tier",
    module: modulePath("./mid-tier-process.ts"),
    configuration: config,
    restartAfterMs: RESTART_OTHERS_MS,
    onMessage: (message) => {
      if (message.kind === "redis") pid = Number(message.pid);
    },
  });
  plan.stops.push(() => process.stop());
  await process.ready;
  return { url: `http://${HOST}:${port}`, token, pid: () => pid };
}

interface Bundles {
  readonly edge: string;
  readonly control: string;
}

async function writeBundles(data: string): Promise<Bundles> {
  const dir = join(data, "bundles");
  mkdirSync(dir, { recursive: true });
  const write = async (name: string, entry: string): Promise<string> => {
    const path = join(dir, `${name}.js`);
    writeFileSync(path, await bundleWorker(modulePath(entry)));
    return path;
  };
  const [edge, control] = await Promise.all([
    write("edge", "../edge/worker.ts"),
    write("control-plane", "../control-plane/worker.ts"),
  ]);
  return { edge, control };
}

function startControl(given: {
  options: StartOptions;
  plan: Plan;
  bundles: Bundles;
  shared: Readonly<Record<string, string>>;
  edges: readonly { id: string; url: string; port: number }[];
  origin: URL;
  token: string;
  announce: () => Promise<void>;
}): Supervised {
  const { options, plan, bundles, shared, edges, origin, token } = given;
  const aliases = edges.flatMap(({ port }) => [`localhost:${port}`, `${HOST}:${port}`, `[::1]:${port}`]);
  const site = {
    name: "default",
    hosts: ["*"],
    aliases: [...aliases, origin.host],
    canonicalHost: options.origin === null ? "harbour.localhost" : origin.host,
  };
  const config: WorkerProcessConfig = {
    name: "tidegate-control-plane",
    port: options.controlPort,
    scriptPath: bundles.control,
    bindings: {
      ...shared,
      ADMIN_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
      SITES: JSON.stringify([site]),
      POLICIES: JSON.stringify(plan.rows),
      EDGES: JSON.stringify(edges.map(({ id, url }) => ({ id, url, region: "local" }))),
      PUSH: options.push ? "on" : "off",
      REPLICAS: "0",
    },
    origin: null,
    cacheDir: null,
    scratchDir: join(plan.data, "tmp"),
    durableObjects: { dir: join(plan.data, "durable-objects"), classes: { TICK: "Tick" } },
  };
  return superviseWorker(config, RESTART_OTHERS_MS, given.announce);
}

function startEdge(given: {
  edge: { id: string; port: number };
  data: string;
  bundle: string;
  shared: Readonly<Record<string, string>>;
  gateway: OriginGateway;
  announce: () => Promise<void>;
}): Supervised {
  const { edge, data, bundle, shared, gateway } = given;
  const config: WorkerProcessConfig = {
    name: "tidegate-edge",
    port: edge.port,
    scriptPath: bundle,
    bindings: { ...shared, EDGE_ID: edge.id, EDGE_REGION: "local" },
    origin: { address: gateway.address },
    cacheDir: join(data, edge.id, "cache"),
    scratchDir: join(data, "tmp"),
    durableObjects: null,
  };
  return superviseWorker(config, RESTART_EDGE_MS, given.announce);
}

/** After the first start a worker that comes back has a new pid, which the control plane has to learn. */
function superviseWorker(
  config: WorkerProcessConfig,
  restartAfterMs: number,
  announce: () => Promise<void>,
): Supervised {
  let started = false;
  return supervise({
    name: config.name,
    module: modulePath("./worker-process.ts"),
    configuration: config,
    restartAfterMs,
    onMessage: (message) => {
      if (message.kind !== "ready") return;
      if (started) void announce();
      started = true;
    },
  });
}

/** Tells the control plane which edges there are. It may be restarting itself: it is then told when it is back. */
async function announceEdges(control: string, key: string, edges: readonly unknown[]): Promise<void> {
  const body = JSON.stringify(edges);
  const message = { method: "POST", path: EDGES_PATH, body };
  const by = { key, digest: systemDigest, random: systemRandom, nowWall: Date.now() };
  const headers = { [SIGNATURE_HEADER]: await signRequest(message, by), "content-type": "application/json" };
  try {
    const answer = await fetch(control + EDGES_PATH, { method: "POST", headers, body });
    await answer.arrayBuffer();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
