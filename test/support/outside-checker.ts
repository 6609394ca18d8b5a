// An outside client of a cluster: it knows the origin's truth at each instant, and judges every answer by the bound on staleness.

import type { Exchange } from "../../bench/outside/exchange.ts";
import { startTraffic } from "../../bench/outside/traffic.ts";
import { type OriginAsk, VersionedContent } from "../../bench/outside/versioned-content.ts";
import { zipfPicker } from "../../bench/outside/zipf.ts";
import { SITE_HOST, type TestCluster } from "./cluster.ts";
import { judgeOutside, type OutsideViolation, type PathRules, type SentPurge } from "./outside/judge.ts";
import { type Named, pathsNamed, type Subject } from "./outside/matching.ts";
import { type Percentiles, percentiles, type Summary, summarize } from "./outside/summary.ts";

/** One path of the origin, and what the policies in force make of it. */
export interface CheckedPath extends Subject, PathRules {
  readonly headers: Readonly<Record<string, string>>;
}

export interface OutsideChecker {
  /** A new version of a path; what was stored of it is out of date from now on. */
  write(path: string): void;
  versionOf(path: string): number;
  /** Every request that the origin was sent for the paths. */
  readonly asks: readonly OriginAsk[];
  /** Resolves when it was acknowledged, or was not. */
  purge(named: Named, mode?: SentPurge["mode"]): Promise<PurgeAnswer>;
  /** Asks all edges in turn, for the first paths most often. */
  start(plan: LoadPlan): CheckedTraffic;
}

export interface LoadPlan {
  /** Over all edges. */
  readonly perSecond: number;
  readonly deadlineMs: number;
  readonly seed: number;
}

export interface CheckedTraffic {
  /** What has ended so far. */
  readonly exchanges: readonly Exchange[];
  /** Resolves with everything that was wrong, once every request has ended. */
  stop(): Promise<Verdict>;
}

export interface PurgeAnswer {
  readonly status: number;
  readonly position: string | null;
}

export interface Verdict extends Summary {
  readonly violations: readonly OutsideViolation[];
  /** How long after the acknowledgement of a hard purge what it names was still served. */
  readonly servedAfterMs: Percentiles | null;
  /** Requests that could not be sent when they were due. */
  readonly withheld: number;
}

export interface CheckerOptions {
  readonly paths: readonly CheckedPath[];
  /** What measuring and transit may take. */
  readonly epsilonMs: number;
}

/** Sets the paths at the cluster's origin. */
export function createOutsideChecker(cluster: TestCluster, options: CheckerOptions): OutsideChecker {
  const { paths, epsilonMs } = options;
  const byPath = new Map(paths.map((one) => [one.path, one]));
  const content = new VersionedContent((path) => byPath.get(path)?.headers ?? {});
  for (const { path } of paths)
    cluster.site.set(path, (request) => content.answer(path, request.headers["if-none-match"]));
  const purges: SentPurge[] = [];
  const { edges } = cluster;
  return {
    write: (path) => content.write(path),
    versionOf: (path) => content.versionOf(path),
    asks: content.asks,
    async purge(named, mode = "hard") {
      const sent = { mode, paths: pathsNamed(named, SITE_HOST, paths), sentAt: performance.now() };
      const answer = await cluster.call("POST", "/invalidate", { ...named, mode });
      const acknowledgedAt = answer.status === 202 ? performance.now() : null;
      purges.push({ ...sent, acknowledgedAt });
      return { status: answer.status, position: answer.json?.position ?? null };
    },
    start(plan) {
      const { perSecond, deadlineMs, seed } = plan;
      const pathOf = zipfPicker([...byPath.keys()], seed);
      const traffic = startTraffic({ edges, host: SITE_HOST, perSecond, deadlineMs, pathOf });
      const { exchanges } = traffic;
      return {
        exchanges,
        async stop() {
          const { withheld } = await traffic.stop();
          const history = { rules: byPath, asks: content.asks, purges, exchanges };
          const { violations, servedAfterMs } = judgeOutside(history, epsilonMs);
          return { ...summarize(exchanges), violations, servedAfterMs: percentiles(servedAfterMs), withheld };
        },
      };
    },
  };
}
