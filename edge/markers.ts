// What a lease is given back with where nothing came of it for L2, and for how long that is heeded.

import type { LeaseMarker } from "../shared/ports/mid-tier.ts";
import { LIMITS } from "./config.ts";

/**
 * `large`: each data centre keeps it for itself. `validated`: each time. Nobody waits for another edge's lease, and at each
 * edge those who come together share it all the same.
 */
export type Told = LeaseMarker["kind"];

const lasting = (kind: Told, span = LIMITS.uncacheableFor): LeaseMarker => ({ kind, for: span });

export const MARKERS: Readonly<Record<Told, LeaseMarker>> = {
  large: lasting("large"),
  validated: lasting("validated"),
  uncacheable: lasting("uncacheable"),
  failing: lasting("failing", LIMITS.failingFor),
};
