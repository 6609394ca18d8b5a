// What was seen of an experiment from outside: every request's outcome, what reached the origin, and what was stale.

import type { Source } from "../bench/outside/cache-status.ts";
import type { ChaosReport, ChaosSecond } from "../shared/wire/chaos.ts";

export type Phase = ChaosReport["phase"];

/** All instants are one clock's, in milliseconds. */
export interface SeenRequest {
  readonly dueAt: number;
  readonly endedAt: number;
  readonly path: string;
  /** The edge that it was sent to last. */
  readonly edge: string;
  readonly source: Source;
  readonly hit: boolean;
  /** As errors are named; null where it was answered well. */
  readonly error: string | null;
  /** Why the error is nobody's fault; null where it is one. */
  readonly forgivable: "no-answer" | "turned-away" | null;
  /** The edge that it was sent to before, which refused it or broke it off; null = none. */
  readonly refusedBy: string | null;
  /** When the newest purge was sent that is binding on it; null = none is. */
  readonly boundBy: number | null;
}

export interface SeenAsk {
  readonly number: number;
  readonly at: number;
}

export interface Violations {
  readonly count: number;
  readonly byRule: Readonly<Record<string, number>>;
  readonly worstLateMs: number;
}

export interface PhaseMark {
  readonly phase: Phase;
  readonly at: number;
}

export class History {
  /** Requests that were sent, those that are under way included. */
  sent = 0;
  readonly requests: SeenRequest[] = [];
  readonly asks: SeenAsk[] = [];
  /** Numbers of the origin's asks that were passed on rather than fetched: no budget is meant for those. */
  readonly passed = new Set<number>();
  readonly phases: PhaseMark[] = [];

  enter(phase: Phase, at: number): void {
    this.phases.push({ phase, at });
  }

  /** Null where it was not entered yet. */
  began(phase: Phase): number | null {
    return this.phases.find((mark) => mark.phase === phase)?.at ?? null;
  }

  phaseAt(at: number): Phase {
    return this.phases.findLast((mark) => mark.at <= at)?.phase ?? "preparing";
  }

  dueBetween(from: number, to: number): SeenRequest[] {
    return this.requests.filter(({ dueAt }) => dueAt >= from && dueAt < to);
  }

  /** Null where nothing was due. Of those that have ended. */
  hitRatio(from: number, to: number): number | null {
    const due = this.dueBetween(from, to);
    return due.length === 0 ? null : hitsIn(due) / due.length;
  }

  /** Of a span that ends now: whoever still waits has no hit, whenever his request was due. */
  hitRatioNow(now: number, span: number): number | null {
    const due = this.dueBetween(now - span, now);
    const waiting = Math.max(0, this.sent - this.requests.length);
    return due.length + waiting === 0 ? null : hitsIn(due) / (due.length + waiting);
  }

  /** A second each, from the first request on. */
  timeline(): ChaosSecond[] {
    const beganAt = Math.min(...this.requests.map(({ dueAt }) => dueAt));
    if (!Number.isFinite(beganAt)) return [];
    const secondOf = (at: number): number => Math.max(0, Math.floor((at - beganAt) / 1000));
    const [requests, asks] = [
      Map.groupBy(this.requests, ({ dueAt }) => secondOf(dueAt)),
      Map.groupBy(this.asks, ({ at }) => secondOf(at)),
    ];
    const last = Math.max(...requests.keys());
    return Array.from({ length: last + 1 }, (_, second) => {
      const due = requests.get(second) ?? [];
      return {
        second,
        phase: this.phaseOf(beganAt + second * 1000),
        requests: due.length,
        hits: due.filter(({ hit }) => hit).length,
        errors: due.filter(({ error }) => error !== null).length,
        originRequests: asks.get(second)?.length ?? 0,
        p99Ms: p99(due),
      };
    });
  }

  /** Of the second from then on: the fault's where it has any part of it, so that no other phase looks worse for it. */
  private phaseOf(from: number): Phase {
    const faultAt = this.began("fault") ?? Number.POSITIVE_INFINITY;
    return faultAt >= from && faultAt < from + 1000 ? "fault" : this.phaseAt(from);
  }
}

const hitsIn = (due: readonly SeenRequest[]): number => due.filter(({ hit }) => hit).length;

/** From when it was due, so that who had to wait counts as slow. */
function p99(requests: readonly SeenRequest[]): number | null {
  const took = requests.map(({ dueAt, endedAt }) => endedAt - dueAt).sort((a, b) => a - b);
  const at = took[Math.ceil(took.length * 0.99) - 1];
  return at === undefined ? null : Math.round(at * 10) / 10;
}
