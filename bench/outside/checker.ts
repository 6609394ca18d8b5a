// An outside client of a cluster: it knows the origin's truth at each instant, and judges every answer by the bound on staleness.

import { createOutsideClient, type Exchange } from "./exchange.ts";
import {
  type JudgedPath,
  type Judgement,
  type Mode,
  OutsideJudge,
  type OutsideViolation,
  type PathRules,
} from "./judge.ts";
import type { Named } from "./matching.ts";
import { startOpenLoop } from "./open-loop.ts";
import { type Judging, type LoadReport, Run } from "./run.ts";
import type { Second } from "./tally.ts";
import { type OriginAsk, VersionedContent } from "./versioned-content.ts";
import { type SentWrite, WrittenValues } from "./written-values.ts";

type Headers = Readonly<Record<string, string>>;

/** Paths of the origin, and what the policies in force make of them. */
export interface CheckedGroup extends PathRules {
  /** Every path that begins so; of several groups that fit the longest counts. */
  readonly below: string;
  readonly class: string;
  /** That the headers name as well. */
  readonly tags: readonly string[];
  readonly headers: Headers | ((path: string) => Headers);
  /** Of each body; what it states of itself is the least. */
  readonly octets?: number | ((path: string) => number);
  /** They hold what clients write there (write-back), and nothing before. */
  readonly values?: true;
}

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
  readonly watch?: (exchange: Exchange) => void;
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
  const { host, epsilonMs, invalidate } = options;
  const groupOf = longestFit(options.groups);
  const runs = new Set<Run>();
  const content = new VersionedContent({
    headersOf(path) {
      const { headers = {} } = groupOf(path) ?? {};
      return typeof headers === "function" ? headers(path) : headers;
    },
    octetsOf(path) {
      const { octets = 0 } = groupOf(path) ?? {};
      return typeof octets === "function" ? octets(path) : octets;
    },
    onAsk(ask) {
      for (const run of runs) run.asked(ask);
      options.onAsk?.(ask);
    },
  });
  const pathOf = (path: string): JudgedPath | null => {
    const group = groupOf(path);
    return group === null ? null : { ...group, path };
  };
  const judge = new OutsideJudge({ host, pathOf, truth: content, epsilonMs });
  const values = new WrittenValues();
  const taken = new Map<string, string>();
  const holdsValues = (path: string): boolean => groupOf(path)?.values === true;
  const judging: Judging = {
    judge: (exchange) => (holdsValues(exchange.path) ? judgeValue(values, exchange) : judge.judge(exchange)),
    classOf: (path) => groupOf(path)?.class ?? "none",
  };
  const purge = async (named: Named, mode: Mode = "hard"): Promise<PurgeAnswer> => {
    const sent = judge.purge(named, mode);
    const answer = await invalidate(named, mode).catch(() => ({ status: 0, position: null }));
    if (answer.status === 202 || answer.status === 200) sent.acknowledged();
    return answer;
  };
  const write = (path: string): SentWrite => {
    if (holdsValues(path)) return values.write(path);
    // A write around the caches is, once it is answered, an acknowledged invalidation of its URL.
    const sent = judge.purge({ urls: [`http://${host}${path}`] }, "hard");
    return { body: "written", acknowledged: () => sent.acknowledged(), unanswered: () => {} };
  };
  return {
    content,
    write: (path) => void content.write(path),
    versionOf: (path) => content.versionOf(path),
    take: (path, body) => void (holdsValues(path) ? taken.set(path, body) : content.write(path)),
    valueAt: (path) => (holdsValues(path) ? (taken.get(path) ?? null) : undefined),
    purge,
    start(plan) {
      const run = new Run(plan, judging);
      runs.add(run);
      const purging = plan.purges === undefined ? null : startPurging(plan.purges, run);
      const asking = startAsking(plan, { host, run, write });
      return {
        seconds: () => run.timeline.seconds(),
        report: () => run.report(),
        async stop() {
          await Promise.all([asking.stop(), purging?.stop()]);
          runs.delete(run);
          return run.report();
        },
      };
    },
  };

  function startPurging({ perSecond, pathOf: purged }: NonNullable<LoadPlan["purges"]>, run: Run) {
    return startOpenLoop({
      ...{ perSecond, mostInFlight: 1000 },
      async send(number) {
        const path = purged(number);
        content.write(path);
        const sentAt = performance.now();
        const { status } = await purge({ urls: [`http://${host}${path}`] });
        run.purged(status, performance.now() - sentAt);
      },
    });
  }
}

const UNJUDGED: Judgement = { violations: [], servedAfterMs: null };

interface Asking {
  readonly host: string;
  readonly run: Run;
  readonly write: (path: string) => SentWrite;
}

function startAsking(plan: LoadPlan, { host, run, write }: Asking): { stop(): Promise<void> } {
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
      const sent = write(asked.path);
      const exchange = await client.ask({ ...asked, method: "PUT", body: sent.body });
      if (isWritten(exchange)) sent.acknowledged();
      else sent.unanswered();
      run.ended(exchange);
    },
  });
  return {
    async stop() {
      run.withheld = (await loop.stop()).withheld;
      client.close();
    },
  };
}

const isWritten = ({ outcome }: Exchange): boolean =>
  outcome.kind === "answered" && outcome.status >= 200 && outcome.status < 300;

/** There is a violation where an acknowledged write, or another than what was written, shows. */
function judgeValue(values: WrittenValues, exchange: Exchange): Judgement {
  const { outcome, path, sentAt, method } = exchange;
  const right = UNJUDGED;
  // A refusal shows nothing, but that there is nothing is a statement too.
  if (method === "PUT" || outcome.kind !== "answered") return right;
  if (outcome.status !== 200 && outcome.status !== 404) return right;
  const shown = outcome.written ?? null;
  if (outcome.status === 200 && shown === null) return wrong("invented");
  const verdict = values.judge(path, shown, sentAt);
  return verdict === "right" ? right : wrong(verdict);

  function wrong(rule: OutsideViolation["rule"]): Judgement {
    return { violations: [{ rule, exchange, lateMs: Number.POSITIVE_INFINITY }], servedAfterMs: null };
  }
}

function longestFit(groups: readonly CheckedGroup[]): (path: string) => CheckedGroup | null {
  const longestFirst = [...groups].sort((a, b) => b.below.length - a.below.length);
  return (path) => longestFirst.find(({ below }) => path.startsWith(below)) ?? null;
}
