// Judges what only shows over many requests: one fetch a key, views that only grow, and that all of them catch up.

import { SITE } from "../control-plane.ts";
import type { Invalidation, OriginCall, ViewAt } from "../history.ts";
import { CONVERGED } from "../plan.ts";
import { includes, type Scene } from "./scene.ts";

/** How long before it asks an edge may have been given the right, in milliseconds. */
const RIGHT_GIVEN = 50;

export function judgeWholes(scene: Scene): void {
  if (scene.plan.profile === "quiet") oneFetch(scene);
  named(scene);
  forward(scene);
  converged(scene);
}

/** Invariant 4, where nothing fails: no two requests for one key at a time, unless it was invalidated between them. */
function oneFetch(scene: Scene): void {
  const calls = scene.history.originCalls.filter(({ method, alone }) => method === "GET" && !alone);
  for (const [index, call] of calls.entries()) {
    if (scene.resource(call.path).sharing !== "always") continue;
    const other = calls.slice(index + 1).find((later) => overlap(scene, call, later));
    if (other === undefined) continue;
    const text = `${call.path} ${call.variant} asked for by ${call.edge} at ${call.askedAt} and, before that ended at ${call.endedAt}, by ${other.edge} at ${other.askedAt}`;
    scene.found.push({ invariant: "4 one fetch", at: other.askedAt, text });
  }
}

function overlap(scene: Scene, call: OriginCall, later: OriginCall): boolean {
  if (later.path !== call.path || later.variant !== call.variant || call.endedAt === null) return false;
  if (later.askedAt >= call.endedAt) return false;
  // A failing origin is tried once an isolate, all of them at once.
  if (call.edge !== later.edge && scene.failedLately(call.path, call.askedAt, later.askedAt)) return false;
  const { tags } = scene.resource(call.path);
  const subject = { path: call.path, tags: [...tags, "moving0", "moving1"] };
  return ![...scene.history.invalidations.values()].some(
    (one) => one.appendedAt <= later.askedAt && isNewsTo(scene, call, one) && scene.hits(one, subject),
  );
}

/** Whether the edge that asked did not know the invalidation yet when it was given the right to. */
function isNewsTo(scene: Scene, call: OriginCall, { position, appendedAt }: Invalidation): boolean {
  if (position === null || !includes(call.view, position)) return true;
  // Learnt between the right and the asking, which an edge may do as late as its window allows.
  return appendedAt >= call.askedAt - scene.boundOf(call.path) - RIGHT_GIVEN;
}

/** Invariant 7: what is appended names something that exists, or it is as good as lost. */
function named(scene: Scene): void {
  for (const one of scene.history.invalidations.values()) {
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
  const known = [...invalidations.values()].filter(
    ({ acknowledgedAt }) => acknowledgedAt !== null && acknowledgedAt < asked,
  );
  for (const exchange of exchanges.filter(({ arrivedAt }) => arrivedAt >= asked + CONVERGED)) {
    const view = exchange.viewAtArrival;
    const lacking = known.find(({ position }) => position !== null && !includes(view, position))?.position;
    if (lacking) scene.report("9 convergence", exchange, `the view lacks ${lacking.epoch}-${lacking.seq}`);
  }
}
