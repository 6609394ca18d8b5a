// Serves an answer that was judged good enough, refreshes it behind the client where it is stale, and counts.

import { NO_DIRECTIVES } from "../shared/core/request-directives.ts";
import { waitAtMost } from "../shared/ports/wait.ts";
import { isPassed } from "./askers.ts";
import { auditRead } from "./audit/audit-read.ts";
import type { Flight, LeaderReply } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { counted, nearest } from "./count.ts";
import type { Result } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { board } from "./flight.ts";
import { FOR_NOBODY } from "./flight-job.ts";
import { asCandidate, type Served } from "./judge.ts";
import { leaseFor } from "./lease-for.ts";
import { heldReply, type Provenance, problemReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { keyFor } from "./variant.ts";

export type Held = { readonly route: Route; readonly judged: Served; readonly provenance: Provenance };

export function serveHeld(
  edge: Edge,
  request: EdgeRequest,
  { route, judged, provenance }: Held,
): Reply | Promise<Reply> {
  const stale = judged.step.kind !== "serve";
  const fenced = judged.step.kind === "serve" && judged.step.mark === "fenced";
  const ahead = judged.step.kind === "serve" && judged.step.mark === "ahead";
  if (ahead || judged.step.kind === "serve-and-refresh") refreshBehind(edge, request, { route, judged });
  edge.view.refreshIfDue(request.arrivedAt, route.rules.window, request.background);
  const detail = stale ? "stale" : fenced ? "fenced" : provenance.kind === "coalesced" ? "coalesced" : null;
  const reply = heldReply(edge, request, { judged, rules: route.rules, provenance, detail });
  const fromOrigin = provenance.kind === "origin";
  // What the origin has just said was stored for others.
  if (!fromOrigin) {
    const { held, body, tier, by } = judged;
    auditRead(edge, request, { held, body, tier, by, route, result: detail ?? "hit" });
  }
  const result: Result = stale
    ? "stale"
    : provenance.kind === "coalesced"
      ? "coalesced"
      : fromOrigin
        ? "miss"
        : "hit";
  const by = fromOrigin || provenance.kind === "coalesced" ? judged.tier : nearest(judged.tier);
  const count = (made: Reply): Reply => counted(edge, request, { reply: made, route, result, by });
  return reply instanceof Promise ? reply.then(count) : count(reply);
}

/** Stale-while-revalidate (RFC 5861 §3), or renewal ahead of that: one flight a key, behind the client's back. */
function refreshBehind(edge: Edge, request: EdgeRequest, given: { route: Route; judged: Served }): void {
  const { route, judged } = given;
  const candidate = asCandidate(judged);
  const lease = leaseFor(edge, { route, request, candidate });
  // The next request without credentials will do it.
  if (lease === "try") return;
  // The last one brought nothing for all, or nothing at all; it is tried again when that is some time ago.
  const key = keyFor(edge, { route, request });
  if (edge.memory.givenUp(key, edge.clock.now()) !== null || isPassed(edge, { route, request })) return;
  const underWay = edge.flights.get(key);
  if (underWay !== undefined && hasBrought(underWay, judged)) {
    renewLanded(edge, request, { ...given, underWay });
    return;
  }
  const boarding = board(edge, {
    ...{ route, request, arrivedAt: request.arrivedAt, candidate, lease },
    ...{ ...FOR_NOBODY, wants: NO_DIRECTIVES, range: null },
  });
  // Somebody else's flight has its own reader: two of them would each get half a body.
  if (boarding.role === "leader") request.background.keep(boarding.flight.leader.then(drain));
}

/** From L2, or from before a soft invalidation, it is stale while it is being stored. */
const hasBrought = ({ settled }: Flight, { held }: Served): boolean =>
  settled?.kind === "answer" && settled.held.answer.id === held.answer.id;

/** Until then nobody else would find what it has brought: one of those who were served it waits, and begins anew. */
function renewLanded(
  edge: Edge,
  request: EdgeRequest,
  { underWay, ...given }: { route: Route; judged: Served; underWay: Flight },
): void {
  if (underWay.renews) return;
  underWay.renews = true;
  const { over, wake } = waitAtMost(LIMITS.followerGuard, edge.timers);
  void underWay.landed.then(wake);
  request.background.keep(over.then(() => refreshBehind(edge, request, given)));
}

/** A refresh has no client: what would have streamed to one is read to the end, so that it gets stored. */
export async function drain(reply: LeaderReply): Promise<void> {
  if (reply.kind !== "stream" || reply.body.kind !== "source") return;
  const { source } = reply.body;
  if (reply.stored === "nowhere") return source.cancel("nobody reads");
  let total = 0;
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      total += piece.length;
      // What turns out too large to keep would be read for nobody.
      if (source.length === null && total > LIMITS.sharedBody) return source.cancel("not kept");
    }
  } catch (error) {
    // The flight has been told of the broken body; here there is nobody to tell.
    if (!(error instanceof Error)) throw error;
  }
}

export const refused = (): Reply =>
  problemReply({
    status: 503,
    code: "fenced",
    title: "Service Unavailable",
    detail: "The invalidation log can't be reached, and this class refuses to answer without it.",
    retryAfter: 1,
  });
