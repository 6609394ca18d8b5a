// Keys that are asked for seldom at any one edge, with the refresher and without: how many requests find them, and what that costs the origin.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster } from "../dev/cluster.ts";
import { mixUnit } from "../shared/core/mix.ts";
import type { Exchange } from "./outside/exchange.ts";
import { startSystem } from "./outside/start-system.ts";
import { startTraffic } from "./outside/traffic.ts";
import { type Spread, spread } from "./spread.ts";

interface Side {
  readonly requests: number;
  readonly hitRatio: number;
  readonly requestMs: Spread;
  /** To the origin, for clients and by the refresher, and how many of them it answered by 304. */
  readonly originRequests: number;
  readonly notModified: number;
}

export interface RefreshResult {
  readonly name: "refresh";
  readonly edges: number;
  readonly keys: number;
  readonly lifeSeconds: number;
  /** Of each key, over all edges. */
  readonly secondsBetweenRequests: number;
  readonly learningSeconds: number;
  readonly measuredSeconds: number;
  readonly with: Side;
  readonly without: Side;
  /** What `/cache-metrics` says of renewals in the time that was measured. */
  readonly renewals: Record<string, number>;
}

const EDGES = 3;
const KEYS = 200;
/** Over both sides: each key every ten seconds, at every edge every thirty. */
const REQUESTS_PER_SECOND = 40;
const LIFE_SECONDS = 30;
const ORIGIN_MS = 100;
const LEARNING = { full: 300, quick: 150 };
const MEASURED = { full: 180, quick: 60 };
const HOST = "bench.test";
const TOKEN = "a-token-for-the-bench";
const SIDES = ["with", "without"] as const;
type SideName = (typeof SIDES)[number];

const policyOf = (side: SideName) => ({
  ...{ id: side, key_pattern: `/${side}/*`, class: "standard", ttl: LIFE_SECONDS, ttl_mode: "override" },
  ...{ stale_while_revalidate: 0, refresh_strategy: side === "with" ? "swr" : "none" },
});

interface Asked {
  readonly side: string;
  readonly at: number;
  readonly notModified: boolean;
}

export async function benchRefresh(quick: boolean): Promise<RefreshResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const asked: Asked[] = [];
  const origin = await startOrigin(asked);
  const policies = SIDES.map(policyOf);
  const cluster = await startSystem({ dir, origin, edges: EDGES, token: TOKEN, policies });
  try {
    return await measure(cluster, asked, quick ? "quick" : "full");
  } finally {
    await cluster.stop();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function startOrigin(asked: Asked[]): Promise<Server> {
  const server = createServer((request, response) => {
    const notModified = request.headers["if-none-match"] === '"1"';
    asked.push({ side: (request.url ?? "").split("/")[1] ?? "", at: performance.now(), notModified });
    setTimeout(() => {
      response.writeHead(notModified ? 304 : 200, { etag: '"1"' });
      response.end(notModified ? undefined : "content");
    }, ORIGIN_MS);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function measure(
  cluster: Cluster,
  asked: readonly Asked[],
  length: "full" | "quick",
): Promise<RefreshResult> {
  const traffic = startTraffic({
    ...{ edges: cluster.edges, host: HOST, perSecond: REQUESTS_PER_SECOND, deadlineMs: 5000 },
    // Drawn, so that nothing falls in step with anything.
    pathOf: (number) => `/${SIDES[number % 2]}/${Math.floor(KEYS * mixUnit(`request ${number}`))}`,
  });
  await seconds(LEARNING[length]);
  const from = performance.now();
  await seconds(MEASURED[length]);
  await traffic.stop();
  const answer = await fetch(`${cluster.control}/cache-metrics?window=${MEASURED[length]}s`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const { refresh } = (await answer.json()) as { refresh: { due: Record<string, number> } };
  const exchanges = traffic.exchanges.filter(({ sentAt }) => sentAt >= from);
  const later = asked.filter(({ at }) => at >= from);
  return {
    ...{ name: "refresh", edges: EDGES, keys: KEYS, lifeSeconds: LIFE_SECONDS },
    secondsBetweenRequests: (2 * KEYS) / REQUESTS_PER_SECOND,
    ...{ learningSeconds: LEARNING[length], measuredSeconds: MEASURED[length] },
    with: sideOf("with", exchanges, later),
    without: sideOf("without", exchanges, later),
    renewals: refresh.due,
  };
}

function sideOf(side: SideName, exchanges: readonly Exchange[], asked: readonly Asked[]): Side {
  const own = exchanges.filter(({ path }) => path.startsWith(`/${side}/`));
  const hits = own.filter(
    ({ outcome }) => outcome.kind === "answered" && / hit/.test(outcome.cacheStatus),
  ).length;
  const requests = asked.filter((one) => one.side === side);
  return {
    requests: own.length,
    hitRatio: hits / own.length,
    requestMs: spread(own.map(({ sentAt, endedAt }) => endedAt - sentAt)),
    originRequests: requests.length,
    notModified: requests.filter(({ notModified }) => notModified).length,
  };
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * count));
