// Passing a request through to the origin for its sender alone.

import { lifetimeOf } from "../shared/core/freshness.ts";
import { storability } from "../shared/core/storability.ts";
import type { Body, ByteSource } from "../shared/ports/body.ts";
import type { OriginOutcome } from "../shared/ports/origin.ts";
import { LIMITS } from "./config.ts";
import { counted, failure, lengthOf, refusal } from "./count.ts";
import type { OriginReason } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { keyFor } from "./lease.ts";
import { type Asked, askOrigin, saidBy } from "./origin/ask.ts";
import { passedFields } from "./origin-request.ts";
import { originFailure, problemReply, shedReply, streamedReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { wholeOrRest } from "./share-body.ts";
import { stageBegins } from "./timing.ts";

export type PassReason = "method" | "bypass" | "uncacheable";

const FORWARD: Record<PassReason, string> = { method: "method", bypass: "bypass", uncacheable: "bypass" };

export async function pass(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; reason: PassReason },
): Promise<Reply> {
  const { route, reason } = given;
  const outcome = await askForOne(edge, request, route);
  if (outcome.kind === "unsent") return refusal(edge, request, { reply: unsent(), route });
  if (outcome.kind === "shed") return failure(edge, request, { reply: shedReply(outcome), route });
  if (outcome.kind === "unreachable") {
    return failure(edge, request, { reply: originFailure(outcome.reason), route });
  }
  if (reason === "uncacheable" && wouldStore(edge, route, outcome))
    edge.memory.unmarkUncacheable(keyFor(edge, { route, request }));
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

/** The origin was not asked: the request's own content is malformed, or broke off. */
export const unsent = (): Reply =>
  problemReply({
    status: 400,
    code: "broken-content",
    title: "Bad Request",
    detail: "The request's content is malformed or broke off.",
  });

export async function askForOne(
  edge: Edge,
  request: EdgeRequest,
  route: Route,
): Promise<Asked | { readonly kind: "unsent" }> {
  const upload = uploadOf(request);
  const body = upload instanceof Promise ? await upload : upload;
  if (body === null) return { kind: "unsent" };
  const { method } = request;
  const priority = request.purpose === "client" ? "user" : "background";
  const { headers, passed } = passedFields(request, route);
  const sent = { method, url: route.href, headers, passed, body };
  // A client has to have his answer; a warm-up that brings the caches nothing costs the budget all the same.
  const kind = request.purpose === "client" ? "pass" : "fill";
  const reason = reasonOf(request);
  const since = stageBegins(edge, request);
  const asked = askOrigin(edge, { route, kind, priority, reason, request: sent });
  // Its slot has to be given back, whether its client is still there or not.
  request.background.keep(asked);
  const outcome = await asked;
  edge.timings?.note(request, "origin", { since, ...saidBy(outcome) });
  return outcome;
}

function reasonOf({ method, purpose }: EdgeRequest): OriginReason {
  if (purpose !== "client") return "warm-up";
  return SAFE.has(method) ? "pass" : "write";
}

/** Methods defined as safe (RFC 9110 §9.2.1): they invalidate nothing. */
export const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Content is sent on when all of it has come, up to a limit: a client who breaks off or stalls must neither look like
 * an origin that fails nor hold one of its slots, and what is cut short must not reach it as if it were whole. Beyond
 * that an announced length is what tells. Null where it broke off.
 */
function uploadOf(request: EdgeRequest): Body | Promise<Body | null> {
  const { body, method } = request;
  if (body.kind !== "source") return body;
  const said = request.header("content-length");
  const announced = said === null ? null : Number(said);
  if (announced !== null && announced > LIMITS.sharedBody) return body;
  return method === "GET" || method === "HEAD"
    ? arrivedWhole(body, announced)
    : readWhole(body.source, announced);
}

/** A runtime can't make a GET with content of its own: only the one that arrived can be passed on. */
async function arrivedWhole(
  body: Body & { readonly kind: "source" },
  announced: number | null,
): Promise<Body | null> {
  const octets = await body.source.arrived?.();
  return octets === undefined || octets === announced ? body : null;
}

async function readWhole(source: ByteSource, announced: number | null): Promise<Body | null> {
  const read = await wholeOrRest(source, LIMITS.sharedBody);
  const isShort = announced !== null && read?.kind === "bytes" && read.bytes.length !== announced;
  return isShort ? null : read;
}

/** A key that was not storable a moment ago may have become so: then the next request takes the ordinary way. */
function wouldStore(edge: Edge, route: Route, outcome: OriginOutcome & { kind: "answer" }): boolean {
  const { status, headers } = outcome;
  const lifetime = lifetimeOf({
    status,
    headers,
    rules: route.rules,
    receivedAtWall: edge.clock.wall(),
  }).fresh;
  const input = {
    method: "GET",
    authorized: false,
    requestNoStore: false,
    provocative: true,
    status,
    headers,
    rules: route.rules,
    lifetime,
  };
  return storability(input).kind === "store";
}
