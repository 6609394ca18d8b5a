// Sessions on real processes: whether whoever writes at one edge reads it at another, and what heartbeats cost Redis.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../dev/ports.ts";
import { launchRedisServer } from "../dev/redis/launch.ts";
import type { Verdict } from "./claim.ts";
import { type CountedRedis, countCommands } from "./commands/counted-redis.ts";
import { createValueClient, type ValueClient } from "./journal/client.ts";
import { startWrittenOrigin, type WrittenOrigin } from "./journal/origin.ts";
import { startOpenLoop } from "./outside/open-loop.ts";
import { startSystem } from "./outside/start-system.ts";

export interface SessionsResult {
  readonly name: "sessions";
  readonly readBack: {
    readonly writes: number;
    /** Read at another edge right after the acknowledgement: another value. */
    readonly missed: number;
    /** No value could be had: that is said, and nothing else shown. */
    readonly unread: number;
    readonly refused: number;
  };
  readonly heartbeats: {
    readonly sessions: number;
    readonly perSecond: number;
    readonly sent: number;
    readonly refused: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    /** Commands a heartbeat, by what they are for. */
    readonly commands: Readonly<Record<string, number>>;
    /** All but the control plane's own. */
    readonly commandsEach: number;
    readonly writesAtOrigin: number;
  };
  readonly verdict: Verdict;
}

const EDGES = 3;
const SESSIONS = 5000;
const PER_SECOND = 300;
const HOST = "bench.test";
const AT_ONCE = 8;
const POLICIES = [{ key_pattern: "/session/*", class: "session" }];

export async function benchSessions(quick: boolean): Promise<SessionsResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const server = await launchRedisServer({ port: await freePort(), dir: join(dir, "redis") });
    stops.push(() => server.stop());
    const origin = await startWrittenOrigin();
    stops.push(() => origin.server.close());
    const cluster = await startSystem({
      ...{ dir, origin: origin.server, edges: EDGES, policies: POLICIES },
      redis: { kind: "urls", urls: [`redis://127.0.0.1:${server.port}`] },
    });
    stops.push(() => cluster.stop());
    const client = createValueClient(cluster.edges, HOST);
    stops.push(() => client.close());
    const readBack = await writeAndRead(client, quick ? 1000 : 10_000);
    const redis = await countCommands(server.port);
    stops.push(() => redis.close());
    const heartbeats = await beat({ client, redis, origin, seconds: quick ? 10 : 60 });
    return { name: "sessions", readBack, heartbeats, verdict: verdictOn(readBack) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** A value that can't be had is said to be none: another one is what may never be shown. */
export function verdictOn({ writes, missed, unread, refused }: SessionsResult["readBack"]): Verdict {
  const isShown = writes - refused - unread > 0;
  const above = [
    ...(missed > 0 ? [`${missed} of ${writes} read another value`] : []),
    ...(isShown ? [] : ["nothing was read back"]),
  ];
  const claim = "whoever writes at one edge reads that at another right after the acknowledgement";
  return { claim, met: above.length === 0, above };
}

async function writeAndRead(client: ValueClient, writes: number): Promise<SessionsResult["readBack"]> {
  let [next, missed, unread, refused] = [0, 0, 0, 0];
  const lane = async (): Promise<void> => {
    for (let number = next++; number < writes; number = next++) {
      const path = `/session/${number % 500}-${number % AT_ONCE}`;
      const written = await client.put({ edge: number % EDGES, path }, `value ${number}`);
      if (written.status !== 202) refused += 1;
      else {
        const read = await client.get({ edge: (number + 1) % EDGES, path });
        if (read.status !== 200) unread += 1;
        else if (read.text !== `value ${number}`) missed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { writes, missed, unread, refused };
}

interface Beating {
  readonly client: ValueClient;
  readonly redis: CountedRedis;
  readonly origin: WrittenOrigin;
  readonly seconds: number;
}

async function beat({ client, redis, origin, seconds }: Beating): Promise<SessionsResult["heartbeats"]> {
  await pause(2000);
  await redis.take();
  const askedBefore = origin.asked;
  const latencies: number[] = [];
  let refused = 0;
  const loop = startOpenLoop({
    perSecond: PER_SECOND,
    mostInFlight: 1000,
    async send(number, scheduledAt) {
      const path = `/session/viewer-${number % SESSIONS}`;
      const value = JSON.stringify({ position: number, bitrate: 2_400_000 });
      const { status } = await client.put({ edge: number % EDGES, path }, value);
      if (status !== 202) refused += 1;
      latencies.push(performance.now() - scheduledAt);
    },
  });
  await pause(seconds * 1000);
  const { sent } = await loop.stop();
  // What is still on its way to the origin belongs to these as well.
  await pause(1500);
  const counts = await redis.take();
  const { pull = 0, snapshot = 0, other = 0, ...own } = counts;
  const each = (count: number): number => Math.round((1000 * count) / sent) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(share * latencies.length)] ?? 0;
  return {
    ...{ sessions: SESSIONS, perSecond: PER_SECOND, sent, refused, p50Ms: at(0.5), p99Ms: at(0.99) },
    commands: Object.fromEntries(
      Object.entries({ ...own, pull, snapshot, other }).map(([name, count]) => [name, each(count)]),
    ),
    commandsEach: each(Object.values(own).reduce((sum, count) => sum + count, pull + snapshot)),
    writesAtOrigin: origin.asked - askedBefore,
  };
}
