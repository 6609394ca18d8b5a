// Judges every single answer: whose it is, how old it may be, and whether it may still be given.

import type { Exchange, ExchangeOutcome, Generation } from "../history.ts";
import { EPSILON, includes, type Scene } from "./scene.ts";

/** How late the entry of a soft invalidation may be dated: the slowest reply of the log that still counts. */
const SOFT_DATING = 2000;

type Answered = ExchangeOutcome & { kind: "answered" };

export function judgeExchange(scene: Scene, exchange: Exchange): void {
  const { outcome } = exchange;
  switch (outcome.kind) {
    case "under-way":
      scene.report("6 every request ends", exchange, "never ended");
      break;
    case "broken":
      if (!scene.originFailed(exchange, outcome.at))
        scene.report("5 failure is not an answer", exchange, "broke off, and not because the origin did");
      break;
    case "answered":
      judgeAnswer(scene, exchange, outcome);
      break;
    case "lost":
    case "left":
  }
}

function judgeAnswer(scene: Scene, exchange: Exchange, outcome: Answered): void {
  const id = Number(/^\d{3} (\d+) /.exec(outcome.body ?? "")?.[1]);
  const generation = scene.history.generations.get(id);
  if (exchange.method === "POST" && outcome.status < 300) return;
  if (outcome.body === null) bodiless(scene, exchange, outcome);
  else if (generation === undefined) ownAnswer(scene, exchange, outcome);
  else if (generation.body !== outcome.body || generation.status !== outcome.status)
    scene.report("5 failure is not an answer", exchange, `not what the origin said: ${outcome.body}`);
  else if (generation.path !== exchange.path || (generation.variant ?? exchange.variant) !== exchange.variant)
    scene.report("8 no crossing", exchange, `answered with ${generation.body}`);
  // An origin's failure is shared with those who wait for it, and kept by nobody.
  else if (generation.status < 500) {
    bounded(scene, exchange, { ...generation, askedAt: scene.lastAskedAt(generation, outcome.at) });
    notResurrected(scene, exchange, generation);
    alive(scene, exchange, { outcome, generation });
  }
}

/** An answer that no origin gave: only where the origin failed, or where it is the rule to refuse. */
function ownAnswer(scene: Scene, exchange: Exchange, outcome: Answered): void {
  const { status } = outcome;
  const refuses = scene.resource(exchange.path).governedBy.fence === "refuse";
  const unnamed = exchange.method === "POST" && exchange.viewAtArrival === null;
  if (status === 503 && (refuses || unnamed) && scene.plan.profile !== "quiet") return;
  if (status === 502 && scene.originFailed(exchange, outcome.at)) return;
  if (status === 504 && scene.failedLately(exchange.path, exchange.arrivedAt, outcome.at)) return;
  const text = `${status} that the origin did not give: ${outcome.body}`;
  scene.report("5 failure is not an answer", exchange, text);
}

/** 304 and HEAD: the validator says which version is meant, and the newest asking for it counts. */
function bodiless(scene: Scene, exchange: Exchange, outcome: Answered): void {
  if (outcome.etag === null || outcome.status >= 400) return;
  const same = [...scene.history.generations.values()].filter(
    ({ path, etag, variant }) =>
      path === exchange.path && etag === outcome.etag && (variant ?? exchange.variant) === exchange.variant,
  );
  const newest = same.sort((a, b) => b.askedAt - a.askedAt)[0];
  if (newest === undefined)
    scene.report("8 no crossing", exchange, `validator ${outcome.etag} is not of this resource`);
  else bounded(scene, exchange, { ...newest, askedAt: scene.lastAskedAt(newest, outcome.at) });
}

/** Invariant 1, of what the origin gave or confirmed: how late an acknowledged hard invalidation may show. */
function bounded(scene: Scene, exchange: Exchange, generation: Generation): void {
  const bound = scene.boundOf(exchange.path);
  for (const one of scene.history.invalidations.values()) {
    if (one.mode !== "hard" || one.acknowledgedAt === null || generation.askedAt >= one.appendedAt) continue;
    const late = exchange.arrivedAt - one.acknowledgedAt - bound;
    if (late <= EPSILON || !scene.hits(one, generation)) continue;
    const what = `${one.selectors.join(" + ")} appended at ${one.appendedAt}, acknowledged at ${one.acknowledgedAt}`;
    const text = `content asked for at ${generation.askedAt} (generation ${generation.id}), ${late} ms past the bound of ${bound} after ${what}`;
    scene.report("1 bounded staleness", exchange, text);
    return;
  }
}

/** Invariant 2, of the very octets, which no 304 may bring back: what a view knew at the arrival holds. */
function notResurrected(scene: Scene, exchange: Exchange, generation: Generation): void {
  for (const one of scene.history.invalidations.values()) {
    if (one.mode !== "hard" || one.position === null || generation.askedAt >= one.appendedAt) continue;
    const view = exchange.viewAtArrival;
    if (!includes(view, one.position) || !scene.hits(one, generation, view)) continue;
    const { epoch, seq } = one.position;
    const text = `content asked for at ${generation.askedAt} (generation ${generation.id}), though the view knew ${one.selectors.join(" + ")} at ${epoch}-${seq}`;
    scene.report("2 no resurrection", exchange, text);
    return;
  }
}

/** The second half of invariant 1, and invariant 3: ages and stale windows. */
function alive(
  scene: Scene,
  exchange: Exchange,
  { outcome, generation }: { outcome: Answered; generation: Generation },
): void {
  const askedAt = scene.lastAskedAt(generation, outcome.at);
  const age = exchange.arrivedAt - askedAt;
  if (outcome.age !== null && outcome.age < Math.floor(age / 1000))
    scene.report("3 age conservation", exchange, `Age ${outcome.age}, but asked for at ${askedAt}`);
  const { fresh, staleWhileRevalidate, staleIfError } = generation;
  const failing = scene.originFailed(exchange, outcome.at);
  const window = failing ? Math.max(staleWhileRevalidate, staleIfError) : staleWhileRevalidate;
  if (age > fresh + window + EPSILON && !awaited(scene, exchange, outcome.at)) {
    const text = `${age} ms old, beyond its life of ${fresh} and window of ${window}`;
    scene.report("1 declared life", exchange, text);
  }
  softly(scene, exchange, { generation, askedAt, window });
}

/** It came while the request waited: whoever waits for an origin may have what it says, however long that took. */
const awaited = (scene: Scene, exchange: Exchange, until: number): boolean =>
  scene.history.originCalls.some(
    (call) =>
      call.edge === exchange.edge &&
      call.path === exchange.path &&
      call.askedAt <= until &&
      (call.endedAt ?? 0) >= exchange.arrivedAt,
  );

/** A soft invalidation ends freshness: the stale windows count from there. */
function softly(
  scene: Scene,
  exchange: Exchange,
  by: { generation: Generation; askedAt: number; window: number },
): void {
  const { generation, askedAt, window } = by;
  const bound = scene.boundOf(exchange.path);
  for (const one of scene.history.invalidations.values()) {
    if (one.mode !== "soft" || one.acknowledgedAt === null || askedAt >= one.appendedAt) continue;
    const staleFor = exchange.arrivedAt - one.appendedAt;
    if (staleFor <= window + (window > 0 ? SOFT_DATING : 0) + EPSILON) continue;
    if (exchange.arrivedAt - one.acknowledgedAt <= bound + EPSILON || !scene.hits(one, generation)) continue;
    const text = `stale since the soft invalidation of ${one.selectors.join(" + ")} at ${one.appendedAt}, window ${window}`;
    scene.report("1 declared life", exchange, text);
    return;
  }
}
