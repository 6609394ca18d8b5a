// Renews what the control plane says is due: by the way that every fetch goes, for nobody, and only where nobody else has.

import { knownAge } from "../../shared/core/log-view.ts";
import { NO_DIRECTIVES } from "../../shared/core/request-directives.ts";
import { type Millis, millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { waitAtMost } from "../../shared/ports/wait.ts";
import type { Renewed, RenewedResult, RenewMessage } from "../../shared/wire/renewal.ts";
import type { WarmTarget } from "../../shared/wire/warm-target.ts";
import type { FlightOutcome, LeaderReply } from "../coalesce.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { board } from "../flight.ts";
import { FOR_NOBODY } from "../flight-job.ts";
import { asCandidate, type Judged } from "../judge.ts";
import { lookNear } from "../near.ts";
import type { EdgeRequest } from "../request.ts";
import type { Route } from "../router.ts";
import { drain } from "../serve.ts";
import { keyFor } from "../variant.ts";
import { isRenewed, renewalAt } from "./renewal-of.ts";

/** In the order of the targets. */
export async function renewAll(
  edge: Edge,
  background: Background,
  { targets, leastMs, concurrency }: RenewMessage,
): Promise<Renewed[]> {
  const results: Renewed[] = [];
  const queue = targets.map((target, index) => ({ target, index }));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next.index] = await renewOne(edge, requestFor(edge, background, next.target), millis(leastMs));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

const without = (result: RenewedResult): Renewed => ({ result, renewal: null });

async function renewOne(edge: Edge, request: EdgeRequest, least: Millis): Promise<Renewed> {
  const route = edge.router.route(request);
  if (route === null || !isRenewed(route.rules)) return without("dropped");
  const arrival = { at: request.arrivedAt, ticket: edge.view.ticket() };
  const { window } = route.rules;
  const view = await edge.view.within(window, arrival, request.background);
  // What can't be dated, or not be judged, is left to those who ask for it.
  if (view === null || knownAge(view, request.arrivedAt) > window) return without("failed");
  if (!edge.router.stands(route, request)) return without("failed");
  if (edge.memory.isUncacheable(keyFor(edge, { route, request }), edge.clock.now()))
    return without("dropped");
  const near = await lookNear(edge, request, { route, view, wants: NO_DIRECTIVES });
  const held = near?.step.kind === "serve" ? renewalAt(near.held, route.rules, edge.clock.now()) : null;
  if (held !== null && held.inMs > least) return { result: "held", renewal: held };
  return fetchAhead(edge, request, { route, near, least });
}

/** What L2 has is taken where it lasts; else the origin is asked under the lease, with the validators of what is held. */
async function fetchAhead(
  edge: Edge,
  request: EdgeRequest,
  { route, near, least }: { route: Route; near: Judged | null; least: Millis },
): Promise<Renewed> {
  const { role, flight } = board(edge, {
    ...{ route, request, arrivedAt: request.arrivedAt, lease: "wait", range: null },
    ...{
      candidate: near?.body.kind === "bytes" ? asCandidate(near) : null,
      ...FOR_NOBODY,
    },
    wants: { ...NO_DIRECTIVES, minFresh: least },
  });
  if (role === "leader") request.background.keep(flight.leader.then(drain));
  let reply: LeaderReply | null = null;
  void flight.leader.then((delivered) => {
    reply = delivered;
  });
  // Another request's flight never lands where that one is gone.
  const { over, wake } = waitAtMost(LIMITS.followerGuard, edge.timers);
  void flight.landed.then(wake);
  await over;
  const { settled } = flight;
  return settled === null || settled.kind === "unshared" ? unshared(reply) : renewedBy(edge, route, settled);
}

/** What the origin gave, and nobody may keep, is not to be asked for again; what else became of it nobody knows. */
const unshared = (reply: LeaderReply | null): Renewed =>
  without(reply?.kind === "stream" && reply.status < 500 ? "dropped" : "failed");

function renewedBy(
  edge: Edge,
  { rules }: Route,
  outcome: Exclude<FlightOutcome, { kind: "unshared" }>,
): Renewed {
  switch (outcome.kind) {
    case "answer":
    case "large": {
      const renewal = renewalAt(outcome.held, rules, edge.clock.now());
      return { result: outcome.from === "origin" ? "fetched" : "held", renewal };
    }
    case "shed":
      return without("turned-away");
    case "error":
    case "failed":
    case "refused":
    case "cut-from-whole":
    case "stalled":
      return without("failed");
  }
}

function requestFor(edge: Edge, background: Background, { url, headers }: WarmTarget): EdgeRequest {
  return {
    ...{ method: "GET", url, body: NO_BODY, purpose: "warm-up", background },
    header: (name) => headers.find(([key]) => key === name)?.[1] ?? null,
    headers: () => headers,
    arrivedAt: edge.clock.now(),
  };
}
