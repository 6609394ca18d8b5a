// Whether the figures are what an outside client has counted, before and after one of two edges is killed.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Bundling, Cluster } from "../../dev/cluster.ts";
import { startSystem } from "../outside/start-system.ts";
import { type Answered, countedIn, missing, run, type Sums, sumsOf } from "./compare.ts";
import { origin, POLICIES } from "./mix.ts";

export interface Exactness {
  readonly requests: number;
  /** By class and result, answers less what was counted, before any edge was killed: empty where they agree. */
  readonly missing: Sums;
  readonly answered: Sums;
  readonly crash: {
    readonly answered: number;
    readonly unanswered: number;
    /** Over all classes and results. */
    readonly missing: number;
    /** Answers of the killed edge in the longest time between two reports before it was killed. */
    readonly inLastPeriod: number;
    /** As `/cache-metrics` tells it. */
    readonly lost: { readonly lives: number; readonly upToMs: number };
  };
}

/** A beat, and what a status call and its folding may take on a busy machine. */
const PERIOD_MS = 2000;
const AT_ONCE = 16;

export async function measureExactness(requests: number, bundling?: Bundling): Promise<Exactness> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const server = await listening();
  const cluster = await startSystem({
    dir,
    origin: server,
    edges: 2,
    policies: POLICIES,
    ...(bundling && { bundling }),
  });
  try {
    const half = Math.floor(requests / 2);
    const edges = cluster.edges.map(({ url }) => url);
    const calm = await run({ edges, from: 0, count: half, atOnce: AT_ONCE });
    const answered = sumsOf(calm.answers);
    const counted = await settledFigures(cluster, (figures) => sizeOf(missing(answered, figures.sums)) === 0);
    let killedAt = 0;
    const stormy = await run({
      ...{ edges, from: half, count: requests - half, atOnce: AT_ONCE },
      ended(count) {
        if (killedAt > 0 || count < (requests - half) / 3) return;
        killedAt = Date.now();
        const pid = cluster.edges[0]?.pid();
        if (pid !== null && pid !== undefined) process.kill(-pid, "SIGKILL");
      },
    });
    const after = await settledFigures(cluster, ({ lost }) => lost.lives > counted.lost.lives);
    const all = [...calm.answers, ...stormy.answers];
    return {
      ...{ requests, answered, missing: missing(answered, counted.sums) },
      crash: {
        ...{ answered: all.length, unanswered: stormy.unanswered, lost: after.lost },
        missing: sizeOf(sumsOf(all)) - sizeOf(after.sums),
        inLastPeriod: stormy.answers.filter((one) => isLast(one, killedAt)).length,
      },
    };
  } finally {
    await cluster.stop();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const isLast = ({ edge, at }: Answered, killedAt: number): boolean =>
  edge === 0 && at > killedAt - PERIOD_MS && at <= killedAt + 100;

const sizeOf = (sums: Sums): number =>
  Object.values(sums)
    .flatMap((of) => Object.values(of))
    .reduce((total, count) => total + Math.abs(count ?? 0), 0);

interface Figures {
  readonly sums: Sums;
  readonly lost: { readonly lives: number; readonly upToMs: number };
}

/** Read until what is awaited is there, and for no longer than ten seconds; reading collects. */
async function settledFigures(cluster: Cluster, there: (figures: Figures) => boolean): Promise<Figures> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${cluster.control}/cache-metrics?window=24h`, {
      headers: { authorization: `Bearer ${cluster.token}` },
    });
    // biome-ignore lint/suspicious/noExplicitAny: an answer of the API, read field by field
    const json = (await answer.json()) as any;
    const figures = { sums: countedIn(json.classes), lost: json.lost };
    if (there(figures) || tries >= 20) return figures;
    await pause(500);
  }
}

async function listening(): Promise<Server> {
  const server = createServer(origin);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return server;
}
