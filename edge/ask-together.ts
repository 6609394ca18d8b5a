// One question of a kind at a time: whoever comes while it is under way is handed its outcome.

import { earlier, elapsed, type Instant, type Millis, millis } from "../shared/core/units.ts";
import type { Clock, Timers } from "../shared/ports/clock.ts";
import { waitAtMost } from "../shared/ports/wait.ts";

/** By what whoever waits knows that he has waited for too long. */
export interface Patience {
  readonly clock: Pick<Clock, "now">;
  readonly timers: Pick<Timers, "after">;
}

/** Asked, and not answered yet. */
export interface UnderWay<Outcome> {
  readonly startedAt: Instant;
  readonly outcome: Promise<Outcome>;
}

export interface Question<Outcome> {
  /** All that the outcome hangs on. */
  readonly key: string;
  readonly underWay: Map<string, UnderWay<Outcome>>;
  /** What it brings is handed to other requests: plain data. */
  readonly ask: () => Promise<Outcome>;
  /** One that has taken longer has lost its request. */
  readonly guard: Millis;
  /** Whether the outcome can be had more than once; where left out, it can. */
  readonly isForAll?: (outcome: Outcome) => boolean;
}

/** Questions that one request waits for, one after the other: where even they are slow, nobody queues behind them all. */
const JOINS = 2;

export function askTogether<Outcome>(
  by: Patience,
  question: Question<Outcome>,
  joins = JOINS,
): Promise<Outcome> {
  const there = question.underWay.get(question.key);
  const left = there === undefined ? 0 : question.guard - elapsed(there.startedAt, by.clock.now());
  if (there === undefined || left <= 0) return start(by, question);
  return withOthers(by, question, { outcome: there.outcome, left: millis(left), joins });
}

async function withOthers<Outcome>(
  by: Patience,
  question: Question<Outcome>,
  there: Pick<UnderWay<Outcome>, "outcome"> & { readonly left: Millis; readonly joins: number },
): Promise<Outcome> {
  const joined = await join(by, question, there);
  if (joined.kind === "answered") return joined.outcome;
  if (joined.kind === "another's" || there.joins <= 1) return question.ask();
  // By a clock that is a little behind the timers it would seem to be under way still.
  const isThere = question.underWay.get(question.key)?.outcome === there.outcome;
  return isThere ? start(by, question) : askTogether(by, question, there.joins - 1);
}

/** Its request may be cancelled, and then nothing comes: of those who have joined it one asks again after a while. */
function start<Outcome>(
  { clock }: Patience,
  { key, underWay, ask, guard }: Question<Outcome>,
): Promise<Outcome> {
  if (underWay.size >= MANY) forgetLost(underWay, earlier(clock.now(), guard));
  const mine: UnderWay<Outcome> = { startedAt: clock.now(), outcome: ask() };
  underWay.set(key, mine);
  const forget = (): void => {
    if (underWay.get(key) === mine) underWay.delete(key);
  };
  mine.outcome.then(forget, forget);
  return mine.outcome;
}

/** Those whose requests are gone, and that nobody has asked again, never end. */
const MANY = 1000;

function forgetLost(underWay: Map<string, UnderWay<unknown>>, before: Instant): void {
  for (const [key, { startedAt }] of underWay) if (startedAt <= before) underWay.delete(key);
}

type Joined<Outcome> =
  | { readonly kind: "answered"; readonly outcome: Outcome }
  /** It has taken so long that its request is most likely gone. */
  | { readonly kind: "lost" }
  /** Nothing that is to be had twice. */
  | { readonly kind: "another's" };

async function join<Outcome>(
  { timers }: Patience,
  { isForAll = () => true }: Question<Outcome>,
  there: { readonly outcome: Promise<Outcome>; readonly left: Millis },
): Promise<Joined<Outcome>> {
  const { over, wake } = waitAtMost(there.left, timers);
  let joined: Joined<Outcome> = { kind: "lost" };
  const end = (found: Joined<Outcome>): void => {
    joined = found;
    wake();
  };
  void there.outcome.then(
    (outcome) => end(isForAll(outcome) ? { kind: "answered", outcome } : { kind: "another's" }),
    () => end({ kind: "another's" }),
  );
  await over;
  return joined;
}
