// The beat's step for those who have lost what they held, edges or shards: it is begun to be rebuilt, and that is counted.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";

/** How many rebuilds were begun. */
export type Begun = { readonly kind: "begun"; readonly begun: number } | Unavailable;

/** Knows who is to be rebuilt, and begins it. */
export interface Rebuilds {
  begin(plane: ControlPlane): Promise<Begun>;
}

export async function rebuild(
  plane: ControlPlane,
  rebuilds: Rebuilds,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const outcome = await rebuilds.begin(plane);
  if (outcome.kind === "unavailable") return outcome;
  if (outcome.begun === 0) return { kind: "done" };
  const counted = await plane.metrics.count("rebuilds|begun", outcome.begun);
  return counted.kind === "unavailable" ? counted : { kind: "done" };
}
