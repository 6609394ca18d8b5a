// What a client gets where a flight brought nothing to share: a stale answer, word of an error, or a way of its own.

import { staleMayStandIn } from "../shared/core/freshness.ts";
import { auditRead } from "./audit/audit-read.ts";
import type { FlightOutcome, StaleCopy } from "./coalesce.ts";
import { counted, failure, nearest } from "./count.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { bodyFor } from "./large/body-for.ts";
import { pass } from "./pass.ts";
import { heldReply, originError, originFailure, shedReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import { refused } from "./serve.ts";
import { standbyFor } from "./standby.ts";

/** No answer to share: a stale one where that was declared, else that the origin failed, else a way of one's own. */
export async function standIn(
  edge: Edge,
  request: EdgeRequest,
  { job, outcome }: { job: FlightJob; outcome: Exclude<FlightOutcome, { kind: "cut-from-whole" }> },
): Promise<Reply> {
  const { route } = job;
  switch (outcome.kind) {
    case "unshared":
    case "stalled":
    case "answer":
    case "large":
      return pass(edge, request, { route, reason: "uncacheable" });
    case "refused":
      return failure(edge, request, { reply: refused(), route });
    case "shed": {
      const stale = await staleIfError(edge, request, { job, fallback: outcome.fallback, detail: "shed" });
      return stale ?? failure(edge, request, { reply: shedReply(outcome), route });
    }
    case "failed": {
      const stale = await staleIfError(edge, request, { job, fallback: outcome.fallback });
      return stale ?? failure(edge, request, { reply: originFailure(outcome.reason), route });
    }
    case "error": {
      const { status, retryAfter, tells, fallback } = outcome;
      const stale = staleMayStandIn(status) ? await staleIfError(edge, request, { job, fallback }) : null;
      if (stale !== null) return stale;
      return tells
        ? failure(edge, request, { reply: originError(status, retryAfter), route })
        : pass(edge, request, { route, reason: "uncacheable" });
    }
  }
}

/** RFC 5861 §4. */
export async function staleIfError(
  edge: Edge,
  request: EdgeRequest,
  given: { job: FlightJob; fallback: StaleCopy | null; detail?: "stale" | "shed" },
): Promise<Reply | null> {
  const { job, fallback } = given;
  const { route } = job;
  const standby = standbyFor(edge, job, fallback);
  if (standby === null) return null;
  const { held, tier, judged } = standby;
  const body = await bodyFor(edge, request, { route, held, body: standby.body });
  if (body === null) return null;
  auditRead(edge, request, { held, body, route, tier, result: "stale", by: judged.by });
  const reply = await heldReply(edge, request, {
    judged: { held, body },
    rules: route.rules,
    provenance: { kind: "l1" },
    detail: given.detail ?? "stale",
    isStale: judged.freshness.kind !== "fresh",
  });
  return counted(edge, request, { reply, route, result: "stale", by: nearest(tier) });
}
