// What an outside client has seen, in figures of bounded size: by class, and second by second.

import { provenanceOf, SOURCES, type Source } from "./cache-status.ts";
import type { Exchange } from "./exchange.ts";
import { Latencies, type Percentiles } from "./latencies.ts";

export interface Figures {
  readonly requests: number;
  /** Of them: PUTs. */
  readonly writes: number;
  /** Answered from a cache, stale or not; what waited for somebody else's request to the origin is none. */
  readonly hits: number;
  /** Of them: served though their life was over. */
  readonly staleHits: number;
  /** Of what was read. */
  readonly hitRatio: number;
  readonly sources: Readonly<Record<Source, number>>;
  /** Neither answered nor answered well: a status of 400 or above, a broken connection, nothing by the deadline. */
  readonly errors: number;
  /** By status, or by how they failed. */
  readonly errorsBy: Readonly<Record<string, number>>;
  /** Asked of another edge, because the first would not have the connection. */
  readonly failOvers: number;
  /** Of bodies. */
  readonly octets: number;
  /** From the scheduled instant on, so that a client which had to wait counts as slow; errors included. */
  readonly latencyMs: Percentiles | null;
}

/** A second of the run by when its requests were due: final when the client's deadline has passed. */
export interface Second extends Figures {
  /** Of the run, 0 first. */
  readonly second: number;
  /** What reached the origin in it. */
  readonly originRequests: number;
  readonly violations: number;
}

export class Counts {
  private requests = 0;
  private writes = 0;
  private hits = 0;
  private staleHits = 0;
  private errors = 0;
  private failOvers = 0;
  private octets = 0;
  private readonly sources = Object.fromEntries(SOURCES.map((one) => [one, 0])) as Record<Source, number>;
  private readonly errorsBy: Record<string, number> = {};
  private readonly latencies: Latencies;

  constructor(figures: 2 | 3) {
    this.latencies = new Latencies(figures);
  }

  add(exchange: Exchange): void {
    const { outcome, scheduledAt, endedAt } = exchange;
    this.requests += 1;
    if (exchange.method === "PUT") this.writes += 1;
    this.latencies.add(endedAt - scheduledAt);
    if (exchange.refusedBy !== null) this.failOvers += 1;
    const error = errorIn(exchange);
    if (error !== null) {
      this.errors += 1;
      this.errorsBy[error] = (this.errorsBy[error] ?? 0) + 1;
    }
    if (outcome.kind !== "answered") return;
    this.octets += outcome.octets;
    const { source, hit, stale } = provenanceOf(outcome.cacheStatus);
    this.sources[source] += 1;
    if (!hit || error !== null) return;
    this.hits += 1;
    if (stale) this.staleHits += 1;
  }

  figures(): Figures {
    const { requests, writes, hits, staleHits, errors, failOvers, octets } = this;
    const reads = requests - writes;
    return {
      ...{ requests, writes, hits, staleHits, hitRatio: reads === 0 ? 0 : hits / reads },
      ...{ sources: { ...this.sources }, errors, errorsBy: { ...this.errorsBy }, failOvers, octets },
      latencyMs: this.latencies.percentiles(),
    };
  }
}

/** As short as names of errors are; null where it was answered well. */
export function errorIn({ outcome }: Exchange): string | null {
  if (outcome.kind === "silent") return "silent";
  if (outcome.kind === "failed") return outcome.begun ? `${outcome.reason} in its body` : outcome.reason;
  return outcome.status < 400 ? null : String(outcome.status);
}

/** An hour; of a longer run the last one is kept. */
const MOST_SECONDS = 3600;

interface OpenSecond {
  readonly counts: Counts;
  originRequests: number;
  violations: number;
}

/** Histograms are kept for seconds that can still change, and figures for the others. */
export class Timeline {
  private readonly beganAt: number;
  private readonly openMs: number;
  private readonly open = new Map<number, OpenSecond>();
  private readonly closed: Second[] = [];
  private firstOpen = 0;

  /** Requests that were due earlier than `openMs` ago have all ended. */
  constructor(given: { readonly beganAt: number; readonly openMs: number }) {
    this.beganAt = given.beganAt;
    this.openMs = given.openMs;
  }

  add(exchange: Exchange, violations: number): void {
    const second = this.at(exchange.scheduledAt);
    second.counts.add(exchange);
    second.violations += violations;
    this.close(exchange.endedAt);
  }

  originAsked(at: number): void {
    this.at(at).originRequests += 1;
  }

  /** Ascending; those in which nothing happened are not among them. */
  seconds(): Second[] {
    const open = [...this.open].sort(([a], [b]) => a - b).map(([number, one]) => figuresOf(number, one));
    return [...this.closed, ...open];
  }

  private numberOf(instant: number): number {
    return Math.max(0, Math.floor((instant - this.beganAt) / 1000));
  }

  private at(instant: number): OpenSecond {
    const number = this.numberOf(instant);
    const there = this.open.get(number);
    if (there !== undefined) return there;
    const made = { counts: new Counts(2), originRequests: 0, violations: 0 };
    this.open.set(number, made);
    return made;
  }

  private close(now: number): void {
    const firstOpen = this.numberOf(now - this.openMs);
    for (; this.firstOpen < firstOpen; this.firstOpen++) {
      const second = this.open.get(this.firstOpen);
      if (second === undefined) continue;
      this.closed.push(figuresOf(this.firstOpen, second));
      this.open.delete(this.firstOpen);
    }
    if (this.closed.length > MOST_SECONDS) this.closed.splice(0, this.closed.length - MOST_SECONDS);
  }
}

const figuresOf = (second: number, { counts, originRequests, violations }: OpenSecond): Second => ({
  ...{ second, ...counts.figures(), originRequests, violations },
});
