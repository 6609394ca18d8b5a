// The workers of a cluster as processes: their bundles, what each is told, and who tells the control plane of the edges.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemDigest, systemRandom } from "../shared/runtime/system.ts";
import { CONTROL } from "../shared/wire/databases.ts";
import { EDGES_PATH } from "../shared/wire/edge-list.ts";
import { SIGNATURE_HEADER, signRequest } from "../shared/wire/signature.ts";
import { bundleWorker, type SourceChange } from "./bundle.ts";
import type { Told, ToldToEdge } from "./network.ts";
import type { StartOptions } from "./options.ts";
import { protectionOf, type Share } from "./protection.ts";
import { type Supervised, supervise } from "./supervise.ts";
import type { WorkerProcessConfig } from "./worker-process.ts";

const HOST = "127.0.0.1";
const RESTART_EDGE_MS = 1000;
const RESTART_CONTROL_MS = 300;
const modulePath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What all workers of a cluster have in common. */
export interface Common {
  readonly data: string;
  readonly bundles: Bundles;
  readonly redisToken: string;
  readonly clusterKey: string;
  /** By which the gateway before the origins knows edges. */
  readonly originKey: string;
  /** Whether each edge has an R2 bucket. */
  readonly buckets: boolean;
  /** The edge that counts no requests, by its id. */
  readonly uncounted: string | null;
  /** Where the agent that breaks things listens; null where nothing may be broken. */
  readonly chaosAgent: string | null;
  /** Told when a worker is back, with another pid. */
  readonly announce: () => Promise<void>;
}

export interface Bundles {
  readonly edge: string;
  /** Begins the digest of the edge's. */
  readonly edgeVersion: string;
  readonly control: string;
}

/** With a change, edges run on sources so changed; with `everywhere` the control plane does too. */
export async function writeBundles(
  data: string,
  changed: SourceChange | null = null,
  where: "edges" | "everywhere" = "edges",
): Promise<Bundles> {
  const dir = join(data, "bundles");
  mkdirSync(dir, { recursive: true });
  const write = async (name: string, entry: string, change: SourceChange | null) => {
    const path = join(dir, `${name}.js`);
    const text = await bundleWorker(modulePath(entry), change);
    writeFileSync(path, text);
    return { path, version: createHash("sha256").update(text).digest("hex").slice(0, 12) };
  };
  const [edge, control] = await Promise.all([
    write("edge", "../edge/worker.ts", changed),
    write("control-plane", "../control-plane/worker.ts", where === "everywhere" ? changed : null),
  ]);
  return { edge: edge.path, edgeVersion: edge.version, control: control.path };
}

export function startControl(
  common: Common,
  given: {
    options: StartOptions;
    rows: readonly unknown[];
    token: string;
    origin: URL;
    edgePorts: readonly number[];
    told: Told["control"];
  },
): Supervised {
  const { options, rows, token, origin, edgePorts, told } = given;
  const aliases = edgePorts.flatMap((port) => [`localhost:${port}`, `${HOST}:${port}`, `[::1]:${port}`]);
  const site = {
    name: "default",
    hosts: ["*"],
    aliases: [...aliases, origin.host],
    canonicalHost: options.origin === null ? "harbour.localhost" : origin.host,
    ...protectionOf(options),
  };
  const config: WorkerProcessConfig = {
    name: "tidegate-control-plane",
    port: options.controlPort,
    scriptPath: common.bundles.control,
    compatibilityFlags: ["nodejs_als"],
    bindings: {
      ...sharedBindings(common, told),
      ADMIN_TOKEN_SHA256: createHash("sha256").update(token).digest("hex"),
      SITES: JSON.stringify([site]),
      POLICIES: JSON.stringify(rows),
      EDGES: JSON.stringify(told.edges),
      PRIVATE_ORIGINS: options.privateOrigins ?? "loopback",
      PUSH: options.push ? "on" : "off",
      REPLICAS: "0",
      EXTERNAL_URL: `http://localhost:${options.controlPort}`,
      ...(common.chaosAgent === null ? {} : { CHAOS_AGENT: common.chaosAgent }),
      ...options.handedOn,
    },
    origin: null,
    cacheDir: null,
    scratchDir: join(common.data, "tmp"),
    durableObjects: { dir: join(common.data, "durable-objects"), classes: { TICK: "Tick" } },
  };
  return superviseWorker(config, RESTART_CONTROL_MS, common.announce);
}

export function startEdge(common: Common, told: ToldToEdge, share: Share | null): Supervised {
  const { id, port, origin, peers } = told;
  const config: WorkerProcessConfig = {
    name: "tidegate-edge",
    port,
    scriptPath: common.bundles.edge,
    bindings: {
      ...sharedBindings(common, told),
      EDGE_ID: id,
      EDGE_REGION: "local",
      VERSION: common.bundles.edgeVersion,
      ORIGIN_KEY: common.originKey,
      ...(peers === null ? {} : { PEER_URLS: JSON.stringify(peers) }),
      ...(id === common.uncounted ? { METRICS: "off" } : {}),
      ...(common.chaosAgent === null ? {} : { CHAOS: "on" }),
      ...(share === null ? {} : { ORIGIN_SHARE: JSON.stringify(share) }),
    },
    origin: { address: new URL(origin).host },
    cacheDir: join(common.data, id, "cache"),
    ...(common.buckets ? { bucketDir: join(common.data, id, "bucket") } : {}),
    scratchDir: join(common.data, "tmp"),
    durableObjects: null,
  };
  return superviseWorker(config, RESTART_EDGE_MS, common.announce);
}

const sharedBindings = (
  common: Common,
  { midTier, shards }: Pick<ToldToEdge, "midTier" | "shards">,
): Readonly<Record<string, string>> => ({
  UPSTASH_REDIS_REST_URL: midTier,
  UPSTASH_REDIS_REST_TOKEN: common.redisToken,
  SHARDS: JSON.stringify([
    { id: CONTROL },
    ...shards.map((shard) => ({ ...shard, token: common.redisToken })),
  ]),
  CLUSTER_KEY: common.clusterKey,
});

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
export async function announceEdges(control: string, key: string, edges: readonly unknown[]): Promise<void> {
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
