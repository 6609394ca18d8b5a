// What a system without traffic asks of Redis, by who asks: the control plane's beat, and the edges that it calls.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Network } from "../../dev/network.ts";
import { freePort } from "../../dev/ports.ts";
import { startGateway } from "../../dev/redis/gateway.ts";
import { launchRedisServer } from "../../dev/redis/launch.ts";
import { connectServer } from "../../dev/redis/server-backend.ts";
import { keptSecret } from "../../dev/secrets.ts";
import { createOutsideClient } from "../outside/exchange.ts";
import { monitorRedis } from "../outside/redis-monitor.ts";
import { startSystem } from "../outside/start-system.ts";
import { nameOf } from "./script-names.ts";

export interface Asked {
  /** Commands a second that it sends, each script counted as one. */
  readonly sent: number;
  /** What its scripts call, a second. */
  readonly called: number;
  /** Octets of that, scripts included, without what carries them. */
  readonly octets: number;
  /** The same of each script, by its file, and of each command that it sends beside them. */
  readonly names: Readonly<Record<string, { readonly sent: number; readonly called: number }>>;
}

export interface Idle {
  /** Edges that the control plane lists. */
  readonly edges: number;
  /** Answers in L2, of three classes. */
  readonly answers: number;
  readonly seconds: number;
  readonly controlPlane: Asked;
  readonly ofEdges: Asked;
}

/** Whoever has just come is warmed, and learns the map. */
const SETTLE_MS = 40_000;
/** What looks after answers rests longer after each lap on which all was right, and as long as it ever does by then. */
const RESTED_MS = 200_000;
/** Beside `standard`. */
const POLICIES = ["hot", "immutable"].map((name) => ({ key_pattern: `/${name}/*`, class: name }));
const NAMES = ["hot", "immutable", "other"];
const AT_ONCE = 8;
const HOST = "127.0.0.1";

export async function measureIdle({
  edges,
  answers,
  seconds,
}: Omit<Idle, "controlPlane" | "ofEdges">): Promise<Idle> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const stops: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    const { port, stop } = await launchRedisServer({ port: await freePort(), dir: join(dir, "redis") });
    stops.push(stop);
    const origin = createServer((_, response) => {
      response.writeHead(200, { "cache-control": "max-age=86400", "content-type": "text/plain" });
      response.end("content");
    });
    await new Promise<void>((resolve) => origin.listen(0, HOST, resolve));
    stops.push(() => origin.close());
    const own = await ownWay(dir, port);
    stops.push(() => own.close());
    const cluster = await startSystem({
      ...{ dir, origin, edges, network: own.network, policies: POLICIES },
      redis: { kind: "urls", urls: [`redis://${HOST}:${port}`] },
    });
    stops.push(() => cluster.stop());
    await fill(cluster.edges, answers);
    await pause(answers === 0 ? SETTLE_MS : RESTED_MS);
    return { edges, answers, seconds, ...(await listen(port, { seconds, isOwn: own.isItsAddress })) };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function fill(edges: readonly { readonly url: string }[], answers: number): Promise<void> {
  if (answers === 0) return;
  const client = createOutsideClient({ edges, host: "bench.test", deadlineMs: 5000 });
  const lane = async (first: number): Promise<void> => {
    for (let at = first; at < answers; at += AT_ONCE) {
      const path = `/${NAMES[at % NAMES.length]}/${at}`;
      const { outcome } = await client.ask({ edge: 0, path, scheduledAt: performance.now() });
      if (outcome.kind !== "answered" || outcome.status !== 200) throw new Error(`${path} could not be had`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => lane(first)));
  client.close();
}

interface OwnWay {
  readonly network: Network;
  isItsAddress(address: string): boolean;
  close(): Promise<void>;
}

/** A gateway for the control plane alone: by its connection Redis tells who asks. */
async function ownWay(dir: string, port: number): Promise<OwnWay> {
  mkdirSync(join(dir, "data"));
  const backend = connectServer({ host: HOST, port });
  const gateway = await startGateway({
    backend,
    port: 0,
    token: keptSecret(join(dir, "data"), "redis-token"),
  });
  const redis = new Redis({ port, host: HOST });
  await redis.ping();
  const me = String(await redis.client("ID"));
  const clients = String(await redis.client("LIST")).split("\n");
  redis.disconnect();
  const addresses = clients.flatMap((line) => {
    const [, id, address] = /^id=(\d+) addr=(\S+)/.exec(line) ?? [];
    return id === undefined || id === me || address === undefined ? [] : [address];
  });
  return {
    network: async ({ from, to }, url) => (from === "control-plane" && to === "mid-tier" ? gateway.url : url),
    isItsAddress: (address) => addresses.includes(address),
    async close() {
      await gateway.close();
      await backend.dispose();
    },
  };
}

async function listen(
  port: number,
  { seconds, isOwn }: { readonly seconds: number; isOwn(address: string): boolean },
): Promise<Pick<Idle, "controlPlane" | "ofEdges">> {
  const heard = { controlPlane: new Tally(), ofEdges: new Tally() };
  let last = heard.controlPlane;
  const monitor = await monitorRedis(port, ({ source, args }) => {
    // What a script calls is told right behind it.
    if (source === "lua") last.called();
    else {
      last = isOwn(source) ? heard.controlPlane : heard.ofEdges;
      last.sent(nameOf(args), octetsOf(args));
    }
  });
  await pause(seconds * 1000);
  monitor.close();
  return { controlPlane: heard.controlPlane.perSecond(seconds), ofEdges: heard.ofEdges.perSecond(seconds) };
}

const octetsOf = (args: readonly string[]): number => args.reduce((sum, { length }) => sum + length, 0);

class Tally {
  private octets = 0;
  private readonly counts = new Map<string, { sent: number; called: number }>();
  private last = { sent: 0, called: 0 };

  sent(name: string, octets: number): void {
    this.octets += octets;
    this.last = this.counts.get(name) ?? { sent: 0, called: 0 };
    this.last.sent += 1;
    this.counts.set(name, this.last);
  }

  called(): void {
    this.last.called += 1;
  }

  perSecond(seconds: number): Asked {
    const each = [...this.counts].sort(([, a], [, b]) => b.sent + b.called - a.sent - a.called);
    const names = each.map(
      ([name, { sent, called }]) => [name, { sent: sent / seconds, called: called / seconds }] as const,
    );
    const sumOf = (what: "sent" | "called"): number => names.reduce((sum, [, one]) => sum + one[what], 0);
    return {
      ...{ sent: sumOf("sent"), called: sumOf("called"), octets: this.octets / seconds },
      names: Object.fromEntries(names),
    };
  }
}
