// Judges what the origin was asked for: the bucket of all edges, each isolate's own share, and how often it was asked twice.

import { LIMITS } from "../../../edge/config.ts";
import type { OriginCall } from "../history.ts";
import type { Scene } from "./scene.ts";

interface Terms {
  readonly rate: number;
  readonly burst: number;
}

/** A token that is waited for is used up to a millisecond late, and the next one need not be. */
const ROUNDED = 1;
/** A reply with a token in it is given up by then. */
const LATEST_GRANT = LIMITS.takeDeadline + LIMITS.originTokenPatience;
/** A second try asks for a token before. */
const TRIED_AGAIN = 1000;

export function judgeBudget(scene: Scene): void {
  const { plan, history } = scene;
  for (const calls of byLife(history.originCalls).values()) retried(scene, calls);
  if (plan.budget === null) return;
  given(scene, plan.budget);
  for (const [life, calls] of byLife(history.originCalls))
    asked(scene, { life, calls, share: plan.budget.share });
}

/** Invariant 11, of the bucket: what it gives is never more than its burst and what has come since. */
function given(scene: Scene, terms: Terms): void {
  const { bucketLosses, grants } = scene.history;
  const at = overrun(
    grants.map(({ from }) => from),
    { terms, resets: bucketLosses },
  );
  if (at === null) return;
  const text = `the bucket of ${terms.rate} a second and ${terms.burst} at once gave more than that`;
  scene.found.push({ invariant: "11 the origin's budget", at, text });
}

/**
 * Invariant 11, of an isolate: in no span did it ask more than its own share allows, beside what it had tokens for. Which
 * token a request was sent by can't be seen from outside, so any that may have reached it by then counts.
 */
function asked(
  scene: Scene,
  { life, calls, share }: { life: string; calls: readonly OriginCall[]; share: Terms },
): void {
  const tokens = scene.history.grants.filter(({ to }) => to === life).map(({ from }) => from);
  const times = calls.flatMap(({ costs, askedAt }) => (costs ? [askedAt] : [])).sort((a, b) => a - b);
  // Where its clock leaps, more time has passed for it.
  const [edge] = life.split("/");
  const leaps = scene.history.leaps.filter((leap) => leap.edge === edge).map((leap) => leap.at);
  const stood = stoodStill(scene, edge);
  const within = (list: readonly number[], from: number, to: number): number =>
    list.filter((at) => at >= from && at <= to).length;
  const at = times.find((to, last) =>
    times.slice(0, last + 1).some((from, first) => {
      const full = share.burst + promisedBy(share) * (1 + within(leaps, from, to));
      const come = (share.rate * (to - from + ROUNDED)) / 1000;
      const given = within(tokens, from - LATEST_GRANT - stood, to);
      return last + 1 - first > full + come + given + share.burst * within(leaps, from, to);
    }),
  );
  if (at === undefined) return;
  const text = `${life} asked without tokens for more than its share of ${share.rate} a second and ${share.burst} at once`;
  scene.found.push({ invariant: "11 the origin's budget", at, text });
}

/** One that has come in part is promised whole. */
const promisedBy = ({ rate }: Terms): number => 1 + (LIMITS.originTokenPatience * rate) / 1000;

/** When more was taken than a bucket could hold; null where never. After a reset it may be full again, beside what it had promised. */
function overrun(
  instants: readonly number[],
  { terms, resets }: { terms: Terms; resets: readonly number[] },
): number | null {
  const promised = promisedBy(terms);
  let [left, last, owed] = [terms.burst, 0, 0];
  for (const at of instants.toSorted((a, b) => a - b)) {
    const full = resets.some((reset) => reset >= last && reset <= at);
    if (full) owed = promised;
    left = full ? terms.burst : Math.min(terms.burst, left + ((at - last) * terms.rate) / 1000);
    left -= 1;
    last = at;
    if (left * 1000 >= -terms.rate * ROUNDED - 1) continue;
    // What was promised before the reset is used whenever it comes, among what was given after it.
    if (owed < 1) return at;
    [left, owed] = [left + 1, owed - 1];
  }
  return null;
}

/** How long in all: such a host takes its replies when it wakes, and less time may have passed for it. */
const stoodStill = ({ plan }: Scene, edge: string | undefined): number =>
  plan.faults.reduce(
    (sum, fault) => sum + (fault.kind === "freeze" && fault.host === edge ? fault.for : 0),
    0,
  );

/** A second try is one more request to an origin in need: no more than a share of those lately sent. */
function retried(scene: Scene, calls: readonly OriginCall[]): void {
  const again = new Set(calls.flatMap((first) => secondTryOf(first, calls) ?? []));
  for (const { askedAt, edge, path } of again) {
    const since = (list: Iterable<OriginCall>, span: number): number =>
      [...list].filter((one) => one.askedAt <= askedAt && one.askedAt > askedAt - span).length;
    const span = LIMITS.originRetrySpan;
    const allowed = LIMITS.originRetryShare * since(calls, 2 * span + stoodStill(scene, edge));
    const tried = since(again, span);
    if (tried <= allowed) continue;
    const text = `${edge} asked for ${path} again, the ${tried}th retry where ${allowed} are allowed`;
    scene.found.push({ invariant: "11 the origin's budget", at: askedAt, text });
  }
}

/** The next that its exchange asked for: what follows that one has another reason. */
function secondTryOf(first: OriginCall, calls: readonly OriginCall[]): OriginCall | undefined {
  const { exchange, path, refusedAt, costs } = first;
  if (refusedAt === null || exchange === null) return undefined;
  return calls.find(
    (call) =>
      call !== first &&
      call.exchange === exchange &&
      call.path === path &&
      call.costs === costs &&
      call.askedAt >= refusedAt &&
      call.askedAt <= refusedAt + TRIED_AGAIN,
  );
}

function byLife(calls: readonly OriginCall[]): Map<string, OriginCall[]> {
  const lives = new Map<string, OriginCall[]>();
  for (const call of calls) {
    const life = `${call.edge}/${call.life}`;
    const list = lives.get(life) ?? [];
    list.push(call);
    lives.set(life, list);
  }
  return lives;
}
