// Unsafe methods: the origin takes the write, and on success the log learns what it made out of date.

import { type HeaderList, headerValue } from "../../shared/core/headers.ts";
import type { Position } from "../../shared/core/position.ts";
import { groupNames } from "../../shared/core/storability.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { OriginWrite } from "../../shared/wire/told-writes.ts";
import { counted, failure, lengthOf, refusal } from "../count.ts";
import type { Edge } from "../edge.ts";
import { hopsLeft } from "../origin-request.ts";
import { askForOne, unsent } from "../pass.ts";
import { originFailure, problemReply, shedReply, streamedReply } from "../reply.ts";
import { type EdgeRequest, type Reply, SAFE } from "../request.ts";
import type { Route } from "../router.ts";
import { keepPosted } from "./keep-posted.ts";
import { tellLog } from "./tell-log.ts";
import { refilled } from "./write-through.ts";

export function writeAround(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  const written = write(edge, request, route);
  // The origin may have the write when its client has gone: the log is told all the same.
  request.background.keep(written);
  return written;
}

async function write(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  if (hopsLeft(request) === 0) return refusal(edge, request, { reply: lastHop(), route });
  const writes = !SAFE.has(request.method);
  // What could neither be told to the log nor be kept for it would be lost: then the origin must not take it.
  if (writes && edge.unsent.isFull) return failure(edge, request, { reply: tooManyUnsent(), route });
  const sentAt = edge.clock.now();
  const asOf = edge.view.asOf();
  const outcome = await askForOne(edge, request, route);
  if (outcome.kind === "unsent") return refusal(edge, request, { reply: unsent(outcome.because), route });
  // The origin has not been asked: nothing has changed.
  if (outcome.kind === "shed") return failure(edge, request, { reply: shedReply(outcome), route });
  if (outcome.kind === "unreachable") {
    // An origin that did not answer may have taken the write all the same.
    if (writes) await invalidate(edge, request, { route, headers: [] });
    return failure(edge, request, { reply: originFailure(outcome.reason), route });
  }
  const succeeded = outcome.status >= 200 && outcome.status < 400;
  const position =
    succeeded && writes ? await invalidate(edge, request, { route, headers: outcome.headers }) : null;
  const posted = { route, outcome, sentAt, asOf, position };
  route.counters.bytesFromOrigin += lengthOf(outcome.body);
  const body = position !== null ? keepPosted(edge, request, posted) : outcome.body;
  if (position !== null && route.rules.write === "write-through") await refilled(edge, request, position);
  const reply = streamedReply(edge, request, {
    ...outcome,
    body,
    rules: route.rules,
    cacheStatus: `tidegate-l1; fwd=method; fwd-status=${outcome.status}; detail=pass`,
  });
  return counted(edge, request, { reply, route, result: "pass", by: "origin" });
}

/** Nobody further on is to be asked. */
const lastHop = (): Reply => ({
  status: 204,
  headers: [["cache-control", "no-store"]],
  body: NO_BODY,
  age: null,
  cacheStatus: "tidegate-l1; detail=max-forwards",
  memory: null,
});

const tooManyUnsent = (): Reply =>
  problemReply({
    status: 503,
    code: "log-unreachable",
    title: "Service Unavailable",
    detail: "The invalidation log can't be reached, and too many writes are waiting for it already.",
    retryAfter: 1,
  });

async function invalidate(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; headers: HeaderList },
): Promise<Position | null> {
  const { headers } = given;
  const named = ["location", "content-location"].map((field) => headerValue(headers, field));
  const write: OriginWrite = {
    operationId: edge.random.token(),
    method: request.method,
    target: given.route.href,
    references: named.filter((reference) => reference !== null),
    groups: groupNames(headerValue(headers, "cache-group-invalidation")),
  };
  // The origin has the write already: what the log can't take now, it is sent until it does.
  const told = await tellLog(edge, [write], request.background);
  if (told === null) edge.unsent.keep(write);
  // Our own view learns it before the writer is answered, so that he reads his write here at once.
  await edge.view.pull(request.background);
  return told?.at ?? null;
}

/** Offers the log what it has missed. */
export const flushUnsent = (edge: Edge, background: Background): Promise<void> =>
  edge.unsent.flush(async (write) => (await tellLog(edge, [write], background)) !== null, edge.clock.now());
