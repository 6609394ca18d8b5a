// The whole request: classify, look near, look far, ask the origin, and serve only what can be shown to be good.

import { coherenceOf, knownAge, type LogView } from "../shared/core/log-view.ts";
import { freshnessOf, type HeldAnswer, variesFor } from "../shared/core/stored-answer.ts";
import { type Instant, instant, later } from "../shared/core/units.ts";
import { type FlightOutcome, joinFlight, type LeaderReply } from "./coalesce.ts";
import { LIMITS } from "./config.ts";
import { classCounters, countLatency, type Result } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { type Boarding, board, type FlightJob } from "./flight.ts";
import { type Judged, judge, judgeByView } from "./judge.ts";
import { keyFor } from "./lease.ts";
import { pass } from "./pass.ts";
import {
  cacheStatus,
  heldReply,
  originFailure,
  type Provenance,
  problemReply,
  streamedReply,
} from "./reply.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import { promote } from "./tiers/store-everywhere.ts";
import { writeAround } from "./writes/write-around.ts";

/** Synchronous for a hit in memory. Never rejects for anything that a client, a tier or the origin does. */
export function handleRequest(edge: Edge, request: EdgeRequest): Reply | Promise<Reply> {
  const route = edge.router.route(request);
  if (route === null) return noSite();
  if (request.method !== "GET" && request.method !== "HEAD") return writeAround(edge, request, route);
  if (mustPass(request)) return pass(edge, request, { route, reason: "bypass" });
  return fromMemory(edge, request, route) ?? lookFurther(edge, request, route);
}

/** A body on a GET has no defined meaning, and a range no whole answer. */
const mustPass = (request: EdgeRequest): boolean => request.body.kind !== "none" || request.header("range") !== null;

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
  const judged = { held: entry.held, body: { kind: "bytes", bytes: entry.body } as const };
  const reply = heldReply(edge, request, {
    judged: judged as Judged,
    rules,
    provenance: { kind: "l1" },
    detail: null,
  });
  edge.counters.tiers.l1Memory.hits += 1;
  return counted(edge, request, {
    reply: { ...reply, memory: reply.status === 304 ? null : entry },
    route,
    result: "hit",
  });
}

/** Looks the entry's selectors up once a generation of the view; until it changes, a hit compares one integer. */
function isCurrent(view: LogView, entry: MemoryAnswer, route: Route): boolean {
  const { held } = entry;
  if (coherenceOf(view, held.verifiedTo, held.answer.selectors).kind !== "current") return false;
  const freshness = freshnessOf(held, route.rules, { now: held.bornAt, softSince: null });
  entry.freshUntil = freshness.kind === "fresh" ? later(held.bornAt, freshness.remaining) : instant(0);
  entry.currentAt = view.generation;
  return true;
}

async function lookFurther(edge: Edge, request: EdgeRequest, route: Route): Promise<Reply> {
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const view = await edge.view.within(route.rules.window, arrival, request.background);
  const near = view === null ? null : await lookNear(edge, request, { route, view });
  if (near !== null && near.step.kind === "refuse") return refused();
  if (near !== null && (near.step.kind === "serve" || near.step.kind === "serve-and-refresh")) {
    return serveHeld(edge, request, { route, judged: near, provenance: { kind: "l1" } });
  }
  if (
    view !== null &&
    route.rules.fence.kind === "refuse" &&
    knownAge(view, request.arrivedAt) > route.rules.window
  ) {
    return refused();
  }
  const marker = edge.memory.marker(route.key);
  if (marker?.kind === "uncacheable" && edge.clock.now() < marker.until) {
    return pass(edge, request, { route, reason: "uncacheable" });
  }
  // Somebody's credentials, or a request that wants no body: neither may start a fetch that others share.
  if (request.method === "HEAD" || request.header("authorization") !== null) {
    return pass(edge, request, { route, reason: "bypass" });
  }
  return fly(edge, request, { route, candidate: near });
}

/** The best answer in this data centre; the memory's where both have one. */
async function lookNear(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; view: LogView },
): Promise<Judged | null> {
  const { route, view } = given;
  const key = keyFor(edge, { route, request });
  const header = (name: string): string | null => request.header(name);
  const { arrivedAt } = request;
  const entry = edge.memory.find(route.rules, key);
  if (entry !== undefined && variesFor(entry.held.answer.vary, header)) {
    const input = {
      held: entry.held,
      body: { kind: "bytes", bytes: entry.body } as const,
      rules: route.rules,
      arrivedAt,
    };
    const judged =
      judgeByView(view, input, edge.clock.now()).step.kind === "check"
        ? await judge(edge, input, (held) => {
            entry.held = held;
          })
        : judgeByView(view, input, edge.clock.now());
    if (judged !== null && judged.step.kind !== "fetch") return judged;
    edge.memory.drop(key, entry);
  }
  edge.counters.tiers.l1Memory.misses += 1;
  if (route.rules.cacheApi === "none") return null;
  const found = await edge.dataCentre.find(key);
  if (found.kind !== "hit" || !variesFor(found.held.answer.vary, header)) {
    edge.counters.tiers.l1Cache[found.kind === "unavailable" ? "errors" : "misses"] += 1;
    return null;
  }
  const input = { held: found.held, body: found.body, rules: route.rules, arrivedAt };
  const judged = await judge(edge, input, (held) =>
    edge.dataCentre.noteVerified(held.answer.id, held.verifiedTo),
  );
  if (judged === null || judged.step.kind === "fetch") return null;
  edge.counters.tiers.l1Cache.hits += 1;
  if (judged.body.kind === "bytes") {
    promote(
      edge,
      { key, primary: route.key },
      { held: judged.held, body: judged.body.bytes, rules: route.rules },
    );
  }
  return judged;
}

type Held = { readonly route: Route; readonly judged: Judged; readonly provenance: Provenance };

function serveHeld(edge: Edge, request: EdgeRequest, { route, judged, provenance }: Held): Reply {
  const stale = judged.step.kind !== "serve";
  const fenced = judged.step.kind === "serve" && judged.step.mark === "fenced";
  if (judged.step.kind === "serve-and-refresh") refreshBehind(edge, request, { route, judged });
  edge.view.refreshIfDue(request.arrivedAt, route.rules.window, request.background);
  const detail = stale ? "stale" : fenced ? "fenced" : provenance.kind === "coalesced" ? "coalesced" : null;
  const reply = heldReply(edge, request, { judged, rules: route.rules, provenance, detail });
  const fromOrigin = provenance.kind === "origin";
  const result: Result = stale
    ? "stale"
    : provenance.kind === "coalesced"
      ? "coalesced"
      : fromOrigin
        ? "miss"
        : "hit";
  return counted(edge, request, { reply, route, result });
}

/** Stale-while-revalidate (RFC 5861 §3): one flight a key, behind the client's back. */
function refreshBehind(edge: Edge, request: EdgeRequest, given: { route: Route; judged: Judged }): void {
  const candidate = given.judged.body.kind === "bytes" ? given.judged : null;
  const boarding = board(edge, {
    route: given.route,
    request,
    arrivedAt: request.arrivedAt,
    candidate,
    takesStale: false,
  });
  request.background.keep(boarding.flight.leader.then(drain));
}

/** A refresh has no client: what would have streamed to one is read to the end, so that it gets stored. */
async function drain(reply: LeaderReply): Promise<void> {
  if (reply.kind !== "stream" || reply.body.kind !== "source") return;
  const { source } = reply.body;
  if (!reply.stored) return source.cancel("nobody reads");
  try {
    while ((await source.read()) !== null) {}
  } catch (error) {
    // The flight has been told of the broken body; here there is nobody to tell.
    if (!(error instanceof Error)) throw error;
  }
}

async function fly(
  edge: Edge,
  request: EdgeRequest,
  given: { route: Route; candidate: Judged | null },
): Promise<Reply> {
  const { route, candidate } = given;
  for (let attempt = 0; attempt < LIMITS.joinAttempts; attempt++) {
    const job: FlightJob = { route, request, arrivedAt: request.arrivedAt, candidate, takesStale: true };
    const boarding = board(edge, job);
    const alreadyThere = boarding.flight.settled !== null;
    const reply =
      boarding.role === "leader"
        ? await leaderReply(edge, request, { job, boarding })
        : await followerReply(edge, request, { job, boarding, alreadyThere });
    if (reply !== "again") return reply;
  }
  return pass(edge, request, { route, reason: "bypass" });
}

type Aboard = { readonly job: FlightJob; readonly boarding: Boarding };

async function leaderReply(
  edge: Edge,
  request: EdgeRequest,
  { job, boarding }: Aboard,
): Promise<Reply | "again"> {
  const { route, candidate } = job;
  const reply = await boarding.flight.leader;
  const forward = candidate === null ? "uri-miss" : "stale";
  if (reply.kind === "outcome") {
    const { outcome } = reply;
    if (outcome.kind === "answer") return serveFlown(edge, request, { job, outcome, role: "leader" });
    return standIn(edge, request, { job, outcome });
  }
  if (reply.status >= 500) {
    const stale = staleIfError(edge, request, job);
    if (stale !== null) return stale;
  }
  const stored = reply.stored ? "; stored" : "";
  const line = `fwd=${forward}; fwd-status=${reply.status}`;
  const streamed = streamedReply(request, {
    status: reply.status,
    headers: reply.headers,
    body: reply.body,
    age: null,
    cacheStatus: `tidegate-l2; ${line}${stored}, tidegate-l1; ${line}${stored}`,
  });
  return counted(edge, request, { reply: streamed, route, result: reply.stored ? "miss" : "pass" });
}

async function followerReply(
  edge: Edge,
  request: EdgeRequest,
  { job, boarding, alreadyThere }: Aboard & { alreadyThere: boolean },
): Promise<Reply | "again"> {
  const outcome = await joinFlight(boarding.flight, LIMITS.followerGuard, edge.timers);
  if (outcome.kind === "answer")
    return serveFlown(edge, request, { job, outcome, role: alreadyThere ? "late" : "follower" });
  return standIn(edge, request, { job, outcome });
}

type Flown = {
  readonly job: FlightJob;
  readonly outcome: FlightOutcome & { kind: "answer" };
  readonly role: "leader" | "follower" | "late";
};

/** Everybody checks what a flight brought as if it came from a tier; only its leader asked for this very answer. */
function serveFlown(edge: Edge, request: EdgeRequest, { job, outcome, role }: Flown): Reply | "again" {
  const { route } = job;
  const { held, body, from } = outcome;
  const { rules } = route;
  if (!variesFor(held.answer.vary, (name) => request.header(name))) return "again";
  const provenance: Provenance =
    from === "l2"
      ? { kind: "l2" }
      : role === "leader"
        ? { kind: "origin", forward: job.candidate === null ? "uri-miss" : "stale", stored: true }
        : role === "late"
          ? { kind: "l1" }
          : { kind: "coalesced" };
  const judged = judgeFlown(edge, request, { job, outcome, held });
  const asked = role === "leader" && from === "origin";
  if (asked) {
    const served = {
      held,
      body: { kind: "bytes", bytes: body },
      step: { kind: "serve", mark: "fresh" },
    } as const;
    return serveHeld(edge, request, { route, judged: served as unknown as Judged, provenance });
  }
  if (judged === null) return "again";
  if (judged.step.kind === "serve" || judged.step.kind === "serve-and-refresh") {
    return serveHeld(edge, request, { route, judged, provenance });
  }
  // Stale on arrival only because the origin took its time: whoever waited for it may have it.
  const sinceReceived = edge.clock.now() - outcome.receivedAt;
  const waited =
    role === "follower" && judged.coherence.kind === "current" && sinceReceived < held.answer.fresh;
  if (waited && judged.step.kind !== "fetch" && knownWithin(edge, rules.window, request.arrivedAt)) {
    return serveHeld(edge, request, {
      route,
      judged: { ...judged, step: { kind: "serve", mark: "fresh" } },
      provenance,
    });
  }
  return "again";
}

function knownWithin(edge: Edge, window: number, at: Instant): boolean {
  const view = edge.view.current();
  return view !== null && knownAge(view, at) <= window;
}

function judgeFlown(
  edge: Edge,
  request: EdgeRequest,
  given: { job: FlightJob; outcome: FlightOutcome & { kind: "answer" }; held: HeldAnswer },
): Judged | null {
  const view = edge.view.current();
  const body = { kind: "bytes", bytes: given.outcome.body } as const;
  const input = { held: given.held, body, rules: given.job.route.rules, arrivedAt: request.arrivedAt };
  return view === null ? null : judgeByView(view, input, edge.clock.now());
}

/** No answer to share: a stale one where that was declared, else what the origin said, else a way of one's own. */
async function standIn(
  edge: Edge,
  request: EdgeRequest,
  { job, outcome }: { job: FlightJob; outcome: FlightOutcome },
): Promise<Reply | "again"> {
  const { route } = job;
  switch (outcome.kind) {
    case "unshared":
    case "answer":
      return pass(edge, request, { route, reason: "uncacheable" });
    case "refused":
      return refused();
    case "failed": {
      const reply = staleIfError(edge, request, job) ?? originFailure(outcome.reason);
      return counted(edge, request, { reply, route, result: "error" });
    }
    case "error": {
      const stale = staleIfError(edge, request, job);
      if (stale !== null) return stale;
      const body = { kind: "bytes", bytes: outcome.body } as const;
      const status = cacheStatus(
        { kind: "origin", forward: "uri-miss", stored: false },
        { ttl: 0, detail: null },
      );
      const reply = streamedReply(request, { ...outcome, body, age: null, cacheStatus: status });
      return counted(edge, request, { reply, route, result: "error" });
    }
  }
}

/** RFC 5861 §4, judged anew: the origin may have taken long to fail. */
function staleIfError(edge: Edge, request: EdgeRequest, job: FlightJob): Reply | null {
  const { route, candidate } = job;
  const view = edge.view.current();
  if (candidate === null || view === null) return null;
  const input = {
    held: candidate.held,
    body: candidate.body,
    rules: route.rules,
    arrivedAt: request.arrivedAt,
  };
  const judged = judgeByView(view, input, edge.clock.now());
  const { freshness, coherence, step } = judged;
  const allowed =
    step.kind === "serve" ||
    step.kind === "serve-and-refresh" ||
    (step.kind === "revalidate" && step.fallback === "stale-if-error");
  if (!allowed || freshness.kind === "expired" || coherence.kind === "hard") return null;
  const reply = heldReply(edge, request, {
    judged,
    rules: route.rules,
    provenance: { kind: "l1" },
    detail: "stale",
  });
  return counted(edge, request, { reply, route, result: "stale" });
}

function counted(
  edge: Edge,
  request: EdgeRequest,
  given: { reply: Reply; route: Route; result: Result },
): Reply {
  const counters = classCounters(edge.counters, given.route.rules.name);
  counters.results[given.result] += 1;
  countLatency(counters, edge.clock.now() - request.arrivedAt);
  if (given.reply.body.kind === "bytes") edge.counters.bytesServed += given.reply.body.bytes.length;
  return given.reply;
}

const noSite = (): Reply =>
  problemReply({
    status: 404,
    code: "unknown-site",
    title: "Not Found",
    detail: "No site is configured for this host.",
  });

const refused = (): Reply =>
  problemReply({
    status: 503,
    code: "fenced",
    title: "Service Unavailable",
    detail: "The invalidation log can't be reached, and this class refuses to answer without it.",
    retryAfter: 1,
  });
