// The whole request: classify, look near, look far, ask the origin, and serve only what can be shown to be good.

import { mayBeTakenStale } from "../shared/core/freshness.ts";
import { coherenceOf, knownAge, type LogView, positionOf } from "../shared/core/log-view.ts";
import { type RequestDirectives, requestDirectives, satisfies } from "../shared/core/request-directives.ts";
import { allSelectors } from "../shared/core/selector.ts";
import { ageOf, freshnessOf } from "../shared/core/stored-answer.ts";
import { elapsed, instant, later, type Millis, millis } from "../shared/core/units.ts";
import { saysSoOfItsQuery } from "./answers-for.ts";
import { isPassed } from "./askers.ts";
import { auditDue } from "./audit/audit-read.ts";
import { LIMITS } from "./config.ts";
import { discard, wantsLess } from "./content.ts";
import { counted, countedHit, failure, refusal } from "./count.ts";
import type { Edge } from "./edge.ts";
import { askFar, type FarReply } from "./far.ts";
import { hasJustArrived } from "./flight.ts";
import { asCandidate, type Candidate, type Judged } from "./judge.ts";
import { bodyFor } from "./large/body-for.ts";
import { leaseFor } from "./lease-for.ts";
import { askHead, askRange, onlyIfCached, type Sought } from "./less-than-a-get.ts";
import { MIN_POSITION, refuseOlder } from "./min-position.ts";
import { lookNear } from "./near.ts";
import { noSite } from "./no-site.ts";
import { lengthRequired, pass } from "./pass.ts";
import { heldReply, memoryReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { refused, serveHeld } from "./serve.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import { keyFor } from "./variant.ts";
import { isForItsSender } from "./writes/journalled-value.ts";
import { writeAround } from "./writes/write-around.ts";
import { writeBack } from "./writes/write-back.ts";

/** Synchronous for a hit in memory. Never rejects for anything that a client, a tier or the origin does. */
export function handleRequest(edge: Edge, request: EdgeRequest): Reply | Promise<Reply> {
  const route = edge.router.route(request);
  if (route === null) return noSite(edge, request);
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads && request.body.kind !== "none" && !hasLength(request))
    return refusal(edge, request, { reply: lengthRequired(), route });
  if (!edge.router.isConfigured) return whileCold(edge, request, route);
  if (!reads && !isClassifiedLately(edge, request)) return classifiedLately(edge, request);
  // The newest value is the journal's, where it has one.
  if (route.rules.write === "write-back") return throughJournal(edge, request, route);
  return withoutJournal(edge, request, route);
}

/** Whether a policy by which a write goes elsewhere would be known by now: it must not overtake those that went there. */
function isClassifiedLately(edge: Edge, request: EdgeRequest): boolean {
  const view = edge.view.current();
  return view !== null && knownAge(view, request.arrivedAt) <= LIMITS.writeWindow;
}

async function classifiedLately(edge: Edge, request: EdgeRequest): Promise<Reply> {
  await viewWithin(edge, request, LIMITS.writeWindow);
  const route = edge.router.route(request);
  if (route === null) return noSite(edge, request);
  // The log has come back empty.
  if (!edge.router.isConfigured) return whileCold(edge, request, route);
  return route.rules.write === "write-back"
    ? throughJournal(edge, request, route)
    : withoutJournal(edge, request, route);
}

/** A view that is young enough for the request, where one can be had. */
async function viewWithin(edge: Edge, request: EdgeRequest, window: Millis): Promise<LogView | null> {
  const since = edge.clock.now();
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const view = await edge.view.within(window, arrival, request.background);
  if (edge.clock.now() > since) edge.timings?.note(request, "log", { since });
  return view;
}

const throughJournal = (edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> =>
  writeBack(edge, request, { route, otherwise: () => lookFurther(edge, request, route) });

/**
 * An edge that has just begun learns the log first. Where it can't, it knows no tier and asks the origin; but what the
 * journal holds is newer than that, and a write that went around it would overtake those that wait there.
 */
async function whileCold(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  await viewWithin(edge, request, route.rules.window);
  if (edge.router.isConfigured) return handleRequest(edge, request);
  const known = await edge.lastConfiguration.recall();
  const by = known === null ? null : edge.router.routeBy(known, request);
  if (by?.rules.write !== "write-back") return withoutJournal(edge, request, route);
  const otherwise = (): Reply | Promise<Reply> =>
    isForItsSender(request, by)
      ? pass(edge, request, { route, reason: "bypass" })
      : withoutJournal(edge, request, route);
  return writeBack(edge, request, { route: by, otherwise });
}

/** What is said of a request by whoever knows of no journal. */
function withoutJournal(edge: Edge, request: EdgeRequest, route: Route): Reply | Promise<Reply> {
  if (request.method !== "GET" && request.method !== "HEAD") return writeAround(edge, request, route);
  // Content on a GET is in no key, so neither may its answer be in any cache (RFC 9110 §9.3.1).
  if (request.body.kind !== "none") return pass(edge, request, { route, reason: "bypass" });
  const least = request.header(MIN_POSITION);
  if (least !== null) return fromViewAtLeast(edge, request, { route, least });
  return fromMemory(edge, request, route) ?? lookFurther(edge, request, route);
}

async function fromViewAtLeast(
  edge: Edge,
  request: EdgeRequest,
  { route: before, least }: { route: Route; least: string },
): Promise<Reply> {
  const refused = await refuseOlder(edge, request, least);
  if (refused !== null) return refusal(edge, request, { reply: refused, route: before });
  // What was learnt meanwhile may classify it anew.
  const route = edge.router.route(request);
  if (route === null) return noSite(edge, request);
  return fromMemory(edge, request, route) ?? lookFurther(edge, request, route);
}

/** The hit path: one look-up, one comparison with the view, one with the clock. */
function fromMemory(edge: Edge, request: EdgeRequest, route: Route): Reply | Promise<Reply> | null {
  const view = edge.view.current();
  const { rules } = route;
  if (view === null || rules.memoryBudget === 0 || request.purpose === "refill") return null;
  const now = request.arrivedAt;
  if (knownAge(view, now) > rules.window || rules.window === 0) return null;
  const entry = edge.memory.find(rules, keyFor(edge, { route, request }));
  if (entry === undefined) return null;
  // What stands for several URLs is hit by more than one of them can vouch for.
  const vouched = entry.currentAt === view.generation && route.variance === null;
  if (!vouched && !isCurrent(view, entry, route)) return null;
  if (now >= entry.quietUntil || !edge.memory.answers(entry, request)) return null;
  if (rules.requestDirectives === "honor" && !pleases(entry, request, route)) return null;
  const less = wantsLess(request);
  if (less && isForOriginAlone(request)) return null;
  edge.view.refreshIfDue(now, rules.window, request.background);
  route.counters.tiers.l1Memory.hits += 1;
  if (edge.sampler.isDue(entry, route.selectors)) auditHit(edge, request, { route, entry, view });
  if (less) return lessThanHeld(edge, request, { route, entry });
  return countedHit(edge, request, { reply: memoryReply(edge, entry, { rules, now }), route, entry });
}

/** That it is unchanged, its header, or a part of it. */
function lessThanHeld(
  edge: Edge,
  request: EdgeRequest,
  { route, entry }: { route: Route; entry: MemoryAnswer },
): Reply | Promise<Reply> {
  const judged = { held: entry.held, body: { kind: "bytes", bytes: entry.body } as const };
  const given = { judged, rules: route.rules, provenance: { kind: "l1" }, detail: null } as const;
  const count = (reply: Reply): Reply =>
    counted(edge, request, { reply, route, result: "hit", by: "l1Memory" });
  const reply = heldReply(edge, request, given);
  return reply instanceof Promise ? reply.then(count) : count(reply);
}

function auditHit(
  edge: Edge,
  request: EdgeRequest,
  { route, entry, view }: { route: Route; entry: MemoryAnswer; view: LogView },
): void {
  const by = { position: positionOf(view), knownAge: knownAge(view, request.arrivedAt) };
  const body = { kind: "bytes", bytes: entry.body } as const;
  auditDue(edge, request, { held: entry.held, body, route, tier: "l1Memory", result: "hit", by });
}

/** Looks the entry's selectors up once a generation of the view; until it changes, a hit compares one integer. */
function isCurrent(view: LogView, entry: MemoryAnswer, route: Route): boolean {
  const { held } = entry;
  if (!isOfItsQuery(entry, route)) return false;
  if (
    coherenceOf(view, held.verifiedTo, allSelectors(held.answer.selectors, route.selectors)).kind !==
    "current"
  )
    return false;
  const freshness = freshnessOf(held, route.rules, { now: held.bornAt, softSince: null });
  entry.freshUntil = freshness.kind === "fresh" ? later(held.bornAt, freshness.remaining) : instant(0);
  entry.quietUntil = instant(Math.min(entry.freshUntil, entry.renewFrom));
  entry.currentAt = view.generation;
  return true;
}

/** Read once for all hits by the same words. */
function isOfItsQuery(entry: MemoryAnswer, route: Route): boolean {
  if (route.reducedBy === null || entry.saysOfQuery === route.reducedBy) return true;
  if (!saysSoOfItsQuery(entry.held.answer, route)) return false;
  entry.saysOfQuery = route.reducedBy;
  return true;
}

const wantsOf = (request: EdgeRequest, route: Route): RequestDirectives =>
  requestDirectives(route.rules.requestDirectives, (name) => request.header(name));

function pleases({ held, freshUntil }: MemoryAnswer, request: EdgeRequest, route: Route): boolean {
  const now = request.arrivedAt;
  return satisfies(wantsOf(request, route), { age: ageOf(held, now), remaining: millis(freshUntil - now) });
}

async function lookFurther(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  // Nor is anything looked for that was kept of it by another configuration.
  if (route.rules.kept === "for nobody")
    return goOn(edge, request, { route, candidate: null, wants: wantsOf(request, route) });
  const { window } = route.rules;
  const there = edge.view.atHand(request.arrivedAt, window, request.background);
  const view = there ?? (await viewWithin(edge, request, window));
  // The first view brings the first configuration, and any later one may: what was classified by another is again.
  if (!edge.router.stands(route, request)) return classifiedAnew(edge, request);
  const fenced = view === null || knownAge(view, request.arrivedAt) > window;
  if (fenced && route.rules.fence.kind === "refuse")
    return failure(edge, request, { reply: refused(), route });
  const wants = wantsOf(request, route);
  const arriving = hasJustArrived(edge, request, route);
  // It is as good as in memory: a look there would find what it replaces.
  if (arriving) route.counters.tiers.l1Memory.hits += 1;
  const passesBy = view === null || arriving || request.purpose === "refill";
  const looking = passesBy ? null : lookNear(edge, request, { route, view, wants });
  const near = looking instanceof Promise ? await looking : looking;
  // As well while a tier was read.
  if (!edge.router.stands(route, request)) return classifiedAnew(edge, request);
  const judged =
    near === null || isForOriginAlone(request)
      ? null
      : goodEnough(edge, request, { route, judged: near, wants, fenced });
  if (judged === null) return await goOn(edge, request, { route, candidate: candidateOf(near), wants });
  const { held, step, tier, by } = judged;
  const inHand = judged.body.kind === "none" ? null : judged.body;
  const body = inHand ?? (await bodyFor(edge, request, { route, held, body: judged.body }));
  // Begun of a body that can't be had, a stored answer is none: the origin is asked as if it had not been there.
  if (body === null) return await goOn(edge, request, { route, candidate: null, wants });
  const served = { held, body, step, tier, by };
  return serveHeld(edge, request, { route, judged: served, provenance: { kind: "l1" } });
}

function candidateOf(near: Judged | null): Candidate | null {
  if (near !== null) discard(near.body);
  return near === null ? null : asCandidate(near);
}

function classifiedAnew(edge: Edge, request: EdgeRequest): Reply | Promise<Reply> {
  const route = edge.router.route(request);
  if (route === null) return noSite(edge, request);
  return route.rules.write === "write-back"
    ? throughJournal(edge, request, route)
    : lookFurther(edge, request, route);
}

/** The answer as it may be served to this client, or null. */
function goodEnough(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; judged: Judged; wants: RequestDirectives; fenced: boolean },
): Judged | null {
  const { route, judged, wants, fenced } = given;
  const { step, held, freshness, coherence } = judged;
  const remaining = freshness.kind === "fresh" ? freshness.remaining : millis(0);
  if (!satisfies(wants, { age: ageOf(held, edge.clock.now()), remaining })) return null;
  if (step.kind === "serve") return judged;
  // A refresh has learnt that there is nothing for anybody any more.
  if (edge.memory.givenUp(keyFor(edge, { route, request }), request.arrivedAt)?.gone === true) return null;
  if (step.kind === "serve-and-refresh") return judged;
  // Beyond the window "current" is only what an old view says.
  if (fenced || freshness.kind === "fresh" || coherence.kind !== "current") return null;
  // RFC 9111 §5.2.1.2, §4.2.4: whoever takes stale answers gets them, unless the origin forbids it.
  const taken = wants.maxStale !== null && freshness.staleFor <= wants.maxStale;
  return taken && mayBeTakenStale(held.answer.headers)
    ? { ...judged, step: { kind: "serve-and-refresh" } }
    : null;
}

async function goOn(edge: Edge, request: EdgeRequest, sought: Sought): Promise<Reply> {
  const reply = await beyond(edge, request, sought);
  if (reply !== "reclassify") return reply;
  // A configuration that keeps changing keeps nobody waiting for longer than an origin may.
  if (elapsed(request.arrivedAt, edge.clock.now()) > LIMITS.originDeadline)
    return pass(edge, request, { route: sought.route, reason: "bypass" });
  return classifiedAnew(edge, request);
}

function beyond(edge: Edge, request: EdgeRequest, sought: Sought): Promise<FarReply> {
  const { route, wants } = sought;
  if (wants.onlyIfCached) return onlyIfCached(edge, request, sought);
  if (isPassed(edge, { route, request })) return pass(edge, request, { route, reason: "uncacheable" });
  if (wants.noStore || isForOriginAlone(request) || isForItsSender(request, route))
    return pass(edge, request, { route, reason: "bypass" });
  if (request.method === "HEAD") return askHead(edge, request, sought);
  if (request.header("range") !== null) return askRange(edge, request, sought);
  const lease = leaseFor(edge, { ...sought, request });
  return askFar(edge, request, { ...sought, lease, range: null });
}

/**
 * Preconditions that only an origin evaluates. A cache may ignore them (RFC 9110 §13.1.1, §13.1.4), and a plain hit in
 * memory does; but parts must not be put together across them.
 */
const isForOriginAlone = (request: EdgeRequest): boolean =>
  request.header("if-match") !== null || request.header("if-unmodified-since") !== null;

const hasLength = (request: EdgeRequest): boolean => request.header("content-length") !== null;
