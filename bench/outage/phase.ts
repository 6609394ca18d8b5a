// What a phase of a loss looked like from outside: hits second by second, errors, and what the origin was asked for.

import type { Exchange } from "../outside/exchange.ts";

export interface PhaseResult {
  readonly requests: number;
  /** Neither answered nor answered well: anything but a 200. */
  readonly errors: number;
  /** By what the client saw, and at which whole second of the phase. */
  readonly errorsBy: Readonly<Record<string, readonly number[]>>;
  /** Until hits are 95 % of what they were, and stay so on the mean of the three seconds from there; null = never. */
  readonly secondsTo95Percent: number | null;
  readonly worstSecond: number;
  readonly lastSeconds: number;
  readonly perSecond: readonly number[];
  /** Requests to the origin beyond rate · t, in the span where there were most: a bucket allows its burst. */
  readonly originMostBeyondRate: number;
  readonly originPerSecond: readonly number[];
  /** From the scheduled instant. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface PhaseOf {
  /** The client's clock, milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Hits in the steady state. */
  readonly before: number;
  /** When the origin was asked. */
  readonly asked: readonly number[];
  readonly rate: number;
}

/** What was joined came for somebody else's request. */
const isHit = ({ outcome }: Exchange): boolean =>
  outcome.kind === "answered" && outcome.status === 200 && /; (hit|collapsed)/.test(outcome.cacheStatus);

/** Of what was asked in between. */
export function hitRatio(exchanges: readonly Exchange[], from: number, to: number): number {
  const asked = exchanges.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  return asked.filter(isHit).length / Math.max(1, asked.length);
}

export function phaseResult(exchanges: readonly Exchange[], of: PhaseOf): PhaseResult {
  const { from, to, before, asked } = of;
  const during = exchanges.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  const starts = Array.from({ length: Math.floor((to - from) / 1000) }, (_, n) => from + n * 1000);
  const perSecond = starts.map((at) => round(hitRatio(during, at, at + 1000)));
  const back = starts.findIndex((at) => hitRatio(during, at, at + 3000) >= 0.95 * before);
  const within = asked.filter((at) => at >= from && at < to);
  const took = during.map(({ scheduledAt, endedAt }) => endedAt - scheduledAt).sort((a, b) => a - b);
  return {
    requests: during.length,
    errors: during.filter((exchange) => errorIn(exchange) !== null).length,
    errorsBy: errorsBy(during, from),
    secondsTo95Percent: back === -1 ? null : back,
    worstSecond: Math.min(...perSecond),
    lastSeconds: round(hitRatio(during, to - 5000, to)),
    perSecond,
    originMostBeyondRate: mostBeyond(within, of.rate),
    originPerSecond: starts.map((at) => within.filter((one) => one >= at && one < at + 1000).length),
    p50Ms: round(took[Math.floor(took.length / 2)] ?? 0),
    p99Ms: round(took[Math.floor(took.length * 0.99)] ?? 0),
  };
}

function errorIn({ outcome }: Exchange): string | null {
  if (outcome.kind === "failed") return outcome.reason;
  if (outcome.kind === "silent") return outcome.kind;
  return outcome.status === 200 ? null : `${outcome.status} ${outcome.cacheStatus}`;
}

function errorsBy(exchanges: readonly Exchange[], from: number): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const exchange of exchanges) {
    const error = errorIn(exchange);
    if (error !== null) found[error] = [...(found[error] ?? []), Math.floor((exchange.sentAt - from) / 1000)];
  }
  return found;
}

/** The fullest that a bucket of that rate would have had to be. */
export function mostBeyond(asked: readonly number[], perSecond: number): number {
  let [most, level, last] = [0, 0, Number.NEGATIVE_INFINITY];
  for (const at of [...asked].sort((a, b) => a - b)) {
    level = Math.max(0, level - ((at - last) / 1000) * perSecond) + 1;
    last = at;
    most = Math.max(most, level);
  }
  return round(most);
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
