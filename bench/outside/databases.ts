// Databases of a benchmark's own, that it can kill, start again and empty.

import { join } from "node:path";
import { Redis } from "ioredis";
import { freePortRange } from "../../dev/ports.ts";
import { launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";

export interface Databases {
  readonly urls: readonly string[];
  kill(at: number): void;
  /** With what was written in that life before. */
  launch(at: number, life: string): Promise<void>;
  /** Of all that they hold. */
  empty(): Promise<void>;
  /** The same of one, which goes on running. */
  flush(at: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startDatabases(dir: string, count: number): Promise<Databases> {
  const first = await freePortRange(count);
  const servers = new Map<number, RedisServer>();
  const launch = async (at: number, life: string): Promise<void> => {
    servers.set(at, await launchRedisServer({ port: first + at, dir: join(dir, `${at}-${life}`) }));
  };
  for (let at = 0; at < count; at++) await launch(at, "first");
  const flush = async (port: number): Promise<void> => {
    const redis = new Redis(port, "127.0.0.1");
    await redis.flushall();
    redis.disconnect();
  };
  return {
    urls: Array.from({ length: count }, (_, at) => `redis://127.0.0.1:${first + at}`),
    kill: (at) => void servers.get(at)?.process.kill("SIGKILL"),
    launch,
    async empty() {
      for (const { port } of servers.values()) await flush(port);
    },
    flush: (at) => flush(first + at),
    async stop() {
      for (const server of servers.values()) await server.stop();
    },
  };
}
