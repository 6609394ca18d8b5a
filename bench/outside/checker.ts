// An outside client of a cluster: it knows the origin's truth at each instant, and judges every answer by the bound on staleness.

import { type CheckedGroup, CheckedSite } from "./checked-site.ts";
import { createOutsideClient, type Exchange } from "./exchange.ts";
import type { Judgement, Mode } from "./judge.ts";
import type { Named } from "./matching.ts";
import { type OpenLoop, startOpenLoop } from "./open-loop.ts";
import { type LoadReport, Run } from "./run.ts";
import type { Second } from "./tally.ts";
import type { OriginAsk, VersionedContent } from "./versioned-content.ts";

export type { CheckedGroup } from "./checked-site.ts";

export interface PurgeAnswer {
  readonly status: number;
  readonly position: string | null;
}

export interface CheckerOptions {
  readonly host: string;
  readonly groups: readonly CheckedGroup[];
  /** What measuring and transit may take. */
  readonly epsilonMs: number;
  /** `POST /invalidate` of the control plane; it may reject. */
  readonly invalidate: (named: Named, mode: Mode) => Promise<PurgeAnswer>;
  readonly onAsk?: (ask: OriginAsk) => void;
  /** Whether the origin could not be had for it: see `SiteOptions`. */
  readonly mayStandIn?: (exchange: Exchange) => boolean;
  /** False where the origin is not this content: then only figures are had. */
  readonly judged?: false;
}

export interface OutsideChecker {
  /** What the origin has to answer with, for every path of the groups. */
  readonly content: VersionedContent;
  /** A new version of a path; what was stored of it is out of date from now on. */
  write(path: string): void;
  versionOf(path: string): number;
  /** What reached the origin as a write of a path. */
  take(path: string, body: string): void;
  /** What the origin has of a group of values; null = nothing yet, undefined where the path is of no such group. */
  valueAt(path: string): string | null | undefined;
  /** Resolves when it was acknowledged, or was not: status 0 where no answer came. */
  purge(named: Named, mode?: Mode): Promise<PurgeAnswer>;
  /** Asks all edges in turn. Several may run one after the other. */
  start(plan: LoadPlan): CheckedLoad;
}

export interface LoadPlan {
  readonly edges: readonly { readonly url: string }[];
  /** Over all edges; a number, or what it is so many milliseconds after the beginning. */
  readonly perSecond: number | ((afterMs: number) => number);
  /** The most that it ever is, where it changes. */
  readonly mostPerSecond?: number;
  readonly deadlineMs: number;
  /** What the request of this number, due so many milliseconds after the beginning, asks for. */
  readonly pathOf: (number: number, afterMs: number) => string;
  /** Whether it writes there instead of reading (PUT); nothing is written where it is left out. */
  readonly writes?: (number: number, afterMs: number) => boolean;
  /** Whether an edge that refuses a connection is passed over for the next. */
  readonly failOver?: boolean;
  /** How much of the mean distance lies before a request: 1 where it is left out. */
  readonly spacing?: (number: number) => number;
  /** Paths that are written and then purged by their URL, at a steady rate. */
  readonly purges?: { readonly perSecond: number; readonly pathOf: (number: number) => string };
  /** Of each exchange when it has ended; none are kept. */
  readonly watch?: (exchange: Exchange, judgement: Judgement) => void;
}

export interface CheckedLoad {
  /** By when requests were due, up to now. The last ones may still change: see `Second`. */
  seconds(): readonly Second[];
  /** So far. */
  report(): LoadReport;
  /** Resolves once every request and purge has ended. */
  stop(): Promise<LoadReport>;
}

export function createOutsideChecker(options: CheckerOptions): OutsideChecker {
  const { host, invalidate, onAsk } = options;
  const runs = new Set<Run>();
  const site = new CheckedSite({
    ...options,
    onAsk(ask) {
      for (const run of runs) run.asked(ask);
      onAsk?.(ask);
    },
  });
  const { content } = site;
  const purge = async (named: Named, mode: Mode = "hard"): Promise<PurgeAnswer> => {
    const sent = site.purge(named, mode);
    const answer = await invalidate(named, mode).catch(() => ({ status: 0, position: null }));
    if (answer.status === 202 || answer.status === 200) sent.acknowledged();
    return answer;
  };
  const changed = (path: string): Promise<PurgeAnswer> => {
    content.write(path);
    return purge({ urls: [`http://${host}${path}`] });
  };
  return {
    content,
    write: (path) => void content.write(path),
    versionOf: (path) => content.versionOf(path),
    take: (path, body) => site.take(path, body),
    valueAt: (path) => site.valueAt(path),
    purge,
    start(plan) {
      const run = new Run(plan, site);
      runs.add(run);
      const purging = plan.purges === undefined ? null : startPurging(plan.purges, { run, changed });
      const asking = startAsking(plan, { host, run, site });
      return {
        seconds: () => run.timeline.seconds(),
        report: () => run.report(asking.counts()),
        async stop() {
          const [counts] = await Promise.all([asking.stop(), purging?.stop()]);
          runs.delete(run);
          return run.report(counts);
        },
      };
    },
  };
}

function startPurging(
  { perSecond, pathOf }: NonNullable<LoadPlan["purges"]>,
  { run, changed }: { run: Run; changed: (path: string) => Promise<PurgeAnswer> },
): OpenLoop {
  return startOpenLoop({
    ...{ perSecond, mostInFlight: 1000 },
    async send(number) {
      const sentAt = performance.now();
      const { status } = await changed(pathOf(number));
      run.purged(status, performance.now() - sentAt);
    },
  });
}

interface Asking {
  readonly host: string;
  readonly run: Run;
  readonly site: CheckedSite;
}

function startAsking(plan: LoadPlan, { host, run, site }: Asking): OpenLoop {
  const { edges, deadlineMs, failOver = false, spacing, perSecond } = plan;
  const client = createOutsideClient({ edges, host, deadlineMs, failOver });
  const most = typeof perSecond === "number" ? perSecond : (plan.mostPerSecond ?? perSecond(0));
  const loop = startOpenLoop({
    perSecond,
    // Twice what is under way when every request lasts as long as it may.
    mostInFlight: Math.ceil((2 * most * deadlineMs) / 1000),
    ...(spacing !== undefined && { spacing }),
    async send(number, scheduledAt) {
      const afterMs = scheduledAt - run.beganAt;
      const asked = { edge: number % edges.length, path: plan.pathOf(number, afterMs), scheduledAt };
      if (plan.writes?.(number, afterMs) !== true) return run.ended(await client.ask(asked));
      const sent = site.write(asked.path);
      const exchange = await client.ask({ ...asked, method: "PUT", body: sent.body });
      if (isWritten(exchange)) sent.acknowledged();
      else sent.unanswered();
      run.ended(exchange);
    },
  });
  return {
    counts: loop.counts,
    async stop() {
      const counts = await loop.stop();
      client.close();
      return counts;
    },
  };
}

const isWritten = ({ outcome }: Exchange): boolean =>
  outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;
