// Judges every single answer: whose it is, how old it may be, and whether it may still be given.

import type { Exchange, ExchangeOutcome, Generation, Invalidation } from "../history.ts";
import { countsFrom } from "../history.ts";
import { contentOf } from "./content.ts";
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
  const { method } = exchange;
  const isWrite = method === "POST" || method === "PUT";
  if (isWrite && outcome.status < 300) return;
  const content = contentOf(scene, exchange);
  if (content.kind === "nothing") bodiless(scene, exchange, outcome);
  else if (content.kind === "foreign") ownAnswer(scene, exchange, outcome);
  else if (content.kind === "garbled")
    scene.report("5 failure is not an answer", exchange, `${content.why}: ${outcome.body}`);
  else judgeContent(scene, exchange, { outcome, generations: content.generations });
}

function judgeContent(
  scene: Scene,
  exchange: Exchange,
  { outcome, generations }: { outcome: Answered; generations: readonly Generation[] },
): void {
  const { method, path, variant } = exchange;
  const isWrite = method === "POST" || method === "PUT";
  for (const generation of generations) {
    const crosses = generation.path !== path || (generation.variant ?? variant) !== variant;
    if (crosses || (generation.method === "PUT" && !isWrite))
      scene.report("8 no crossing", exchange, `answered with ${generation.method} ${generation.body}`);
    // An origin's failure is kept by nobody.
    else if (generation.status < 500) judgeGeneration(scene, exchange, { outcome, generation });
  }
}

function judgeGeneration(
  scene: Scene,
  exchange: Exchange,
  of: { outcome: Answered; generation: Generation },
): void {
  const { outcome, generation } = of;
  bounded(scene, exchange, { ...generation, askedAt: scene.lastAskedAt(generation, outcome.at) });
  notResurrected(scene, exchange, generation);
  readAsPurged(scene, exchange, generation);
  alive(scene, exchange, of);
}

/** Whoever names a position sees everything up to there. */
function readAsPurged(scene: Scene, exchange: Exchange, generation: Generation): void {
  const { least } = exchange;
  if (least === null || scene.isLawless(exchange)) return;
  for (const one of scene.history.invalidations) {
    const { position } = one;
    if (one.mode !== "hard" || position === null || generation.askedAt >= one.appendedAt) continue;
    if (position.epoch !== least.epoch || position.seq > least.seq || isOwn(one, generation)) continue;
    if (one.appendedAt > exchange.arrivedAt || !scene.hits(one, generation)) continue;
    const text = `content asked for at ${generation.askedAt}, though it named ${least.epoch}-${least.seq}, which includes ${one.selectors.join(" + ")}`;
    scene.report("1 read your purge", exchange, text);
    return;
  }
}

/** What a write's answer brought is not older than that very write (docs/adr/0010-answers-to-post.md). */
const isOwn = (one: Invalidation, generation: Generation): boolean =>
  one.exchange !== null && one.exchange === generation.exchange;

/** An answer that no origin gave: only where the origin failed, or where it is the rule to refuse. */
function ownAnswer(scene: Scene, exchange: Exchange, outcome: Answered): void {
  const { status } = outcome;
  const refuses = scene.resource(exchange.path).governedBy.fence === "refuse";
  const unnamed = exchange.method === "POST" && exchange.viewAtArrival === null;
  if (status === 412 && exchange.least !== null) return;
  if (status === 503 && (refuses || unnamed) && scene.plan.profile !== "quiet") return;
  if (
    status === 503 &&
    outcome.body?.includes("origin-protected") === true &&
    scene.mayShed(exchange, outcome.at)
  )
    return;
  if (status === 502 && scene.originFailed(exchange, outcome.at)) return;
  if (status === 504 && scene.failedLately(exchange.path, exchange.arrivedAt, outcome.at)) return;
  const text = `${status} that the origin did not give: ${outcome.body}`;
  scene.report("5 failure is not an answer", exchange, text);
}

/** 304 and HEAD: the validator says which version is meant, and any asking for it may be the one that was stored. */
function bodiless(scene: Scene, exchange: Exchange, outcome: Answered): void {
  if (outcome.etag === null || outcome.status >= 400) return;
  const same = [...scene.history.generations.values()].filter(
    ({ path, etag, variant }) =>
      path === exchange.path && etag === outcome.etag && (variant ?? exchange.variant) === exchange.variant,
  );
  if (same.length === 0) {
    scene.report("8 no crossing", exchange, `validator ${outcome.etag} is not of this resource`);
    return;
  }
  const breaches = same.map((one) =>
    pastTheBound(scene, exchange, { ...one, askedAt: scene.lastAskedAt(one, outcome.at) }),
  );
  const [breach] = breaches;
  if (breach !== undefined && breach !== null && !breaches.includes(null))
    scene.report("1 bounded staleness", exchange, breach);
}

function bounded(scene: Scene, exchange: Exchange, generation: Generation): void {
  const breach = pastTheBound(scene, exchange, generation);
  if (breach !== null) scene.report("1 bounded staleness", exchange, breach);
}

/** Invariant 1, of what the origin gave or confirmed: how late an acknowledged hard invalidation may show. */
function pastTheBound(scene: Scene, exchange: Exchange, generation: Generation): string | null {
  if (scene.isLawless(exchange) || scene.leapt(exchange)) return null;
  const bound = scene.boundOf(exchange.path, exchange.viewAtArrival);
  for (const one of scene.history.invalidations) {
    if (one.mode !== "hard" || one.acknowledgedAt === null || generation.askedAt >= countsFrom(one)) continue;
    if (isOwn(one, generation)) continue;
    const late = exchange.arrivedAt - countsFrom(one) - bound;
    if (late <= EPSILON || !scene.hits(one, generation)) continue;
    const what = `${one.selectors.join(" + ")} appended at ${one.appendedAt}, acknowledged at ${one.acknowledgedAt}`;
    return `content asked for at ${generation.askedAt} (generation ${generation.id}), ${late} ms past the bound of ${bound} after ${what}`;
  }
  return null;
}

/** Invariant 2, of the very octets, which no 304 may bring back: what a view knew at the arrival holds. */
function notResurrected(scene: Scene, exchange: Exchange, generation: Generation): void {
  if (scene.isLawless(exchange)) return;
  for (const one of scene.history.invalidations) {
    if (one.mode !== "hard" || one.position === null || generation.askedAt >= one.appendedAt) continue;
    if (isOwn(one, generation)) continue;
    const view = exchange.viewAtArrival;
    // After a loss another entry may stand where the view's own stood.
    if (one.appendedAt > exchange.arrivedAt) continue;
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
  const shed = outcome.cacheStatus.includes("detail=shed") && scene.mayShed(exchange, outcome.at);
  // What another edge has marked as failing this one need not ask.
  const marked = scene.failedLately(exchange.path, exchange.arrivedAt, outcome.at);
  const failing = shed || marked || scene.originFailed(exchange, outcome.at);
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
  if (scene.isLawless(exchange)) return;
  const { generation, askedAt, window } = by;
  const bound = scene.boundOf(exchange.path, exchange.viewAtArrival);
  for (const one of scene.history.invalidations) {
    if (one.mode !== "soft" || one.acknowledgedAt === null || askedAt >= one.appendedAt) continue;
    const staleFor = exchange.arrivedAt - one.appendedAt;
    if (staleFor <= window + (window > 0 ? SOFT_DATING : 0) + EPSILON) continue;
    if (exchange.arrivedAt - countsFrom(one) <= bound + EPSILON || !scene.hits(one, generation)) continue;
    const text = `stale since the soft invalidation of ${one.selectors.join(" + ")} at ${one.appendedAt}, window ${window}`;
    scene.report("1 declared life", exchange, text);
    return;
  }
}
