// Judges what only shows over many requests: one fetch a key, views that only grow, and that all of them catch up.

import { SITE } from "../control-plane.ts";
import type { OriginCall, ViewAt } from "../history.ts";
import { CONVERGED } from "../plan.ts";
import { includes, type Scene } from "./scene.ts";

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
  const { tags } = scene.resource(call.path);
  const subject = { path: call.path, tags: [...tags, "moving0", "moving1"] };
  // An invalidation that the first request's edge may not have known yet: within its window, and its pull.
  const from = call.askedAt - scene.boundOf(call.path) - 100;
  return ![...scene.history.invalidations.values()].some(
    (one) => one.appendedAt >= from && one.appendedAt <= later.askedAt && scene.hits(one, subject),
  );
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
