// One load, from its start to its report, in figures of bounded size.

import type { Exchange } from "./exchange.ts";
import type { Judgement, OutsideViolation } from "./judge.ts";
import { Latencies, type Percentiles } from "./latencies.ts";
import { keptTime, type OpenLoopCounts } from "./open-loop.ts";
import { Counts, errorIn, type Figures, Timeline } from "./tally.ts";
import type { OriginAsk } from "./versioned-content.ts";

export interface LoadReport {
  readonly seconds: number;
  readonly all: Figures;
  readonly classes: Readonly<Record<string, Figures>>;
  readonly origin: {
    /** For what is read. */
    readonly requests: number;
    /** Of them: confirmed without content. */
    readonly notModified: number;
    readonly octets: number;
  };
  /** Share of what clients read, and of the octets that they got, that the origin did not see; NaN where nobody knows. */
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
  /** The first of them, to be looked at. */
  readonly firstErrors: readonly FoundError[];
  /** How long after the acknowledgement of a hard purge what it names was still served, allowed or not. */
  readonly servedAfterMs: Percentiles | null;
  readonly servedAfter: number;
  /** Answers that a hard purge was binding on: where there is none, no stale answer could have shown. */
  readonly bound: number;
  /** How the client itself kept time. */
  readonly client: OpenLoopCounts;
}

/** Whether there is anything in a report, and nothing of it the client's own doing. */
export const isWhole = ({ all, client }: Pick<LoadReport, "all" | "client">): boolean =>
  all.requests > 0 && keptTime(client);

export interface FoundError {
  readonly error: string;
  /** Of the run. */
  readonly second: number;
  /** The edge's number, 0 first. */
  readonly edge: number;
  readonly path: string;
  /** The edge that had refused it before; null = none. */
  readonly refusedBy: number | null;
  readonly cacheStatus: string | null;
}

/** Kept to be looked at; all are counted. */
const MOST_VIOLATIONS = 100;
const MOST_ERRORS = 20;

export interface RunPlan {
  readonly deadlineMs: number;
  readonly watch?: (exchange: Exchange, judgement: Judgement) => void;
}

export interface Judging {
  judge(exchange: Exchange): Judgement;
  classOf(path: string): string;
}

export class Run {
  readonly beganAt = performance.now();
  readonly timeline: Timeline;
  private bound = 0;
  private readonly plan: RunPlan;
  private readonly judging: Judging;
  private readonly all = new Counts(3);
  private readonly classes = new Map<string, Counts>();
  private readonly origin = { requests: 0, notModified: 0, octets: 0 };
  private readonly purges = { sent: 0, acknowledged: 0 };
  private readonly acknowledgedMs = new Latencies();
  private readonly servedAfterMs = new Latencies();
  private readonly violations = { count: 0, worstLateMs: 0 };
  private readonly byRule: Record<string, number> = {};
  private readonly first: OutsideViolation[] = [];
  private readonly firstErrors: FoundError[] = [];

  constructor(plan: RunPlan, judging: Judging) {
    this.plan = plan;
    this.judging = judging;
    // A request that failed over has had two deadlines.
    this.timeline = new Timeline({ beganAt: this.beganAt, openMs: 2 * plan.deadlineMs + 1000 });
  }

  ended(exchange: Exchange): void {
    const judgement = this.judging.judge(exchange);
    const { violations, servedAfterMs, boundBy } = judgement;
    if (boundBy !== null) this.bound += 1;
    this.all.add(exchange);
    const name = this.judging.classOf(exchange.path);
    const ofClass = this.classes.get(name) ?? new Counts(3);
    this.classes.set(name, ofClass);
    ofClass.add(exchange);
    this.timeline.add(exchange, violations.length);
    if (servedAfterMs !== null) this.servedAfterMs.add(servedAfterMs);
    for (const violation of violations) this.violated(violation);
    this.noteError(exchange);
    this.plan.watch?.(exchange, judgement);
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

  report(client: OpenLoopCounts): LoadReport {
    const all = this.all.figures();
    const unseen = (seen: number, whole: number): number => (whole === 0 ? 0 : 1 - seen / whole);
    return {
      seconds: (performance.now() - this.beganAt) / 1000,
      all,
      classes: Object.fromEntries([...this.classes].map(([name, counts]) => [name, counts.figures()])),
      origin: { ...this.origin },
      offload: {
        requests: unseen(this.origin.requests, all.requests - all.writes),
        octets: unseen(this.origin.octets, all.octets),
      },
      purges: { ...this.purges, acknowledgedMs: this.acknowledgedMs.percentiles() },
      violations: { ...this.violations, byRule: { ...this.byRule }, first: [...this.first] },
      firstErrors: [...this.firstErrors],
      servedAfterMs: this.servedAfterMs.percentiles(),
      servedAfter: this.servedAfterMs.count,
      bound: this.bound,
      client,
    };
  }

  private noteError(exchange: Exchange): void {
    const error = errorIn(exchange);
    if (error === null || this.firstErrors.length >= MOST_ERRORS) return;
    const { edge, path, scheduledAt, refusedBy, outcome } = exchange;
    const cacheStatus = outcome.kind === "answered" ? outcome.cacheStatus : null;
    const second = Math.floor((scheduledAt - this.beganAt) / 1000);
    this.firstErrors.push({ error, second, edge, path, refusedBy, cacheStatus });
  }

  private violated(violation: OutsideViolation): void {
    this.violations.count += 1;
    this.violations.worstLateMs = Math.max(this.violations.worstLateMs, violation.lateMs);
    this.byRule[violation.rule] = (this.byRule[violation.rule] ?? 0) + 1;
    if (this.first.length < MOST_VIOLATIONS) this.first.push(violation);
  }
}
