// The comparisons of the hit path: each of one edge with one or more others, alternately, after both gave the same answer.

import { setTimeout as pause } from "node:timers/promises";
import { startOriginGateway } from "../../dev/origin-gateway.ts";
import { freePort } from "../../dev/ports.ts";
import { launchRedisServer } from "../../dev/redis/launch.ts";
import READ_OR_LEASE from "../../shared/mid-tier/scripts/read-or-lease.lua";
import { monitorRedis } from "../outside/redis-monitor.ts";
import { answerOf, requireSame } from "./answer.ts";
import { type Claim, type Comparison, verdictOn } from "./claims.ts";
import {
  type Asking,
  alternate,
  CONNECTIONS,
  pathOf,
  type Rounds,
  ratiosOf,
  side,
  type Target,
} from "./rounds.ts";
import { type ServerName, startServer } from "./server.ts";
import { onStage, type Stage } from "./stage.ts";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

const OF_SERVERS = ["server", "connection", "keep-alive", "via", "x-varnish", "accept-ranges"];
/** What another kind of server, or of cache, says beside the answer, or in other words. */
export const OF_CACHES = ["age", "cache-status", "cf-cache-status", "date", ...OF_SERVERS];

/** A hit in memory, 1 KiB: the limit is a worker that gives the same answer and does nothing else. */
export const compareMemory = (rounds: Rounds): Promise<Comparison<"hit-memory">> =>
  onStage({ size: KIBIBYTE }, async (stage) => {
    const bare = await stage.worker("bare.js");
    await requireSame(stage.edge.port, bare.port);
    const hono = await stage.worker("hono-cache.js", { origin: `127.0.0.1:${stage.originPort}` });
    for (let asked = 0; asked < 3; asked++) await answerOf(hono.port);
    await requireSame(stage.edge.port, hono.port, OF_CACHES);
    const { servers, notInstalled } = await startServers(stage, ["nginx", "varnish"]);
    const claims: Claim[] = [
      { of: "bare", ratio: "cpuRatio", least: 0.9 },
      { of: "bare", ratio: "rateRatio", least: 0.85 },
      { of: "hono-cache", ratio: "cpuRatio", least: 4 },
      { of: "hono-cache", ratio: "rateRatio", least: 4 },
    ];
    const others = { bare, "hono-cache": hono, ...servers };
    return measure({ name: "hit-memory", stage, others, claims, notInstalled }, rounds);
  });

/** The same with 1 MiB. */
export const compareLarge = (rounds: Rounds): Promise<Comparison<"hit-large">> =>
  onStage({ size: MEBIBYTE }, async (stage) => {
    const blob = await stage.worker("blob.js");
    await requireSame(stage.edge.port, blob.port);
    const { servers, notInstalled } = await startServers(stage, ["nginx"]);
    const claims: Claim[] = [
      { of: "blob", ratio: "cpuRatio", least: 0.9 },
      ...Object.keys(servers).map((of) => ({ of, ratio: "rateRatio", least: 1 }) as const),
    ];
    return measure({ name: "hit-large", stage, others: { blob, ...servers }, claims, notInstalled }, rounds);
  });

/** Nothing in memory, all of it in the data centre's cache. */
export const compareCacheApi = (rounds: Rounds): Promise<Comparison<"hit-cache-api">> =>
  onStage(
    { size: KIBIBYTE, standard: '  memoryBudget: bytes(0),\n  eviction: "s3-fifo",\n  cacheApi: "all",\n' },
    async (stage) => {
      const written = await stage.worker("cache-api.js");
      for (let connection = 0; connection < CONNECTIONS; connection++)
        await answerOf(written.port, pathOf("its own", connection));
      await answerOf(written.port);
      await requireSame(stage.edge.port, written.port, ["cf-cache-status"]);
      const claims: Claim[] = [{ of: "cache-api", ratio: "cpuRatio", least: 0.9 }];
      return measure(
        { name: "hit-cache-api", stage, others: { "cache-api": written }, claims, asking: "its own" },
        rounds,
      );
    },
  );

/** Nothing in the data centre: each answer is one call to the mid-tier. */
export async function compareL2(rounds: Rounds): Promise<Comparison<"hit-l2">> {
  const port = await freePort();
  const standard = '  memoryBudget: bytes(0),\n  eviction: "s3-fifo",\n  cacheApi: "none",\n';
  const redis = { kind: "urls", urls: [`redis://127.0.0.1:${port}`] } as const;
  const place = `${process.env.TMPDIR ?? "/tmp"}/tidegate-bench-redis-${port}`;
  const server = await launchRedisServer({ port, dir: place });
  try {
    return await onStage({ size: KIBIBYTE, standard, redis }, async (stage) => {
      const call = JSON.stringify([await readOf(stage, port)]);
      const { url, token } = stage.cluster.redis;
      await requireHit({ url, token, call });
      const bindings = { GATEWAY: url, TOKEN: token, CALL: call };
      const one = await stage.worker("one-fetch.js", { bindings });
      const careful = await stage.worker("careful-fetch.js", { bindings });
      for (const { port: of } of [one, careful]) await requireSame(stage.edge.port, of);
      const claims: Claim[] = [{ of: "one-fetch", ratio: "cpuRatio", least: 0.85 }];
      const others = { "one-fetch": one, "careful-fetch": careful };
      return measure({ name: "hit-l2", stage, others, claims, asking: "its own" }, rounds);
    });
  } finally {
    await server.stop();
  }
}

/** Every script opens with a comment of its own. */
const OPENING = READ_OR_LEASE.slice(0, READ_OR_LEASE.indexOf("\n"));

/** The command by which the edge reads its answer, as Redis hears it; throws where it is not the only one. */
async function readOf({ edge }: Stage, port: number): Promise<readonly string[]> {
  const reads: (readonly string[])[] = [];
  const monitor = await monitorRedis(port, ({ source, args }) => {
    if (source !== "lua" && args.some((argument) => argument.includes(OPENING))) reads.push(args);
  });
  await answerOf(edge.port);
  for (let tries = 0; tries < 40 && reads.length === 0; tries++) await pause(50);
  monitor.close();
  const [read] = reads;
  if (read === undefined || reads.length !== 1)
    throw new Error(`an answer took ${reads.length} reads of the mid-tier`);
  return read;
}

/** Whoever is measured beside the edge must be given what it is given. */
async function requireHit({ url, token, call }: { url: string; token: string; call: string }): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${url}/pipeline`, { method: "POST", headers, body: call });
  const text = await answer.text();
  if (!text.startsWith('[{"result":["hit"'))
    throw new Error(`the edge's read, made again, brings ${text.slice(0, 80)}`);
}

/** What may not be stored, for one client after the other. */
export const comparePass = (rounds: Rounds): Promise<Comparison<"pass">> =>
  onStage({ size: KIBIBYTE, cacheControl: "no-store" }, async (stage) => {
    const gateway = await startOriginGateway(new URL(stage.cluster.origin));
    stage.ends({ stop: () => gateway.close() });
    const proxy = await stage.worker("proxy.js", { origin: gateway.address });
    const careful = await stage.worker("careful-proxy.js", { origin: gateway.address });
    for (const { port } of [proxy, careful]) await requireSame(stage.edge.port, port);
    const claims: Claim[] = [{ of: "proxy", ratio: "cpuRatio", least: 0.9 }];
    const others = { proxy, "careful-proxy": careful };
    return measure({ name: "pass", stage, others, claims }, rounds);
  });

async function startServers(
  stage: Stage,
  names: readonly ServerName[],
): Promise<{ servers: Record<string, Target>; notInstalled: string[] }> {
  const servers: Record<string, Target> = {};
  const notInstalled: string[] = [];
  for (const name of names) {
    const server = await startServer(name, { dir: stage.dir, origin: stage.originPort });
    if (server === null) {
      console.log(`${name} is not installed: left out`);
      notInstalled.push(name);
      continue;
    }
    servers[name] = stage.ends(server);
    await answerOf(server.port);
    await requireSame(stage.edge.port, server.port, OF_CACHES);
  }
  return { servers, notInstalled };
}

interface Measured<Name extends string> {
  readonly name: Name;
  readonly stage: Stage;
  readonly others: Readonly<Record<string, Target>>;
  readonly claims: readonly Claim[];
  readonly notInstalled?: readonly string[];
  readonly asking?: Asking;
}

async function measure<Name extends string>(
  { name, stage, others: targets, claims, notInstalled = [], asking }: Measured<Name>,
  rounds: Rounds,
): Promise<Comparison<Name>> {
  await alternate([stage.edge, ...Object.values(targets)], rounds, asking);
  const edge = side(stage.edge.rounds);
  const others = Object.fromEntries(
    Object.entries(targets).map(([of, target]) => {
      const theirs = side(target.rounds);
      return [of, { ...theirs, ...ratiosOf(edge, theirs) }] as const;
    }),
  );
  return {
    ...{ name, rounds: rounds.rounds, edge, others, claims },
    ...(notInstalled.length > 0 && { notInstalled }),
    verdict: verdictOn(claims, others),
  };
}
