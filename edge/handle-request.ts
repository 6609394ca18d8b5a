// The whole request: classify, look near, look far, ask the origin, and serve only what can be shown to be good.

import { coherenceOf, knownAge, type LogView } from "../shared/core/log-view.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { freshnessOf, variesFor } from "../shared/core/stored-answer.ts";
import { instant, later } from "../shared/core/units.ts";
import { counted } from "./count.ts";
import type { Edge } from "./edge.ts";
import { askFar } from "./far.ts";
import { keyFor } from "./lease.ts";
import { lookNear } from "./near.ts";
import { pass } from "./pass.ts";
import { memoryReply, problemReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { refused, serveHeld } from "./serve.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import { writeAround } from "./writes/write-around.ts";

/** Synchronous for a hit in memory. Never rejects for anything that a client, a tier or the origin does. */
export function handleRequest(edge: Edge, request: EdgeRequest): Reply | Promise<Reply> {
  const route = edge.router.route(request);
  if (route === null) return noSite();
  if (request.method !== "GET" && request.method !== "HEAD") return writeAround(edge, request, route);
  if (request.body.kind !== "none") return contentOnGet();
  if (mustPass(request)) return pass(edge, request, { route, reason: "bypass" });
  return fromMemory(edge, request, route) ?? lookFurther(edge, request, route);
}

/** A part is not the whole answer that could be stored. */
const mustPass = (request: EdgeRequest): boolean => request.header("range") !== null;

/** RFC 9110 §9.3.1: content on a GET has no defined meaning, and the runtime has no way to send it on. */
const contentOnGet = (): Reply =>
  problemReply({
    status: 400,
    code: "content-on-get",
    title: "Bad Request",
    detail: "A GET or HEAD with content can't be forwarded; send it without, or with another method.",
  });

/** The hit path: one look-up, one comparison with the view, one with the clock. */
function fromMemory(edge: Edge, request: EdgeRequest, route: Route): Reply | null {
  const view = edge.view.current();
  const { rules } = route;
  if (view === null || rules.memoryBudget === 0) return null;
  const now = request.arrivedAt;
  if (knownAge(view, now) > rules.window || rules.window === 0) return null;
  const entry = edge.memory.find(rules, keyFor(edge, { route, request }));
  if (entry === undefined) return null;
  if (entry.currentAt !== view.generation && !isCurrent(view, entry, route)) return null;
  if (now >= entry.freshUntil || !variesFor(entry.held.answer.vary, (name) => request.header(name)))
    return null;
  edge.view.refreshIfDue(now, rules.window, request.background);
  edge.counters.tiers.l1Memory.hits += 1;
  return counted(edge, request, { reply: memoryReply(edge, request, { entry, now }), route, result: "hit" });
}

/** Looks the entry's selectors up once a generation of the view; until it changes, a hit compares one integer. */
function isCurrent(view: LogView, entry: MemoryAnswer, route: Route): boolean {
  const { held } = entry;
  if (
    coherenceOf(view, held.verifiedTo, allSelectors(held.answer.selectors, route.selectors)).kind !==
    "current"
  )
    return false;
  const freshness = freshnessOf(held, route.rules, { now: held.bornAt, softSince: null });
  entry.freshUntil = freshness.kind === "fresh" ? later(held.bornAt, freshness.remaining) : instant(0);
  entry.currentAt = view.generation;
  return true;
}

async function lookFurther(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const view = await edge.view.within(route.rules.window, arrival, request.background);
  // The first view brings the first configuration, and any later one may: what was classified by another is again.
  if (!edge.router.stands(route, request)) {
    const anew = edge.router.route(request);
    return anew === null ? noSite() : lookFurther(edge, request, anew);
  }
  const fenced = view === null || knownAge(view, request.arrivedAt) > route.rules.window;
  if (fenced && route.rules.fence.kind === "refuse") return refused();
  const near = view === null ? null : await lookNear(edge, request, { route, view });
  if (near !== null && (near.step.kind === "serve" || near.step.kind === "serve-and-refresh")) {
    return serveHeld(edge, request, { route, judged: near, provenance: { kind: "l1" } });
  }
  const marker = edge.memory.marker(route.key);
  if (marker?.kind === "uncacheable" && edge.clock.now() < marker.until) {
    return pass(edge, request, { route, reason: "uncacheable" });
  }
  // Somebody's credentials, or a request that wants no body: neither may start a fetch that others share.
  if (request.method === "HEAD" || request.header("authorization") !== null) {
    return pass(edge, request, { route, reason: "bypass" });
  }
  return askFar(edge, request, { route, candidate: near });
}

const noSite = (): Reply =>
  problemReply({
    status: 404,
    code: "unknown-site",
    title: "Not Found",
    detail: "No site is configured for this host.",
  });
