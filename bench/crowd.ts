// A flash crowd on one key over three edges: what it costs the origin, and how much longer it waits than on a fresh key.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../dev/cluster.ts";
import { groupCpuSeconds } from "./cpu.ts";
import type { Answered } from "./crowd/client.ts";
import { type Crowd, gatherCrowd } from "./crowd/crowd.ts";
import { median, quantile } from "./http-load.ts";
import { createOutsideClient } from "./outside/exchange.ts";
import { startSystem } from "./outside/start-system.ts";

export interface CrowdResult {
  readonly name: "crowd";
  readonly edges: number;
  readonly clients: number;
  readonly rounds: number;
  /** In every round each key is another one, and all four crowds come one after the other. */
  readonly fresh: Figures;
  /** Past its life, without a stale window: everybody waits for the one request. */
  readonly expired: Figures;
  /** Past its life, within `stale-while-revalidate`. */
  readonly stale: Figures;
  /** Held by nobody. */
  readonly cold: Figures;
  readonly verdict: {
    readonly claim: string;
    /** Of the rounds' p99, medians; then of all answers of all rounds. */
    readonly expiredToFresh: Ratio;
    readonly staleToFresh: Ratio;
    readonly met: boolean;
    readonly above?: readonly string[];
  };
}

interface Ratio {
  readonly ofMedians: number;
  readonly ofAll: number;
}

interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p99MsByRound: readonly number[];
  /** What the crowd of each round made the origin be asked, counted there. */
  readonly originRequestsByRound: readonly number[];
  /** CPU of all edges a request, median of the rounds: what another load on the machine changes least. */
  readonly cpuMicros: number | null;
  /** Answers that were not 200 with all of the content. */
  readonly failed: number;
}

const KINDS = ["fresh", "expired", "stale", "cold"] as const;
type Kind = (typeof KINDS)[number];

interface Round {
  readonly answers: readonly Answered[];
  readonly originRequests: number;
  readonly cpuMicros: number | null;
}

const EDGES = 3;
const CLIENTS = 2000;
const BODY = Buffer.alloc(1024, "a");
const ORIGIN_TAKES_MS = 20;
const HOST = "bench.test";
/** Long enough that no crowd sees two expiries. */
const TTL_S = 3;
/** Behind the crowd's last answer: what is still on its way to the origin then is not the crowd's doing. */
const SETTLED_MS = 300;
const MOST = 2;

const FRESHNESS: Readonly<Record<Kind, string>> = {
  fresh: "max-age=3600",
  cold: "max-age=3600",
  expired: `max-age=${TTL_S}`,
  stale: `max-age=${TTL_S}`,
};
/** `hot` brings a stale window of 30 s; whatever else is asked for is of class `standard`, which adds nothing. */
const POLICIES = [{ key_pattern: "/stale/*", class: "hot" }];

export async function benchCrowd(quick: boolean): Promise<CrowdResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const asked = new Map<string, number>();
  const origin = await startOrigin(asked);
  const cluster = await startSystem({ dir, origin, edges: EDGES, policies: POLICIES });
  const ports = cluster.edges.map(({ url }) => Number(new URL(url).port));
  const crowd = gatherCrowd({ ports, host: HOST, connections: CLIENTS });
  try {
    return resultOf(await measure({ cluster, crowd, asked }, quick ? 3 : 11));
  } finally {
    await crowd.close();
    await cluster.stop();
    origin.closeAllConnections();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function startOrigin(asked: Map<string, number>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const kind = KINDS.find((name) => path.startsWith(`/${name}/`)) ?? "fresh";
    const headers = {
      "content-type": "text/plain",
      "content-length": BODY.length,
      "cache-control": FRESHNESS[kind],
    };
    setTimeout(() => response.writeHead(200, headers).end(BODY), ORIGIN_TAKES_MS);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

interface Stage {
  readonly cluster: Cluster;
  readonly crowd: Crowd;
  readonly asked: ReadonlyMap<string, number>;
}

async function measure(stage: Stage, rounds: number): Promise<Record<Kind, Round[]>> {
  const taken: Record<Kind, Round[]> = { fresh: [], expired: [], stale: [], cold: [] };
  // A first round in which runtimes compile and connections open, and which counts for nothing.
  for (let round = 0; round <= rounds; round++) {
    const kept = (["fresh", "expired", "stale"] as const).map((kind) => pathOf(kind, round));
    for (const path of kept) await askEveryEdge(stage.cluster, path);
    await pause(TTL_S * 1000 + SETTLED_MS);
    // Who goes first changes every round, so that none always comes upon the same state of the machine.
    const order = KINDS.map((_, i) => KINDS[(i + round) % KINDS.length] ?? "fresh");
    for (const kind of order) {
      const one = await oneCrowd(stage, pathOf(kind, round));
      if (round > 0) taken[kind].push(one);
    }
  }
  return taken;
}

const pathOf = (kind: Kind, round: number): string => `/${kind}/${round}`;

/** So that each holds it in its own memory. */
async function askEveryEdge({ edges }: Cluster, path: string): Promise<void> {
  const client = createOutsideClient({ edges, host: HOST, deadlineMs: 5000 });
  for (const edge of edges.keys()) {
    const { outcome } = await client.ask({ edge, path, scheduledAt: performance.now() });
    if (outcome.kind !== "answered" || outcome.status !== 200) throw new Error(`${path} could not be had`);
  }
  client.close();
}

async function oneCrowd({ cluster, crowd, asked }: Stage, path: string): Promise<Round> {
  const [askedBefore, cpuBefore] = [asked.get(path) ?? 0, cpuSeconds(cluster)];
  const answers = await crowd.ask(path);
  const cpu = cpuSeconds(cluster);
  await pause(SETTLED_MS);
  return {
    answers,
    originRequests: (asked.get(path) ?? 0) - askedBefore,
    cpuMicros: cpu === null || cpuBefore === null ? null : ((cpu - cpuBefore) / CLIENTS) * 1e6,
  };
}

function cpuSeconds({ edges }: Cluster): number | null {
  const seconds = edges.map(({ pid }) => groupCpuSeconds(pid() ?? 0));
  return seconds.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0);
}

function resultOf(rounds: Record<Kind, Round[]>): CrowdResult {
  const [fresh, expired] = [figuresOf(rounds.fresh), figuresOf(rounds.expired)];
  const [stale, cold] = [figuresOf(rounds.stale), figuresOf(rounds.cold)];
  const [expiredToFresh, staleToFresh] = [ratio(expired, fresh), ratio(stale, fresh)];
  const once = [expired, stale, cold].every((figures) => figures.originRequestsByRound.every((n) => n === 1));
  const none = fresh.originRequestsByRound.every((n) => n === 0);
  const failed = [fresh, expired, stale, cold].reduce((sum, one) => sum + one.failed, 0);
  const late = Object.entries({ expired: expiredToFresh, stale: staleToFresh }).filter(
    ([, { ofMedians, ofAll }]) => !(Math.max(ofMedians, ofAll) <= MOST),
  );
  const above = [
    ...(once && none ? [] : ["other than one origin request"]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...late.map(
      ([name, { ofMedians, ofAll }]) => `${name}: ${ofMedians.toFixed(2)}, ${ofAll.toFixed(2)} times`,
    ),
  ];
  return {
    ...{ name: "crowd", edges: EDGES, clients: CLIENTS, rounds: rounds.fresh.length },
    ...{ fresh, expired, stale, cold },
    verdict: {
      claim: `1 origin request an expiry over ${EDGES} edges; p99 at most ${MOST} times that of a fresh key`,
      ...{ expiredToFresh, staleToFresh, met: above.length === 0, above },
    },
  };
}

function figuresOf(rounds: readonly Round[]): Figures {
  const ascending = ({ answers }: Pick<Round, "answers">): number[] =>
    answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const cpu = rounds.flatMap(({ cpuMicros }) => cpuMicros ?? []);
  const all = ascending({ answers: rounds.flatMap(({ answers }) => answers) });
  return {
    p50Ms: quantile(all, 0.5),
    p99Ms: quantile(all, 0.99),
    p99MsByRound: rounds.map((round) => Math.round(quantile(ascending(round), 0.99))),
    originRequestsByRound: rounds.map(({ originRequests }) => originRequests),
    cpuMicros: cpu.length === 0 ? null : median(cpu),
    failed: rounds
      .flatMap(({ answers }) => answers)
      .filter(({ status, length }) => status !== 200 || length !== BODY.length).length,
  };
}

const ratio = (one: Figures, other: Figures): Ratio => ({
  ofMedians: median(one.p99MsByRound) / median(other.p99MsByRound),
  ofAll: one.p99Ms / other.p99Ms,
});
