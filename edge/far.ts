// Asks beyond this data centre: one flight a key to L2 or the origin, and what its leader and followers make of it.

import { admission } from "../shared/core/admission.ts";
import { staleMayStandIn } from "../shared/core/freshness.ts";
import { knownAge } from "../shared/core/log-view.ts";
import type { Step } from "../shared/core/next-step.ts";
import { NO_DIRECTIVES, satisfies } from "../shared/core/request-directives.ts";
import { ageOf, currentLifetime } from "../shared/core/stored-answer.ts";
import { elapsed, millis } from "../shared/core/units.ts";
import { variesFor } from "../shared/core/vary.ts";
import { NO_BODY } from "../shared/ports/body.ts";
import { saysSoOfItsQuery } from "./answers-for.ts";
import type { ByView } from "./audit/sampler.ts";
import { type Flight, type FlightOutcome, FRESH, joinFlight } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { counted, lengthOf } from "./count.ts";
import type { Edge } from "./edge.ts";
import { type Boarding, board } from "./flight.ts";
import { type FlightJob, priorityOf } from "./flight-job.ts";
import { inputFor, judge, judgeByView } from "./judge.ts";
import { bodyFor } from "./large/body-for.ts";
import { leaseFor } from "./lease-for.ts";
import { partServes } from "./parts.ts";
import { pass } from "./pass.ts";
import { type Forward, isKeptNear, type Provenance, streamedReply } from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import { serveHeld } from "./serve.ts";
import { staleIfError, standIn } from "./stand-in.ts";
import type { Passed } from "./timing.ts";

/** `reclassify`: by what the log has told meanwhile the request is for another resource, or under other rules. */
export type FarReply = Reply | "reclassify";

export async function askFar(
  edge: Edge,
  request: EdgeRequest,
  given: Pick<FlightJob, "route" | "candidate" | "wants" | "lease" | "range">,
): Promise<FarReply> {
  const { route } = given;
  const isWaitedFor = request.purpose === "client";
  const view = isWaitedFor ? edge.view.current() : null;
  const admittedBy = admission(view, route.rules.window, request.arrivedAt);
  let not: Flight | null = null;
  let { candidate } = given;
  for (let attempt = 0; attempt < LIMITS.joinAttempts; attempt++) {
    const job: FlightJob = {
      ...{ ...given, candidate, request, admittedBy },
      arrivedAt: request.arrivedAt,
      takesStale: true,
      not,
    };
    const boarding = board(edge, job);
    const alreadyThere = boarding.flight.settled !== null;
    const reply =
      boarding.role === "leader"
        ? await leaderReply(edge, request, { job, boarding })
        : await followerReply(edge, request, { job, boarding, alreadyThere });
    if (reply !== "again") return reply;
    // Nothing can be shared by this route any more: a crowd that stayed with it would ask the origin one by one.
    if (!edge.router.stands(route, request)) return "reclassify";
    not = boarding.flight;
    // What is here no longer can't be freshened.
    if (candidate?.body.kind === "none") candidate = null;
  }
  return pass(edge, request, { route, reason: "bypass" });
}

type Aboard = { readonly job: FlightJob; readonly boarding: Boarding };

async function leaderReply(
  edge: Edge,
  request: EdgeRequest,
  { job, boarding }: Aboard,
): Promise<FarReply | "again"> {
  const { route } = job;
  const reply = await boarding.flight.leader;
  const { flight } = boarding;
  const forward = forwardOf({ job, flight });
  if (reply.kind === "outcome") {
    const { outcome } = reply;
    if (outcome.kind === "answer" || outcome.kind === "large")
      return serveFlown(edge, request, { job, flight, outcome, role: "leader" });
    return withoutAnswer(edge, request, { job, outcome });
  }
  if (staleMayStandIn(reply.status)) {
    const stale = await staleIfError(edge, request, { job, fallback: reply.fallback });
    if (stale !== null) {
      if (reply.body.kind === "source") reply.body.source.cancel("a stale answer stands in");
      return stale;
    }
  }
  const inL2 = reply.stored === "everywhere" ? "; stored" : "";
  const large = reply.stored === "near" || lengthOf(reply.body) > LIMITS.sharedBody;
  const inL1 = reply.stored !== "nowhere" && isKeptNear(route.rules, large) ? "; stored" : "";
  const why = reply.refused === null ? "" : `; detail=${reply.refused}`;
  const line = `fwd=${forward}; fwd-status=${reply.status}`;
  const streamed = streamedReply(edge, request, {
    status: reply.status,
    headers: reply.headers,
    body: reply.body,
    rules: route.rules,
    stored: reply.stored !== "nowhere",
    cacheStatus: `tidegate-l2; ${line}${inL2}, tidegate-l1; ${line}${inL1}${why}`,
  });
  // What is stored is counted when it has come.
  if (reply.stored === "nowhere") route.counters.bytesFromOrigin += lengthOf(reply.body);
  return counted(edge, request, {
    reply: streamed,
    route,
    result: reply.stored === "nowhere" ? "pass" : "miss",
    by: "origin",
  });
}

async function followerReply(
  edge: Edge,
  request: EdgeRequest,
  { job, boarding, alreadyThere }: Aboard & { alreadyThere: boolean },
): Promise<FarReply | "again"> {
  const since = edge.clock.now();
  const { flight } = boarding;
  const outcome = await joinFlight(flight, LIMITS.followerGuard, edge.timers);
  if (!alreadyThere) edge.timings?.note(request, "flight", { since, ...givenBy(outcome) });
  if (outcome.kind === "answer" || outcome.kind === "large")
    return serveFlown(edge, request, { job, flight, outcome, role: alreadyThere ? "late" : "follower" });
  if (outcome.kind === "stalled") return "again";
  // What had to leave tokens and slots to users was turned away for that: a user has more of a right.
  if (outcome.kind === "shed" && outcome.priority === "background" && priorityOf(job) === "user")
    return "again";
  return withoutAnswer(edge, request, { job, outcome });
}

const givenBy = (outcome: FlightOutcome): Pick<Passed, "said"> =>
  outcome.kind === "answer" || outcome.kind === "large"
    ? { said: outcome.from === "l1Cache" ? "hit" : outcome.from }
    : {};

function withoutAnswer(
  edge: Edge,
  request: EdgeRequest,
  { job, outcome }: { job: FlightJob; outcome: FlightOutcome },
): Promise<FarReply> {
  if (outcome.kind !== "cut-from-whole") return standIn(edge, request, { job, outcome });
  const { route, wants, candidate } = job;
  return askFar(edge, request, { route, candidate, wants, lease: leaseFor(edge, job), range: null });
}

type Flown = {
  readonly job: FlightJob;
  readonly flight: Flight;
  readonly outcome: FlightOutcome & { kind: "answer" | "large" };
  readonly role: "leader" | "follower" | "late";
};

/** Everybody checks what a flight brought as if it came from a tier; only its leader asked for this very answer. */
async function serveFlown(edge: Edge, request: EdgeRequest, flown: Flown): Promise<Reply | "again"> {
  const { job, outcome, role } = flown;
  const { route } = job;
  const { held } = outcome;
  if (!variesFor(held.answer.vary, (name) => request.header(name))) return "again";
  if (!partServes(held.answer, request)) return "again";
  const inHand = outcome.kind === "large" ? NO_BODY : ({ kind: "bytes", bytes: outcome.body } as const);
  const body = await bodyFor(edge, request, { route, held, body: inHand });
  if (body === null) return "again";
  const tier = outcome.from;
  const serve = (step: Step, by: ByView | null): Reply | Promise<Reply> =>
    serveHeld(edge, request, {
      route,
      judged: { held, body, step, tier, by },
      provenance: provenanceOf(flown),
    });
  if (role === "leader") return serve(outcome.forLeader, outcome.by);
  // What was learnt of the query since may have parted the two.
  if (!saysSoOfItsQuery(held.answer, route)) return "again";
  if (!isOfResource(held.answer.key, edge.router.route(request)?.key ?? null)) return "again";
  if (!pleases(edge, request, flown)) return "again";
  const view = edge.view.current();
  if (view === null) return vouchesForItself(edge, request, flown) ? serve(FRESH, null) : "again";
  // By what the view has learnt since, something else may hit it than the route knows of.
  if (!edge.router.stands(route, request)) return "again";
  // Of a large body the chunks come later, and of what has been replaced meanwhile they come no more.
  const admittedBy = outcome.kind === "large" ? null : job.admittedBy;
  const input = { ...inputFor(edge, { route, request }, { held, body, tier }), admittedBy };
  const byView = judgeByView(view, input, edge.clock.now());
  const judged = byView.step.kind === "check" ? await judge(edge, input, null) : byView;
  if (judged === null) return "again";
  if (judged.step.kind === "serve" || judged.step.kind === "serve-and-refresh")
    return serve(judged.step, judged.by);
  const known = knownAge(view, request.arrivedAt) <= route.rules.window;
  const owed = isJustSlow(edge, outcome) || isAskedSince(request, outcome);
  const waited = role === "follower" && judged.coherence.kind === "current" && owed && known;
  return waited ? serve(FRESH, judged.by) : "again";
}

const isOfResource = (key: string, resource: string | null): boolean =>
  resource !== null && (key === resource || key.startsWith(`${resource}|vary`));

/** What the client asks for beyond what everybody does: by `no-cache`, that the origin was asked since. */
function pleases(edge: Edge, request: EdgeRequest, { job, outcome }: Flown): boolean {
  if (isAskedSince(request, outcome)) return true;
  const age = ageOf(outcome.held, edge.clock.now());
  const { fresh } = currentLifetime(outcome.held.answer, job.route.rules);
  return satisfies(job.wants, { age, remaining: millis(fresh - age) });
}

/** The origin was asked after the request had come: as if for it (RFC 9111 §4, collapsed requests). */
const isAskedSince = ({ arrivedAt }: EdgeRequest, { held }: Flown["outcome"]): boolean =>
  held.sentAt !== null && held.sentAt >= arrivedAt;

/** A cold edge knows no window: there an answer vouches only for those who came before it was asked for (docs/adr/0005). */
function vouchesForItself(edge: Edge, request: EdgeRequest, { outcome }: Flown): boolean {
  const { held } = outcome;
  if (held.sentAt === null || held.sentAt <= request.arrivedAt) return false;
  return isJustSlow(edge, outcome);
}

/** Stale only because the origin took its time, if at all: whoever waited for it may have it. */
function isJustSlow(edge: Edge, { held, receivedAt }: Flown["outcome"]): boolean {
  const { ageWhenSent, fresh } = held.answer;
  return ageWhenSent + elapsed(receivedAt, edge.clock.now()) < fresh;
}

function provenanceOf({ job, flight, outcome, role }: Flown): Provenance {
  if (outcome.from === "l2") return { kind: "l2" };
  if (outcome.from === "l1Cache") return { kind: "l1" };
  switch (role) {
    case "leader":
      return { kind: "origin", forward: forwardOf({ job, flight }) };
    case "late":
      return { kind: "l1" };
    case "follower":
      return { kind: "coalesced" };
  }
}

/** Why the request went on (RFC 9211 §2.2). */
function forwardOf({ job, flight }: Pick<Flown, "job" | "flight">): Forward {
  const found = job.candidate?.step ?? flight.found;
  if (found === null) return "uri-miss";
  return found.kind === "serve" && job.wants !== NO_DIRECTIVES ? "request" : "stale";
}
