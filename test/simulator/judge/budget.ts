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

/** Invariant 11, of an isolate: what it was given no token for is within its own share. */
function asked(
  scene: Scene,
  { life, calls, share }: { life: string; calls: readonly OriginCall[]; share: Terms },
): void {
  const tokens = scene.history.grants.filter(({ to }) => to === life).map(({ from }) => from);
  const without: number[] = [];
  for (const { askedAt } of calls.filter(({ costs }) => costs)) {
    const usable = tokens.findIndex((from) => from <= askedAt);
    if (usable < 0) without.push(askedAt);
    else tokens.splice(usable, 1);
  }
  // Where its clock leaps, more time has passed for it.
  const [edge] = life.split("/");
  const resets = scene.history.leaps.filter((leap) => leap.edge === edge).map((leap) => leap.at);
  const at = overrun(without, { terms: share, resets });
  if (at === null) return;
  const text = `${life} asked without tokens for more than its share of ${share.rate} a second and ${share.burst} at once`;
  scene.found.push({ invariant: "11 the origin's budget", at, text });
}

/** When more was taken than a bucket could hold; null where never. After a reset it may be full again, beside what it had promised. */
function overrun(
  instants: readonly number[],
  { terms, resets }: { terms: Terms; resets: readonly number[] },
): number | null {
  // One that has come in part is promised whole.
  const promised = 1 + (LIMITS.originTokenPatience * terms.rate) / 1000;
  let [left, last] = [terms.burst, 0];
  for (const at of instants.toSorted((a, b) => a - b)) {
    const full = resets.some((reset) => reset >= last && reset <= at);
    left = full ? terms.burst + promised : Math.min(terms.burst, left + ((at - last) * terms.rate) / 1000);
    left -= 1;
    last = at;
    if (left * 1000 < -terms.rate * ROUNDED - 1) return at;
  }
  return null;
}

/** A second try is one more request to an origin in need: no more than a share of those lately sent. */
function retried(scene: Scene, calls: readonly OriginCall[]): void {
  const again = calls.filter((call) => calls.some((first) => isSecondTry(first, call)));
  for (const { askedAt, edge, path } of again) {
    const since = (list: readonly OriginCall[], span: number): number =>
      list.filter((one) => one.askedAt <= askedAt && one.askedAt > askedAt - span).length;
    const span = LIMITS.originRetrySpan;
    const allowed = LIMITS.originRetryShare * since(calls, 2 * span);
    const tried = since(again, span);
    if (tried <= allowed) continue;
    const text = `${edge} asked for ${path} again, the ${tried}th retry where ${allowed} are allowed`;
    scene.found.push({ invariant: "11 the origin's budget", at: askedAt, text });
  }
}

function isSecondTry(first: OriginCall, call: OriginCall): boolean {
  const { exchange, path, refusedAt, costs } = first;
  if (first === call || refusedAt === null || exchange === null) return false;
  const same = exchange === call.exchange && path === call.path && costs === call.costs;
  return same && call.askedAt >= refusedAt && call.askedAt <= refusedAt + TRIED_AGAIN;
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
