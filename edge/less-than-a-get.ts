// Requests for less than a whole answer from wherever it is: HEAD, ranges, and what must come from a cache.

import { admission } from "../shared/core/admission.ts";
import { parseRange } from "../shared/core/byte-range.ts";
import { type RequestDirectives, satisfies } from "../shared/core/request-directives.ts";
import { ageOf, currentLifetime, type HeldAnswer } from "../shared/core/stored-answer.ts";
import { millis } from "../shared/core/units.ts";
import { FRESH } from "./coalesce.ts";
import { refusal } from "./count.ts";
import type { Edge } from "./edge.ts";
import { askFar, type FarReply } from "./far.ts";
import type { FlightJob } from "./flight-job.ts";
import type { Candidate } from "./judge.ts";
import { bodyFor } from "./large/body-for.ts";
import { acquire } from "./lease.ts";
import { leaseFor } from "./lease-for.ts";
import { findPart, partServes } from "./parts.ts";
import { pass } from "./pass.ts";
import { problemReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { serveHeld } from "./serve.ts";
import { bringNear } from "./tiers/store-everywhere.ts";

export interface Sought {
  readonly route: Route;
  /** What is near and not good enough, but may serve as validator. */
  readonly candidate: Candidate | null;
  readonly wants: RequestDirectives;
}

/** RFC 9111 §5.2.1.7: what no cache has is not fetched. */
export async function onlyIfCached(edge: Edge, request: EdgeRequest, sought: Sought): Promise<Reply> {
  const { kept } = sought.route.rules;
  const found = kept === "for nobody" ? null : await lookShared(edge, request, sought);
  return found?.kind === "reply"
    ? found.reply
    : refusal(edge, request, { reply: notCached(), route: sought.route });
}

export const notCached = (): Reply =>
  problemReply({
    status: 504,
    code: "only-if-cached",
    title: "Gateway Timeout",
    detail: "Nothing stored is good enough, and the request allows nothing else.",
  });

/**
 * A HEAD for what is held and stale asks by a conditional GET: that freshens it, or replaces it where the origin has
 * something else (RFC 9111 §4.3.5). For what is not held it stays a HEAD, since nobody wants the content.
 */
export async function askHead(edge: Edge, request: EdgeRequest, sought: Sought): Promise<FarReply> {
  const found = await lookShared(edge, request, sought);
  if (found.kind === "reply") return found.reply;
  const { route, wants } = sought;
  // Without a validator it is replaced, or stands in for an origin that fails, as for a GET.
  const candidate = found.candidate ?? sought.candidate;
  if (candidate === null) return pass(edge, request, { route, reason: "bypass" });
  const lease = leaseFor(edge, { route, request, candidate });
  return askFar(edge, request, { route, candidate, wants, lease, range: null });
}

/** A range of what is held nowhere as a whole: from a part that is held, else from the origin, as that part. */
export async function askRange(edge: Edge, request: EdgeRequest, sought: Sought): Promise<FarReply> {
  const { route, wants } = sought;
  const part = findPart(edge, { route, request });
  if (part !== null && partServes(part.held.answer, request) && pleases(edge, part.held, sought)) {
    const body = { kind: "bytes", bytes: part.bytes } as const;
    const { by } = part;
    const judged = { held: part.held, body, step: FRESH, tier: "l1Memory", by } as const;
    return serveHeld(edge, request, { route, judged, provenance: { kind: "l1" } });
  }
  const range = request.header("range");
  const single = parseRange(range)?.length === 1;
  // Whether If-Range holds decides between a part and the whole: a shared request can't ask for either.
  if (request.header("if-range") !== null || !single || request.header("authorization") !== null) {
    const found = await lookShared(edge, request, sought);
    if (found.kind === "reply") return found.reply;
    // A whole that is held and stale is freshened for all: what is asked for is then cut from it.
    const candidate = found.candidate ?? sought.candidate;
    if (candidate !== null && request.header("authorization") === null)
      return askFar(edge, request, { route, candidate, wants, lease: "wait", range: null });
    return unsharedRange(edge, request, { sought, single });
  }
  const { candidate } = sought;
  return askFar(edge, request, { route, candidate, wants, lease: "none", range });
}

function pleases(edge: Edge, held: HeldAnswer, { route, wants }: Sought): boolean {
  const age = ageOf(held, edge.clock.now());
  return satisfies(wants, { age, remaining: millis(currentLifetime(held.answer, route.rules).fresh - age) });
}

/** A field that is no range of octets is ignored (RFC 9110 §14.2): then the whole is asked for. */
function unsharedRange(
  edge: Edge,
  request: EdgeRequest,
  { sought, single }: { sought: Sought; single: boolean },
): Promise<FarReply> {
  const { route } = sought;
  const ignored = !single && parseRange(request.header("range")) === null;
  const alone = request.header("authorization") !== null;
  if (ignored && !alone) return askFar(edge, request, { ...sought, lease: "wait", range: null });
  return pass(edge, request, { route, reason: "bypass" });
}

type LookedUp =
  | { readonly kind: "reply"; readonly reply: Reply }
  | { readonly kind: "nothing"; readonly candidate: Candidate | null };

/** L2's answer, without asking for the right to fetch another. */
async function lookShared(edge: Edge, request: EdgeRequest, sought: Sought): Promise<LookedUp> {
  const { route, candidate, wants } = sought;
  const { arrivedAt } = request;
  const rest = { takesStale: true, not: null, lease: "none", range: null } as const;
  const admittedBy = admission(edge.view.current(), route.rules.window, arrivedAt);
  const job: FlightJob = { route, request, arrivedAt, candidate, wants, admittedBy, ...rest };
  // It fetches nothing that others could wait for.
  const looking = acquire(edge, job, Promise.resolve());
  // Others may have joined the call that it makes (docs/adr/0084).
  request.background.keep(looking);
  const acquired = await looking;
  if (acquired.kind !== "answer")
    return { kind: "nothing", candidate: acquired.kind === "right" ? acquired.right.validators : null };
  const { judged, key } = acquired;
  request.background.keep(bringNear(edge, { key, route }, judged));
  const body = await bodyFor(edge, request, { route, ...judged });
  if (body === null) return { kind: "nothing", candidate: null };
  const reply = await serveHeld(edge, request, {
    route,
    judged: { ...judged, body },
    provenance: { kind: judged.tier === "l1Cache" ? "l1" : "l2" },
  });
  return { kind: "reply", reply };
}
