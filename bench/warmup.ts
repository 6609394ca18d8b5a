// A warm-up behind an origin's budget whose control plane is killed halfway: how fast the origin is asked, and whether twice.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "../dev/cluster.ts";
import { mostBeyond } from "./outage/phase.ts";
import { startSystem } from "./outside/start-system.ts";

export interface WarmupResult {
  readonly name: "warmup";
  readonly urls: number;
  readonly edges: number;
  readonly budget: { readonly rate: number; readonly burst: number };
  readonly job: Pick<Job, "state" | "done" | "failed" | "skipped">;
  /** From its beginning to its end, the time without a control plane included. */
  readonly seconds: number;
  readonly killed: {
    readonly afterDone: number;
    /** Until the job went on. */
    readonly wentOnAfterMs: number;
  };
  /** What the origin saw. */
  readonly origin: {
    readonly requests: number;
    readonly askedAgain: number;
    /** When it was, in seconds of the run. */
    readonly askedAgainAt: readonly number[];
    readonly missing: number;
    readonly mostInASecond: number;
    /** The fullest that a bucket of that rate would have had to be. */
    readonly mostBeyondRate: number;
    readonly perSecond: readonly number[];
  };
  /** Asked for afterwards at every edge: what it held itself, and for what the origin was asked. */
  readonly afterwards: { readonly asked: number; readonly held: number; readonly originRequests: number };
  readonly verdict: { readonly claim: string; readonly met: boolean };
}

interface Job {
  readonly state: "listing" | "running" | "done" | "cancelled";
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Asked {
  readonly path: string;
  /** This process's clock, milliseconds. */
  readonly at: number;
}

const EDGES = 3;
const BUDGET = { rate: 200, burst: 50 };
/** What the warm-up is told: more than the budget, which alone has to hold. */
const RATE = 2 * BUDGET.rate;
const CONCURRENCY = 32;
const ORIGIN_TAKES_MS = 5;
const POLL_MS = 100;
const GIVE_UP_MS = 300_000;
const SAMPLE = 50;

export async function benchWarmup(quick: boolean): Promise<WarmupResult> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const asked: Asked[] = [];
  const origin = await startOrigin(asked);
  const cluster = await startSystem({
    ...{ dir, origin, edges: EDGES },
    protection: { ...BUDGET, concurrency: null },
  });
  try {
    return await measure({ cluster, asked, urls: quick ? 2000 : 10_000 });
  } finally {
    await cluster.stop();
    origin.closeAllConnections();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function startOrigin(asked: Asked[]): Promise<Server> {
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? "", at: performance.now() });
    response.setHeader("cache-control", "max-age=3600");
    setTimeout(() => response.end(`content of ${request.url}`), ORIGIN_TAKES_MS);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

interface Run {
  readonly cluster: Cluster;
  readonly asked: readonly Asked[];
  readonly urls: number;
}

async function measure({ cluster, asked, urls }: Run): Promise<WarmupResult> {
  const paths = Array.from({ length: urls }, (_, n) => `/product/${n}`);
  const begunAt = performance.now();
  const job = await begin(cluster, { urls: paths, concurrency: CONCURRENCY, ratePerSecond: RATE });
  const half = await until(cluster, job, ({ done }) => done >= urls / 2);
  const killedAt = performance.now();
  killControlPlane(cluster);
  await until(cluster, job, ({ done }) => done > half.done);
  const wentOnAfterMs = Math.round(performance.now() - killedAt);
  const { state, done, failed, skipped } = await until(cluster, job, (seen) => seen.state === "done");
  const seconds = round((performance.now() - begunAt) / 1000);
  const seen = originSaw([...asked], paths);
  const afterwards = await lookAround(cluster, paths);
  return {
    ...{ name: "warmup", urls, edges: EDGES, budget: BUDGET },
    ...{ job: { state, done, failed, skipped }, seconds },
    ...{ killed: { afterDone: half.done, wentOnAfterMs }, origin: seen },
    afterwards: { ...afterwards, originRequests: asked.length - seen.requests },
    verdict: {
      claim: `every URL once, at most ${BUDGET.rate + BUDGET.burst} requests in any second, across a kill -9 of the control plane`,
      met:
        done === urls &&
        seen.askedAgain === 0 &&
        seen.missing === 0 &&
        seen.mostInASecond <= BUDGET.rate + BUDGET.burst,
    },
  };
}

async function begin({ control, token }: Cluster, body: Record<string, unknown>): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${control}/warmup`, { method: "POST", headers, body: JSON.stringify(body) });
  if (answer.status !== 202) throw new Error(`the warm-up was answered with ${answer.status}`);
  return ((await answer.json()) as { job: string }).job;
}

/** With everything that belongs to it; its supervisor starts it again. */
function killControlPlane(cluster: Cluster): void {
  const pid = cluster.controlPid();
  if (pid === null) throw new Error("the control plane is not running");
  process.kill(-pid, "SIGKILL");
}

/** Looks again and again, also while nobody answers. */
async function until({ control, token }: Cluster, job: string, holds: (seen: Job) => boolean): Promise<Job> {
  for (const giveUpAt = performance.now() + GIVE_UP_MS; performance.now() < giveUpAt; await pause(POLL_MS)) {
    const answer = await fetch(control + job, { headers: { authorization: `Bearer ${token}` } }).catch(
      () => null,
    );
    const seen = answer?.status === 200 ? ((await answer.json()) as Job) : null;
    if (seen !== null && holds(seen)) return seen;
  }
  throw new Error("the warm-up does not get on");
}

async function lookAround(
  { edges }: Cluster,
  paths: readonly string[],
): Promise<{ readonly asked: number; readonly held: number }> {
  const looked = paths.filter((_, index) => index % Math.ceil(paths.length / SAMPLE) === 0);
  let held = 0;
  for (const { url } of edges)
    for (const path of looked) {
      const answer = await fetch(url + path);
      await answer.arrayBuffer();
      if (/^tidegate-l1; hit/.test(answer.headers.get("cache-status") ?? "")) held += 1;
    }
  return { asked: edges.length * looked.length, held };
}

function originSaw(asked: readonly Asked[], paths: readonly string[]): WarmupResult["origin"] {
  const times = asked.map(({ at }) => at).sort((a, b) => a - b);
  const distinct = new Set(asked.map(({ path }) => path));
  const first = times[0] ?? 0;
  const seconds = Array.from(
    { length: Math.ceil(((times.at(-1) ?? 0) - first) / 1000) },
    (_, n) => first + n * 1000,
  );
  return {
    requests: asked.length,
    askedAgain: asked.length - distinct.size,
    askedAgainAt: asked
      .filter(({ path }, index) => asked.findIndex((one) => one.path === path) < index)
      .map(({ at }) => round((at - first) / 1000)),
    missing: paths.filter((path) => !distinct.has(path)).length,
    mostInASecond: mostWithin(times, 1000),
    mostBeyondRate: mostBeyond(times, BUDGET.rate),
    perSecond: seconds.map((from) => times.filter((at) => at >= from && at < from + 1000).length),
  };
}

/** In any span of that length, wherever it begins. */
function mostWithin(ascending: readonly number[], span: number): number {
  let [most, from] = [0, 0];
  for (const [to, at] of ascending.entries()) {
    while (at - (ascending[from] ?? at) >= span) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

const round = (value: number): number => Math.round(value * 10) / 10;
