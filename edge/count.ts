// Counts one reply: its class, its result, its latency and its octets.

import { classCounters, countLatency, type Result } from "./counters.ts";
import type { Edge } from "./edge.ts";
import { countHot } from "./hot/count-hot.ts";
import { observeRequest } from "./observe/observe.ts";
import type { EdgeRequest, Reply } from "./request.ts";
import type { Route } from "./router.ts";

/** Warm-ups are nobody's requests: what they cost the origin is counted there, what they hit nowhere. */
export function counted(
  edge: Edge,
  request: EdgeRequest,
  given: { reply: Reply; route: Route; result: Result },
): Reply {
  const { reply, route, result } = given;
  if (request.purpose !== "client") return reply;
  const counters = classCounters(edge.counters, route.rules.name);
  counters.results[result] += 1;
  // A hit in memory takes less than the finest bucket can tell.
  countLatency(counters, reply.memory === null ? edge.clock.now() - request.arrivedAt : 0);
  const size = lengthOf(reply);
  edge.counters.bytesServed += size;
  if (edge.heat.isDue()) {
    countHot(edge, request, { reply, route, result });
    observeRequest(edge, request, { route, result, size });
  }
  return reply;
}

/** Octets of the body; of a stream, those that were announced. */
function lengthOf({ body }: Reply): number {
  switch (body.kind) {
    case "none":
      return 0;
    case "bytes":
      return body.bytes.length;
    case "source":
      return body.source.length ?? 0;
  }
}
