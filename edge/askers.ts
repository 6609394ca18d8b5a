// Who asks for a key: what is told to those who show credentials says nothing of what everybody would be told.

import type { HeaderList } from "../shared/core/headers.ts";
import { isForEverybody } from "../shared/core/storability.ts";
import type { CacheKey } from "../shared/core/units.ts";
import type { Edge } from "./edge.ts";
import type { FlightJob } from "./flight-job.ts";
import { keyFor } from "./variant.ts";

type Asked = Pick<FlightJob, "route" | "request">;

export const isAuthorized = ({ request }: Pick<FlightJob, "request">): boolean =>
  request.header("authorization") !== null;

/** Under which flights and doubts of those stand who show credentials, beside everybody's. */
const authorizedKey = (key: CacheKey): CacheKey => `${key}|authorized` as CacheKey;

/** The key itself, or the one beside it for those who show credentials. */
export const askersKey = (edge: Edge, asked: Asked): CacheKey =>
  isAuthorized(asked) ? authorizedKey(keyFor(edge, asked)) : keyFor(edge, asked);

/** Whether the origin is known to answer such a request for its sender alone. */
export function isPassed(edge: Edge, asked: Asked): boolean {
  const now = edge.clock.now();
  return (
    edge.memory.isUncacheable(keyFor(edge, asked), now) ||
    (isAuthorized(asked) && edge.memory.isUncacheable(askersKey(edge, asked), now))
  );
}

/** Of whom an answer that may be stored ends the doubts: of those with credentials where it says that it is theirs too. */
export function reassured(edge: Edge, asked: Asked, headers: HeaderList): readonly CacheKey[] {
  const key = keyFor(edge, asked);
  return isForEverybody(headers) ? [key, authorizedKey(key)] : [key];
}
