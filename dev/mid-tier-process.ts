// One database of the local mid-tier in one process: Redis (started here, given, or embedded) behind an Upstash-REST gateway.

import { join } from "node:path";
import { childConfiguration } from "./child-configuration.ts";
import type { RedisBackend } from "./redis/backend.ts";
import { startGateway } from "./redis/gateway.ts";
import { launchRedisServer, type RedisServer } from "./redis/launch.ts";
import { connectServer } from "./redis/server-backend.ts";

/** Sent by the supervisor as the first message. */
export interface MidTierProcessConfig {
  readonly port: number;
  readonly token: string;
  readonly dataDir: string;
  /** Added to the names of what is kept there; "" for the first database. */
  readonly suffix: string;
  readonly redis:
    | { readonly kind: "server"; readonly port: number }
    | { readonly kind: "url"; readonly url: string }
    | { readonly kind: "embedded" };
}

/** After this long a dead redis-server is started again. */
const RESTART_AFTER_MS = 300;

let server: RedisServer | null = null;
let ending = false;

async function backendFor(config: MidTierProcessConfig): Promise<RedisBackend> {
  const { redis, dataDir, suffix } = config;
  switch (redis.kind) {
    case "url":
      return connectServer(redis.url);
    case "server":
      await keepServer(redis.port, join(dataDir, `redis${suffix}`));
      return connectServer({ host: "127.0.0.1", port: redis.port });
    case "embedded": {
      const { openEmbedded } = await import("./redis/embedded/open.ts");
      return openEmbedded(join(dataDir, `embedded${suffix}`));
    }
  }
}

/** Starts the server, and again whenever it dies. */
async function keepServer(port: number, dir: string): Promise<void> {
  server = await launchRedisServer({ port, dir });
  process.send?.({ kind: "redis", pid: server.pid, port });
  server.process.once("exit", () => {
    server = null;
    if (!ending) setTimeout(() => void restart(port, dir), RESTART_AFTER_MS);
  });
}

async function restart(port: number, dir: string): Promise<void> {
  try {
    await keepServer(port, dir);
  } catch (error) {
    process.stderr.write(`redis-server: ${error instanceof Error ? error.message : String(error)}\n`);
    setTimeout(() => void restart(port, dir), RESTART_AFTER_MS);
  }
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await server?.stop();
  process.exit(0);
}

process.on("disconnect", () => void end());
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => undefined);

const config = await childConfiguration<MidTierProcessConfig>();
try {
  const backend = await backendFor(config);
  await startGateway({ backend, port: config.port, token: config.token });
  process.send?.({ kind: "ready" });
} catch (error) {
  process.stderr.write(`mid-tier: ${error instanceof Error ? error.message : String(error)}\n`);
  await end();
}
