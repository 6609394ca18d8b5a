// What a phase of a loss looked like from outside: hits second by second, errors, and what the origin was asked for.

import type { Exchange } from "../outside/exchange.ts";

export interface PhaseResult {
  readonly requests: number;
  /** Of all of it. */
  readonly hitRatio: number;
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

/** Nothing is lost before the shard is killed. */
export type PhaseName = "before" | "killed" | "back" | "cold" | "away" | "again";

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

/** By when they were due: who had to wait for a place in the queue belongs to what made him wait. */
const dueIn = (exchanges: readonly Exchange[], from: number, to: number): readonly Exchange[] =>
  exchanges.filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < to);

/** Of what was due in between. */
export function hitRatio(exchanges: readonly Exchange[], from: number, to: number): number {
  const due = dueIn(exchanges, from, to);
  return due.filter(isHit).length / Math.max(1, due.length);
}

export interface CourseOf extends Pick<PhaseOf, "asked" | "rate"> {
  /** In their order: one ends where the next begins. */
  readonly begun: readonly { readonly name: PhaseName; readonly at: number }[];
  readonly endedAt: number;
}

/** Of exchanges that have all ended: no request that was due since the first phase began is in none. */
export function phaseResults(
  exchanges: readonly Exchange[],
  { begun, endedAt, ...of }: CourseOf,
): Record<PhaseName, PhaseResult> {
  const spans = begun.map(({ name, at }, n) => ({ name, from: at, to: begun[n + 1]?.at ?? endedAt }));
  const steady = spans.find(({ name }) => name === "before");
  const before = steady === undefined ? Number.NaN : hitRatio(exchanges, steady.from, steady.to);
  return Object.fromEntries(
    spans.map(({ name, ...span }) => [name, phaseResult(exchanges, { ...of, ...span, before })]),
  ) as Record<PhaseName, PhaseResult>;
}

export function phaseResult(exchanges: readonly Exchange[], of: PhaseOf): PhaseResult {
  const { from, to, before, asked } = of;
  const during = dueIn(exchanges, from, to);
  const starts = Array.from({ length: Math.floor((to - from) / 1000) }, (_, n) => from + n * 1000);
  const perSecond = starts.map((at) => round(hitRatio(during, at, at + 1000)));
  const back = starts.findIndex((at) => hitRatio(during, at, at + 3000) >= 0.95 * before);
  const within = asked.filter((at) => at >= from && at < to);
  const took = during.map(({ scheduledAt, endedAt }) => endedAt - scheduledAt).sort((a, b) => a - b);
  return {
    requests: during.length,
    hitRatio: hitRatio(during, from, to),
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
    if (error !== null)
      found[error] = [...(found[error] ?? []), Math.floor((exchange.scheduledAt - from) / 1000)];
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
