// Unsafe methods: the origin takes the write, and on success the log learns what it made out of date.

import { headerValue } from "../../shared/core/headers.ts";
import { formatSelector } from "../../shared/core/selector.ts";
import { groupNames } from "../../shared/core/storability.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { AppendQuery } from "../../shared/ports/mid-tier.ts";
import type { OriginOutcome } from "../../shared/ports/origin.ts";
import { classCounters } from "../counters.ts";
import type { Edge } from "../edge.ts";
import { askForOne } from "../pass.ts";
import { originFailure, problemReply, streamedReply } from "../reply.ts";
import type { EdgeRequest, Reply } from "../request.ts";
import type { Route } from "../router.ts";

/** Methods defined as safe (RFC 9110 §9.2.1): they invalidate nothing. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export async function writeAround(edge: Edge, request: EdgeRequest, given: Route): Promise<Reply> {
  const writes = !SAFE.has(request.method);
  // A cold edge knows no site: nobody would recognise what it named in the log.
  if (writes && edge.view.current() === null) await edge.view.pull(request.background);
  if (writes && edge.view.current() === null) return unnamed();
  const route = edge.router.route(request) ?? given;
  const outcome = await askForOne(edge, request, route);
  const counters = classCounters(edge.counters, route.rules.name);
  if (outcome.kind === "unreachable") {
    counters.results.error += 1;
    return originFailure(outcome.reason);
  }
  counters.results.pass += 1;
  const succeeded = outcome.status >= 200 && outcome.status < 400;
  if (succeeded && writes) await invalidate(edge, request, { route, outcome });
  return streamedReply(request, {
    ...outcome,
    age: null,
    cacheStatus: `tidegate-l1; fwd=method; fwd-status=${outcome.status}; detail=pass`,
  });
}

const unnamed = (): Reply =>
  problemReply({
    status: 503,
    code: "fenced",
    title: "Service Unavailable",
    detail: "The invalidation log can't be reached, so what this request would change can't be named yet.",
    retryAfter: 1,
  });

/** RFC 9111 §4.4: the target, and what Location and Content-Location name on the same origin. */
async function invalidate(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; outcome: OriginOutcome & { kind: "answer" } },
): Promise<void> {
  const { route, outcome } = given;
  const selectors = new Set<Selector>([urlSelector(route)]);
  for (const field of ["location", "content-location"]) {
    const named = headerValue(outcome.headers, field);
    const other = named === null ? null : edge.router.resolve(named, route.href);
    if (other !== null && other.source.host === route.source.host) selectors.add(urlSelector(other));
  }
  for (const tag of groupNames(headerValue(outcome.headers, "cache-group-invalidation"))) {
    selectors.add(formatSelector(route.source.site, { kind: "tag", tag }));
  }
  const operationId = edge.random.token();
  const query: AppendQuery = {
    operationId,
    requestDigest: operationId,
    actor: `edge/${edge.id}`,
    action: "write",
    payload: { kind: "invalidate", mode: "hard", selectors: [...selectors] },
    detail: `${request.method} ${route.source.pathAndQuery}`,
    replicas: 0,
  };
  const appended = await edge.log.append(query);
  // The origin has the write already: what the log could not take now, it is sent until it does.
  if (appended.kind !== "appended" && edge.unsent.keep(query))
    request.background.keep(edge.unsent.flush(edge.log));
  // Our own view learns it before the writer is answered, so that he reads his write here at once.
  await edge.view.pull(request.background);
}

const urlSelector = (route: Route): Selector =>
  formatSelector(route.source.site, {
    kind: "url",
    host: route.source.host,
    pathAndQuery: route.source.pathAndQuery,
  });
