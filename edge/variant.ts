// Under which key a request's answer is looked for: its resource's, or that of its own variant.

import { variantKey } from "../shared/core/cache-key.ts";
import type { CacheKey } from "../shared/core/units.ts";
import type { VaryMark } from "../shared/core/vary.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";

/** The request's own variant, by what a tier says of how the answers vary. What was learnt before goes further. */
export function learnVariant(
  edge: Edge,
  { route, request }: Pick<FlightJob, "route" | "request">,
  mark: VaryMark,
): CacheKey {
  const known = keyFor(edge, { route, request });
  if (known !== route.key) return known;
  edge.memory.markVaries(route.key, mark);
  return variantKey(route.key, mark, request);
}

/** Where this resource's answers are known to vary, the request's own variant. */
export const keyFor = (edge: Edge, { route, request }: Pick<FlightJob, "route" | "request">): CacheKey =>
  edge.memory.variantKey(route.key, request);
