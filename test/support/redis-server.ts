// For tests: a REST gateway before a real redis-server or before the embedded store, and polling with a bound.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { freePort } from "../../dev/ports.ts";
import type { RedisBackend } from "../../dev/redis/backend.ts";
import { embeddedBackend } from "../../dev/redis/embedded/backend.ts";
import { createEmbeddedStore, type EmbeddedStore } from "../../dev/redis/embedded/store.ts";
import { type Gateway, startGateway } from "../../dev/redis/gateway.ts";
import { launchRedisServer, type RedisServer } from "../../dev/redis/launch.ts";
import { connectServer } from "../../dev/redis/server-backend.ts";
import { millis } from "../../shared/core/units.ts";
import type { Redis, RedisArgument, RedisReply } from "../../shared/ports/redis.ts";
import { nearRedis } from "./near-redis.ts";

export type RestFixture = {
  readonly url: string;
  readonly token: string;
  /** What the gateway answers, without a socket to it: for tests that are not about the wire. */
  readonly redis: Redis;
  stop(): Promise<void>;
};

export type ServerFixture = RestFixture & {
  readonly port: number;
  /** Of the server that runs now. */
  pid(): number;
  /** SIGKILL, by process id; resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port and data; resolves when it answers, the gateway may need a moment more. */
  restart(): Promise<void>;
};

const TOKEN = "test-token";
const POLL_MS = 10;
const REPLY_MS = 5000;

/** Resolves when the condition holds, rejects after `withinMs` with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  // A look that was held up says nothing of what is so by now: the last one begins behind the limit.
  for (let lookedAt = performance.now(); !(await holds()); lookedAt = performance.now()) {
    if (lookedAt > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** What one command answers; throws where it fails. */
export async function replyTo(redis: Redis, ...command: RedisArgument[]): Promise<RedisReply> {
  const outcome = await redis.run([command], millis(REPLY_MS));
  const reply = outcome.kind === "replies" ? outcome.replies[0] : undefined;
  if (reply?.kind !== "reply") throw new Error(`${command[0]} failed`);
  return reply.reply;
}

type RestAnswer = { readonly status: number; readonly body: string };
export type RestPath = "/" | "/pipeline" | "/multi-exec";

/** One request as it is on the wire, strings in base64 so that no byte is hidden. */
export async function ask(
  rest: Pick<RestFixture, "url" | "token">,
  path: RestPath,
  body: unknown,
): Promise<RestAnswer> {
  const headers = { authorization: `Bearer ${rest.token}`, "upstash-encoding": "base64" };
  const response = await fetch(rest.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.text() };
}

/** `gatewayIs`: how long a request may take there, where a machine that does much else is no part of the test. */
export async function startServerRest(gatewayIs: { deadlineMs?: number } = {}): Promise<ServerFixture> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-redis-"));
  const port = await freePort();
  let server: RedisServer = await launchRedisServer({ port, dir });
  const { deadlineMs } = gatewayIs;
  const patience = deadlineMs === undefined ? {} : { commandTimeoutMs: 2 * deadlineMs };
  const backend = connectServer({ host: "127.0.0.1", port }, patience);
  const gateway = await startGateway({ backend, port: 0, token: TOKEN, ...gatewayIs });
  await until("the gateway reaches redis-server", () => answers(gateway));
  const near = nearRedis(backend);
  return {
    url: gateway.url,
    token: TOKEN,
    redis: near.redis,
    port,
    pid: () => server.pid,
    kill: () => kill(server),
    restart: async () => {
      server = await launchRedisServer({ port, dir });
    },
    stop: async () => {
      near.end();
      await stopAll(gateway, backend);
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A store whose clock can be set: its Lua machine costs more to make than most tests to run. */
interface Reusable {
  readonly store: EmbeddedStore;
  now: () => number;
}

const idle: Reusable[] = [];

async function emptyStore(now: () => number): Promise<Reusable> {
  const reused = idle.pop();
  if (reused !== undefined) return Object.assign(reused, { now });
  const store = await createEmbeddedStore({ now: () => made.now() });
  const made: Reusable = { store, now };
  return made;
}

export async function startEmbeddedRest(now: () => number = Date.now): Promise<RestFixture> {
  const reusable = await emptyStore(now);
  const backend = embeddedBackend(reusable.store);
  const gateway = await startGateway({ backend, port: 0, token: TOKEN });
  const near = nearRedis(backend);
  let stopped = false;
  return {
    url: gateway.url,
    token: TOKEN,
    redis: near.redis,
    stop: async () => {
      if (stopped) return; // It may be somebody else's by now.
      stopped = true;
      near.end();
      await gateway.close();
      reusable.store.call(["FLUSHALL"]);
      idle.push(reusable);
    },
  };
}

export type RestPair = {
  /** Sends it to both and expects the embedded store's answer to be redis-server's, byte for byte. */
  same(body: readonly unknown[], path?: RestPath): Promise<void>;
  stop(): Promise<void>;
};

export async function startRestPair(): Promise<RestPair> {
  const [server, embedded] = await Promise.all([startServerRest(), startEmbeddedRest()]);
  return {
    same: async (body, path = "/") => {
      const [expected, actual] = await Promise.all([ask(server, path, body), ask(embedded, path, body)]);
      const to = JSON.stringify(body).slice(0, 300);
      expect({ to, ...orderless(body, actual) }).toEqual({ to, ...orderless(body, expected) });
    },
    stop: async () => {
      await Promise.all([server.stop(), embedded.stop()]);
    },
  };
}

/** Redis' order of keys and of members depends on a hash seed of each process. */
function orderless(body: readonly unknown[], answer: RestAnswer): RestAnswer {
  const unordered = (command: unknown) => /^(?:KEYS|SMEMBERS|SCAN)$/i.test(String(command));
  if (unordered(body[0])) return { ...answer, body: JSON.stringify(sorted(JSON.parse(answer.body))) };
  if (!body.some((command) => Array.isArray(command) && unordered(command[0]))) return answer;
  const items = JSON.parse(answer.body) as unknown[];
  const settled = items.map((item, i) =>
    unordered((body[i] as unknown[] | undefined)?.[0]) ? sorted(item) : item,
  );
  return { ...answer, body: JSON.stringify(settled) };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort();
  return value !== null && typeof value === "object" ? Object.entries(value).map(sorted) : value;
}

async function answers(gateway: Gateway): Promise<boolean> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(gateway.url, { method: "POST", headers, body: '["PING"]' });
  await response.arrayBuffer();
  return response.status === 200;
}

async function stopAll(gateway: Gateway, backend: RedisBackend): Promise<void> {
  await gateway.close();
  await backend.dispose();
}

async function kill(server: RedisServer): Promise<void> {
  const gone = new Promise<void>((resolve) => server.process.once("exit", () => resolve()));
  process.kill(server.pid, "SIGKILL");
  await gone;
}

/** What a contract of Redis is held against. */
export const BACKENDS = [
  ["redis-server", startServerRest],
  ["embedded", () => startEmbeddedRest()],
] as const;
