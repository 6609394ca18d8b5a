// Whether a request waits for the right to ask the origin for everybody, or takes it only where it is free.

import { isForEverybody } from "../shared/core/storability.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { keyFor } from "./variant.ts";

/**
 * Somebody's credentials may not start a fetch that others share, unless what is held says that it is everybody's all
 * the same (RFC 9111 §3.5): then the next one most likely is.
 */
export function leaseFor(
  edge: Edge,
  { route, request, candidate }: Pick<FlightJob, "route" | "request" | "candidate">,
): "wait" | "try" {
  if (request.header("authorization") === null) return "wait";
  const held = candidate?.held ?? edge.memory.find(route.rules, keyFor(edge, { route, request }))?.held;
  return held !== undefined && isForEverybody(held.answer.headers) ? "wait" : "try";
}
