// Counts one reply: its class, its result, who gave it, its latency and its octets. One answer to a client is one count.

import type { Body, ByteSource } from "../shared/ports/body.ts";
import {
  type AnsweredBy,
  countTook,
  NOWHERE,
  type Result,
  routeCounters,
  type TierName,
} from "./counters.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { countHot } from "./hot/count-hot.ts";
import { observeRequest } from "./observe/observe.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";
import { watchRequest } from "./tail/watch-request.ts";
import type { MemoryAnswer } from "./tiers/memory.ts";
import type { Timings } from "./timing.ts";

export interface Answered {
  readonly reply: Reply;
  readonly route: Route;
  readonly result: Result;
  readonly by: AnsweredBy;
}

/** Warm-ups are nobody's requests: what they cost the origin is counted there, what they hit nowhere. */
export function counted(edge: Edge, request: EdgeRequest, given: Answered): Reply {
  const { reply, route, result, by } = given;
  if (request.purpose !== "client") return reply;
  const size = lengthOf(reply.body);
  if (edge.counters.countsRequests) {
    const { counters } = route;
    counters.requests[result][by] += 1;
    countTook(counters, edge.clock.now() - request.arrivedAt);
    counters.bytesServed += size;
    if (by !== "none") edge.distinct.note(route);
  }
  if (request.arrivedAt < edge.tail.until) watchRequest(edge, request, { ...given, size });
  if (edge.heat.isDue()) {
    countHot(edge, request, { reply, route, result });
    observeRequest(edge, request, { route, result, size });
  }
  return edge.timings === null ? reply : timed(edge.timings, request, given);
}

/** The same for a hit in memory: it takes less than the finest bucket can tell, and what it took is told already. */
export function countedHit(
  edge: Edge,
  request: EdgeRequest,
  { reply, route, entry }: { reply: Reply; route: Route; entry: MemoryAnswer },
): Reply {
  if (request.purpose !== "client") return reply;
  const size = entry.body.length;
  if (edge.counters.countsRequests) {
    const { counters } = route;
    counters.requests.hit.l1Memory += 1;
    counters.took[0] = (counters.took[0] ?? 0) + 1;
    counters.bytesServed += size;
    edge.distinct.note(route);
  }
  if (request.arrivedAt < edge.tail.until)
    watchRequest(edge, request, { reply, route, result: "hit", by: "l1Memory", size });
  if (edge.heat.isDue()) {
    countHot(edge, request, { reply, route, result: "hit" });
    observeRequest(edge, request, { route, result: "hit", size });
  }
  return reply;
}

/** With what it took; headers that others get too are left to them. */
function timed(timings: Timings, request: EdgeRequest, { reply, result, by }: Answered): Reply {
  const { shown: _, ...own } = reply;
  return { ...own, headers: [...reply.headers, timings.header(request, { by, result })] };
}

/** An answer of the edge's own that is no failure: the request can't be served as it is. */
export const refusal = (edge: Edge, request: EdgeRequest, given: { reply: Reply; route: Route }): Reply =>
  counted(edge, request, { ...given, result: "refused", by: "none" });

/** An answer of the edge's own, in place of one that could not be had. */
export const failure = (edge: Edge, request: EdgeRequest, given: { reply: Reply; route: Route }): Reply =>
  counted(edge, request, { ...given, result: "error", by: "none" });

/** What no site serves is of no class. */
export function countedNowhere(edge: Edge, request: EdgeRequest, reply: Reply): Reply {
  if (request.purpose !== "client" || !edge.counters.countsRequests) return reply;
  const counters = routeCounters(edge.counters, { site: NOWHERE, class: NOWHERE });
  counters.requests.refused.none += 1;
  countTook(counters, edge.clock.now() - request.arrivedAt);
  counters.bytesServed += lengthOf(reply.body);
  return reply;
}

/** What a flight has brought into memory is there, for whoever comes while it is being stored. */
export const nearest = (tier: TierName): TierName => (tier === "origin" ? "l1Memory" : tier);

/** Octets of a body; of a stream, those that were announced. */
export function lengthOf(body: Body): number {
  switch (body.kind) {
    case "none":
      return 0;
    case "bytes":
      return body.bytes.length;
    case "source":
      return body.source.length ?? 0;
  }
}

/**
 * What was announced is counted by that (see `lengthOf`); what was not, as it is read. Only of bodies that are read here
 * in any case: one that the runtime passes on by itself is not, and with no length it is on neither side.
 */
const countRead = (source: ByteSource, count: (octets: number) => void): ByteSource =>
  source.length !== null
    ? source
    : {
        length: null,
        async read() {
          const piece = await source.read();
          if (piece !== null) count(piece.length);
          return piece;
        },
        cancel: (reason) => source.cancel(reason),
      };

/** The two ends of a body that is kept on its way from the origin to its client. */
export const bothEnds = (edge: Edge, { request, route, takesStale }: FlightJob) => {
  const { counters } = route;
  // A refresh is read to its end for nobody.
  const isCounted = request.purpose === "client" && takesStale && edge.counters.countsRequests;
  return {
    ofOrigin: (source: ByteSource): ByteSource =>
      countRead(source, (octets) => {
        counters.bytesFromOrigin += octets;
      }),
    toClient: (source: ByteSource): ByteSource =>
      isCounted
        ? countRead(source, (octets) => {
            counters.bytesServed += octets;
          })
        : source,
  };
};
