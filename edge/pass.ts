// Passing a request through to the origin for its sender alone.

import { isOverOnArrival, lifetimeOf } from "../shared/core/freshness.ts";
import { refusedByWords, storability } from "../shared/core/storability.ts";
import { millis } from "../shared/core/units.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { isAuthorized, reassured } from "./askers.ts";
import { LIMITS } from "./config.ts";
import { counted, failure, lengthOf, refusal } from "./count.ts";
import type { OriginReason } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { type Asked, askOrigin, saidBy, shed } from "./origin/ask.ts";
import { passedFields } from "./origin-request.ts";
import { originFailure, problemReply, shedReply, streamedReply } from "./reply.ts";
import { type EdgeRequest, type Reply, SAFE } from "./request.ts";
import type { Route } from "./router.ts";
import { stageBegins } from "./timing.ts";
import { uploadOf } from "./uploads.ts";

export type PassReason = "method" | "bypass" | "uncacheable";

const FORWARD: Record<PassReason, string> = { method: "method", bypass: "bypass", uncacheable: "bypass" };

export async function pass(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; reason: PassReason },
): Promise<Reply> {
  const { route, reason } = given;
  const outcome = await askForOne(edge, request, route);
  if (outcome.kind === "unsent") return refusal(edge, request, { reply: unsent(outcome.because), route });
  if (outcome.kind === "shed") return failure(edge, request, { reply: shedReply(outcome), route });
  if (outcome.kind === "unreachable") {
    return failure(edge, request, { reply: originFailure(outcome.reason), route });
  }
  if (reason === "uncacheable" && wouldStore(edge, { route, request }, outcome))
    for (const key of reassured(edge, { route, request }, outcome.headers)) edge.memory.forgive(key);
  route.counters.bytesFromOrigin += lengthOf(outcome.body);
  const { status, headers, body, native = null } = outcome;
  const reply = streamedReply(edge, request, {
    status,
    headers,
    body,
    native,
    rules: route.rules,
    cacheStatus: `tidegate-l1; fwd=${FORWARD[reason]}; fwd-status=${status}; detail=pass`,
  });
  return counted(edge, request, { reply, route, result: "pass", by: "origin" });
}

/** The origin was not asked: the request's own content is malformed, broke off, or took too long. */
interface Unsent {
  readonly kind: "unsent";
  readonly because: "broken" | "late";
}

export const unsent = (because: Unsent["because"]): Reply =>
  because === "late"
    ? problemReply({
        status: 408,
        code: "content-too-slow",
        title: "Request Timeout",
        detail: "The request's content took too long to come.",
      })
    : problemReply({
        status: 400,
        code: "broken-content",
        title: "Bad Request",
        detail: "The request's content is malformed or broke off.",
      });

/** The runtime can send a GET's content on only where its length is known (RFC 9110 §15.5.12). */
export const lengthRequired = (): Reply =>
  problemReply({
    status: 411,
    code: "length-required",
    title: "Length Required",
    detail: "The content of a GET or HEAD needs a Content-Length.",
  });

export async function askForOne(edge: Edge, request: EdgeRequest, route: Route): Promise<Asked | Unsent> {
  // Nothing is waited for that would be turned away.
  const closed = request.body.kind === "source" ? edge.guards.of(route.site.name).closedFor() : null;
  if (closed !== null) return shed(route.counters, "breaker", closed);
  const receiving = uploadOf(edge, request, route);
  const upload = receiving instanceof Promise ? await receiving : receiving;
  if (upload.kind === "full") return shed(route.counters, "concurrency", LIMITS.originPatience.user);
  if (upload.kind !== "here") return { kind: "unsent", because: upload.kind };
  const { body, giveBack } = upload;
  const { method } = request;
  const priority = request.purpose === "client" ? "user" : "background";
  const { headers, passed } = passedFields(request, route);
  const sent = { method, url: route.href, headers, passed, body };
  // A client has to have his answer; a warm-up that brings the caches nothing costs the budget all the same.
  const kind = request.purpose === "client" ? "pass" : "fill";
  const reason = reasonOf(request);
  const since = stageBegins(edge, request);
  const asked = askOrigin(edge, { route, kind, priority, reason, request: sent });
  // Its slot has to be given back, whether its client is still there or not; and so has what it holds.
  request.background.keep(giveBack === null ? asked : asked.finally(giveBack));
  const outcome = await asked;
  edge.timings?.note(request, "origin", { since, ...saidBy(outcome) });
  return outcome;
}

function reasonOf({ method, purpose }: EdgeRequest): OriginReason {
  if (purpose !== "client") return "warm-up";
  return SAFE.has(method) ? "pass" : "write";
}

/**
 * A key that was not storable a moment ago may have become so: then the next request takes the ordinary way. What one with
 * credentials is told shows that where it says that it is everybody's, and else nothing of others.
 */
function wouldStore(
  edge: Edge,
  asked: { readonly route: Route; readonly request: EdgeRequest },
  outcome: OriginOutcome & { kind: "answer" },
): boolean {
  const { status, headers } = outcome;
  const { route } = asked;
  const { rules } = route;
  const worded = {
    method: "GET",
    authorized: isAuthorized(asked),
    requestNoStore: false,
    provocative: true,
    status,
    headers,
    rules,
  };
  // Most that were not are not by their words: dates are read for the others alone.
  if (refusedByWords(worded) !== null) return false;
  const arrived = { status, headers, rules, receivedAtWall: edge.clock.wall() };
  const lifetime = lifetimeOf(arrived).fresh;
  const isOver = isOverOnArrival({ ...arrived, responseDelay: millis(0) });
  return storability({ ...worded, lifetime, isOver }).kind === "store";
}
