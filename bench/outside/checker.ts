// An outside client of a cluster: it knows the origin's truth at each instant, and judges every answer by the bound on staleness.

import { createOutsideClient, type Exchange } from "./exchange.ts";
import { type JudgedPath, type Mode, OutsideJudge, type OutsideViolation, type PathRules } from "./judge.ts";
import { Latencies, type Percentiles } from "./latencies.ts";
import type { Named } from "./matching.ts";
import { startOpenLoop } from "./open-loop.ts";
import { Counts, type Figures, type Second, Timeline } from "./tally.ts";
import { type OriginAsk, VersionedContent } from "./versioned-content.ts";

/** Paths of the origin, and what the policies in force make of them. */
export interface CheckedGroup extends PathRules {
  /** Every path that begins so; of several groups that fit the longest counts. */
  readonly below: string;
  readonly class: string;
  /** That the headers name as well. */
  readonly tags: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Of each body; what it states of itself is the least. */
  readonly octets?: number;
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
}

export interface OutsideChecker {
  /** What the origin has to answer with, for every path of the groups. */
  readonly content: VersionedContent;
  /** A new version of a path; what was stored of it is out of date from now on. */
  write(path: string): void;
  versionOf(path: string): number;
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

export interface LoadReport {
  readonly seconds: number;
  readonly all: Figures;
  readonly classes: Readonly<Record<string, Figures>>;
  readonly origin: {
    readonly requests: number;
    /** Of them: confirmed without content. */
    readonly notModified: number;
    readonly octets: number;
  };
  /** Share of the clients' requests, and of the octets that they got, that the origin did not see. */
  readonly offload: { readonly requests: number; readonly octets: number };
  readonly purges: {
    readonly sent: number;
    readonly acknowledged: number;
    readonly acknowledgedMs: Percentiles | null;
  };
  readonly violations: {
    readonly count: number;
    readonly byRule: Readonly<Record<string, number>>;
    /** Beyond what was allowed; ε not counted. */
    readonly worstLateMs: number;
    /** The first of them. */
    readonly first: readonly OutsideViolation[];
  };
  /** How long after the acknowledgement of a hard purge what it names was still served, allowed or not. */
  readonly servedAfterMs: Percentiles | null;
  readonly servedAfter: number;
  /** Requests that could not be sent when they were due. */
  readonly withheld: number;
}

/** Kept to be looked at; all are counted. */
const MOST_VIOLATIONS = 100;

export function createOutsideChecker(options: CheckerOptions): OutsideChecker {
  const { host, epsilonMs, invalidate } = options;
  const groupOf = longestFit(options.groups);
  const runs = new Set<Run>();
  const content = new VersionedContent({
    headersOf: (path) => groupOf(path)?.headers ?? {},
    octetsOf: (path) => groupOf(path)?.octets ?? 0,
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
  const purge = async (named: Named, mode: Mode = "hard"): Promise<PurgeAnswer> => {
    const sent = judge.purge(named, mode);
    const answer = await invalidate(named, mode).catch(() => ({ status: 0, position: null }));
    if (answer.status === 202 || answer.status === 200) sent.acknowledged();
    return answer;
  };
  return {
    content,
    write: (path) => void content.write(path),
    versionOf: (path) => content.versionOf(path),
    purge,
    start(plan) {
      const run = new Run(plan, judge, (path) => groupOf(path)?.class ?? "none");
      runs.add(run);
      const purging = plan.purges === undefined ? null : startPurging(plan.purges, run);
      const asking = startAsking(plan, host, run);
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

function startAsking(plan: LoadPlan, host: string, run: Run): { stop(): Promise<void> } {
  const { edges, deadlineMs, failOver = false, spacing, perSecond } = plan;
  const client = createOutsideClient({ edges, host, deadlineMs, failOver });
  const most = typeof perSecond === "number" ? perSecond : (plan.mostPerSecond ?? perSecond(0));
  const loop = startOpenLoop({
    perSecond,
    // Twice what is under way when every request lasts as long as it may.
    mostInFlight: Math.ceil((2 * most * deadlineMs) / 1000),
    ...(spacing !== undefined && { spacing }),
    async send(number, scheduledAt) {
      const path = plan.pathOf(number, scheduledAt - run.beganAt);
      run.ended(await client.ask({ edge: number % edges.length, path, scheduledAt }));
    },
  });
  return {
    async stop() {
      run.withheld = (await loop.stop()).withheld;
      client.close();
    },
  };
}

function longestFit(groups: readonly CheckedGroup[]): (path: string) => CheckedGroup | null {
  const longestFirst = [...groups].sort((a, b) => b.below.length - a.below.length);
  return (path) => longestFirst.find(({ below }) => path.startsWith(below)) ?? null;
}

/** One load, from its start to its report. */
class Run {
  readonly beganAt = performance.now();
  readonly timeline: Timeline;
  withheld = 0;
  private readonly plan: LoadPlan;
  private readonly judge: OutsideJudge;
  private readonly classOf: (path: string) => string;
  private readonly all = new Counts(3);
  private readonly classes = new Map<string, Counts>();
  private readonly origin = { requests: 0, notModified: 0, octets: 0 };
  private readonly purges = { sent: 0, acknowledged: 0 };
  private readonly acknowledgedMs = new Latencies();
  private readonly servedAfterMs = new Latencies();
  private readonly violations = { count: 0, worstLateMs: 0 };
  private readonly byRule: Record<string, number> = {};
  private readonly first: OutsideViolation[] = [];

  constructor(plan: LoadPlan, judge: OutsideJudge, classOf: (path: string) => string) {
    this.plan = plan;
    this.judge = judge;
    this.classOf = classOf;
    // A request that failed over has had two deadlines.
    this.timeline = new Timeline({ beganAt: this.beganAt, openMs: 2 * plan.deadlineMs + 1000 });
  }

  ended(exchange: Exchange): void {
    const { violations, servedAfterMs } = this.judge.judge(exchange);
    this.all.add(exchange);
    const name = this.classOf(exchange.path);
    const ofClass = this.classes.get(name) ?? new Counts(3);
    this.classes.set(name, ofClass);
    ofClass.add(exchange);
    this.timeline.add(exchange, violations.length);
    if (servedAfterMs !== null) this.servedAfterMs.add(servedAfterMs);
    for (const violation of violations) this.violated(violation);
    this.plan.watch?.(exchange);
  }

  asked(ask: OriginAsk): void {
    this.origin.requests += 1;
    if (ask.told === "confirmed") this.origin.notModified += 1;
    this.origin.octets += ask.octets;
    this.timeline.originAsked(ask.askedAt);
  }

  purged(status: number, ms: number): void {
    this.purges.sent += 1;
    if (status !== 202 && status !== 200) return;
    this.purges.acknowledged += 1;
    this.acknowledgedMs.add(ms);
  }

  report(): LoadReport {
    const all = this.all.figures();
    const unseen = (seen: number, whole: number): number => (whole === 0 ? 0 : 1 - seen / whole);
    return {
      seconds: (performance.now() - this.beganAt) / 1000,
      all,
      classes: Object.fromEntries([...this.classes].map(([name, counts]) => [name, counts.figures()])),
      origin: { ...this.origin },
      offload: {
        requests: unseen(this.origin.requests, all.requests),
        octets: unseen(this.origin.octets, all.octets),
      },
      purges: { ...this.purges, acknowledgedMs: this.acknowledgedMs.percentiles() },
      violations: { ...this.violations, byRule: { ...this.byRule }, first: [...this.first] },
      servedAfterMs: this.servedAfterMs.percentiles(),
      servedAfter: this.servedAfterMs.count,
      withheld: this.withheld,
    };
  }

  private violated(violation: OutsideViolation): void {
    this.violations.count += 1;
    this.violations.worstLateMs = Math.max(this.violations.worstLateMs, violation.lateMs);
    this.byRule[violation.rule] = (this.byRule[violation.rule] ?? 0) + 1;
    if (this.first.length < MOST_VIOLATIONS) this.first.push(violation);
  }
}
