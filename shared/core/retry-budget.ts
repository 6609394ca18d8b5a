// How many requests may be sent a second time: a share of those lately sent, so that a failing origin is not asked twice as much.

import { elapsed, type Instant, later, type Millis } from "./units.ts";

export interface RetryLimits {
  /** Retries as a share of requests; 0 = none. */
  readonly share: number;
  /** What counts as lately: between once and twice this long. */
  readonly span: Millis;
}

interface Counts {
  requests: number;
  retries: number;
}

export interface RetryBudget {
  since: Instant;
  before: Counts;
  current: Counts;
}

const none = (): Counts => ({ requests: 0, retries: 0 });

export const newRetryBudget = (now: Instant): RetryBudget => ({
  since: now,
  before: none(),
  current: none(),
});

export function countRequest(budget: RetryBudget, now: Instant, limits: RetryLimits): void {
  turn(budget, now, limits);
  budget.current.requests += 1;
}

/** Whether one may be sent again now. */
export function mayRetry(budget: RetryBudget, now: Instant, limits: RetryLimits): boolean {
  turn(budget, now, limits);
  const { before, current } = budget;
  const allowed = (before.requests + current.requests) * limits.share;
  return before.retries + current.retries + 1 <= allowed;
}

export function countRetry(budget: RetryBudget, now: Instant, limits: RetryLimits): void {
  turn(budget, now, limits);
  budget.current.retries += 1;
}

function turn(budget: RetryBudget, now: Instant, { span }: RetryLimits): void {
  const age = elapsed(budget.since, now);
  if (age < span) return;
  const follows = age < 2 * span;
  budget.before = follows ? budget.current : none();
  budget.current = none();
  // By whole spans: counted from the event that turns it, what came before would count for three.
  budget.since = follows ? later(budget.since, span) : now;
}
