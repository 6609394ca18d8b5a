// Judges what only shows over many requests: one fetch a key, views that only grow, and that all of them catch up.

import { LIMITS } from "../../../edge/config.ts";
import { LOG_LIMITS } from "../../../shared/mid-tier/limits.ts";
import { siteField } from "../../../shared/wire/configuration.ts";
import type { Invalidation, Loss, OriginCall, ViewAt } from "../history.ts";
import { CONVERGED } from "../plan/plan.ts";
import { SITE } from "../plan/work.ts";
import { includes, type Scene } from "./scene.ts";

/** How long before it asks an edge may have been given the right, in milliseconds. */
const RIGHT_GIVEN = 50;

export function judgeWholes(scene: Scene): void {
  if (scene.plan.profile === "quiet") {
    oneFetch(scene);
    unqueued(scene);
  }
  named(scene);
  forward(scene);
  converged(scene);
  noticed(scene);
  taught(scene);
}

/** Invariant 4, where nothing fails: no two requests for one key at a time, unless it was invalidated between them. */
function oneFetch(scene: Scene): void {
  const sent = scene.history.originCalls.filter(({ method, alone }) => method === "GET" && !alone);
  const calls = sent.filter((call) => !sent.some((earlier) => seemsLost(scene, earlier, call)));
  for (const [index, call] of calls.entries()) {
    if (scene.resource(call.path).sharing !== "always") continue;
    const other = calls.slice(index + 1).find((later) => overlap(scene, call, later));
    if (other === undefined) continue;
    const text = `${call.path} ${call.variant} asked for by ${call.edge} at ${call.askedAt} and, before that ended at ${call.endedAt}, by ${other.edge} at ${other.askedAt}`;
    scene.found.push({ invariant: "4 one fetch", at: other.askedAt, text });
  }
}

/** How long a key is known not to be storable by an edge that has found it out, in milliseconds (LIMITS.uncacheableFor). */
const KNOWN_UNCACHEABLE = 1200;
/** What a request may take to get to the origin where nobody stands in its way: a pull of some pages, and a look into L2. */
const ON_ITS_OWN = 100;

/** Invariant 4, its other half: whoever asks for what is known not to be storable waits for nobody. */
function unqueued(scene: Scene): void {
  const { exchanges, originCalls } = scene.history;
  for (const exchange of exchanges) {
    if (exchange.method !== "GET" || scene.resource(exchange.path).sharing !== "never") continue;
    const known = exchanges.some(({ edge, path, method, authorized, outcome }) => {
      if (edge !== exchange.edge || path !== exchange.path || method !== "GET" || authorized) return false;
      if (outcome.kind !== "answered" || outcome.cacheStatus.includes("fwd=bypass")) return false;
      // What only the origin may answer goes there for one alone, and shows nothing of the key.
      const since = exchange.arrivedAt - outcome.at;
      return since >= 0 && since <= KNOWN_UNCACHEABLE;
    });
    const call = originCalls.find((one) => one.exchange === exchange.number);
    const waited = (call?.askedAt ?? exchange.arrivedAt) - exchange.arrivedAt;
    if (known && waited > ON_ITS_OWN)
      scene.report("4 uncacheable is not serialised", exchange, `waited ${waited} ms before it asked`);
  }
}

function overlap(scene: Scene, call: OriginCall, later: OriginCall): boolean {
  if (later.path !== call.path || later.variant !== call.variant || call.endedAt === null) return false;
  if (later.askedAt >= call.endedAt) return false;
  // A failing origin is tried once an isolate, all of them at once.
  if (call.edge !== later.edge && scene.failedLately(call.path, call.askedAt, later.askedAt)) return false;
  if (call.edge !== later.edge && namedApart(scene, call, later)) return false;
  const { tags } = scene.resource(call.path);
  const subject = { path: call.path, tags: [...tags, "moving0", "moving1"] };
  return !scene.history.invalidations.some(
    (one) => one.appendedAt <= later.askedAt && isNewsTo(scene, call, one) && scene.hits(one, subject),
  );
}

/** What is late its own edge asks for once more, where the origin has answered something that was asked for since. */
function seemsLost({ history }: Scene, call: OriginCall, later: OriginCall): boolean {
  if (later.life !== call.life || later.path !== call.path || later.variant !== call.variant) return false;
  if (later.askedAt < call.askedAt + LIMITS.originReplyLost) return false;
  if (call.endedAt !== null && call.endedAt <= later.askedAt) return false;
  // Its head may have come before its end did.
  return history.originCalls.some(
    ({ life, askedAt }) => life === call.life && askedAt > call.askedAt && askedAt < later.askedAt,
  );
}

/** Of an answer that the edge had, or has since: it shows by what the resource varies. */
const KEPT = /; (stored|hit|collapsed)/;

/** Who knows by what it varies asks for the variant, who does not for the resource: neither waits for the other. */
function namedApart(scene: Scene, ...calls: readonly OriginCall[]): boolean {
  const [knows, ...others] = calls.map((call) =>
    scene.history.exchanges.some(({ edge, path, outcome }) => {
      if (edge !== call.edge || path !== call.path || outcome.kind !== "answered") return false;
      return outcome.at <= call.askedAt && KEPT.test(outcome.cacheStatus);
    }),
  );
  return scene.resource(calls[0]?.path ?? "").varies && others.some((other) => other !== knows);
}

/** Whether the edge that asked did not know the invalidation yet when it was given the right to. */
function isNewsTo(scene: Scene, call: OriginCall, { position, appendedAt }: Invalidation): boolean {
  if (position === null || !includes(call.view, position)) return true;
  // Learnt between the right and the asking, which an edge may do as late as its window allows.
  return appendedAt >= call.askedAt - scene.boundOf(call.path, call.view) - RIGHT_GIVEN;
}

/** Invariant 7: what is appended names something that exists, or it is as good as lost. */
function named(scene: Scene): void {
  for (const one of scene.history.invalidations) {
    if (one.acknowledgedAt === null || one.selectors.every((text) => text.startsWith(`${SITE} `))) continue;
    const text = `nobody's resources are named ${one.selectors.join(" + ")}`;
    scene.found.push({ invariant: "7 nothing acknowledged is lost", at: one.acknowledgedAt, text });
  }
}

/** Invariant 12: what one isolate knows of the log only grows. */
function forward(scene: Scene): void {
  const last = new Map<string, ViewAt>();
  for (const exchange of scene.history.exchanges) {
    const view = exchange.viewAtArrival;
    if (view === null) continue;
    const who = `${exchange.edge}/${exchange.life}`;
    const before = last.get(who);
    last.set(who, view);
    if (before === undefined || before.epoch < view.epoch) continue;
    if (before.epoch === view.epoch && before.cursor <= view.cursor) continue;
    const text = `the view fell back from ${before.epoch}-${before.cursor} to ${view.epoch}-${view.cursor}`;
    scene.report("12 no going back", exchange, text);
  }
}

/** Invariant 9: once all has healed and everybody was asked once, nobody lacks what was acknowledged before. */
function converged(scene: Scene): void {
  const { exchanges, healedAt, invalidations } = scene.history;
  const asked = healedAt + CONVERGED;
  const known = invalidations.filter(
    ({ acknowledgedAt, lostAt }) => acknowledgedAt !== null && acknowledgedAt < asked && lostAt === null,
  );
  for (const exchange of exchanges.filter(({ arrivedAt }) => arrivedAt >= asked + CONVERGED)) {
    const view = exchange.viewAtArrival;
    const lacking = known.find(({ position }) => position !== null && !includes(view, position))?.position;
    if (lacking) scene.report("9 convergence", exchange, `the view lacks ${lacking.epoch}-${lacking.seq}`);
  }
}

/** Once the log has grown by all that it keeps, it can't tell an edge's place from the one that it lost (docs/protocol.md). */
function trimmedPast(scene: Scene, { at, survived }: Loss): boolean {
  const since = scene.history.invalidations.filter(
    ({ appendedAt, position }) => appendedAt > at && position?.epoch === survived.epoch,
  );
  // Changes of configuration are entries too, and fewer by far.
  return since.length >= LOG_LIMITS.entriesKept * 0.7;
}

/** What Redis lost is noticed by whoever knew of it, and ends in a new epoch. */
function noticed(scene: Scene): void {
  const { exchanges, healedAt, losses } = scene.history;
  for (const exchange of exchanges.filter(({ arrivedAt }) => arrivedAt >= healedAt + 2 * CONVERGED)) {
    const who = `${exchange.edge}/${exchange.life}`;
    const epoch = exchange.viewAtArrival?.epoch ?? 0;
    const loss = losses.find(({ ahead, highest }) => ahead.includes(who) && epoch <= highest);
    if (loss === undefined || trimmedPast(scene, loss)) continue;
    scene.report("7 a loss is noticed", exchange, `still in epoch ${epoch}, of which Redis lost the end`);
  }
}

/**
 * Invariant 7: what the origin has taken is told to the log, if only the isolate lives that passed it on
 * (docs/adr/0008-writes-while-the-log-is-away.md).
 */
function taught(scene: Scene): void {
  const { history } = scene;
  // Redis lost all configuration, and nobody has brought it back: the site has no name by which to invalidate.
  if (!history.configuration.has([siteField(SITE)])) return;
  for (const { call, at } of history.writes) {
    const { edge, path, askedAt } = call;
    if (history.ends.some((end) => end.edge === edge && end.at >= askedAt)) continue;
    const told = history.invalidations.some(
      (one) => one.mode === "hard" && one.appendedAt >= at && scene.hits(one, { path, tags: [] }),
    );
    if (told) continue;
    const text = `${path} was written through ${edge}, and no invalidation followed`;
    scene.found.push({ invariant: "7 nothing written is forgotten", at, text });
  }
}
