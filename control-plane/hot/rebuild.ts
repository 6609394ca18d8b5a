// The beat's step for newcomers: whoever has come since the last time is warmed, and how many were is counted.

import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Newcomers } from "./newcomers.ts";

export async function rebuild(
  plane: ControlPlane,
  newcomers: Newcomers,
): Promise<{ readonly kind: "done" } | Unavailable> {
  const outcome = await newcomers.begin(plane);
  if (outcome.kind === "unavailable") return outcome;
  if (outcome.begun === 0) return { kind: "done" };
  const counted = await plane.metrics.count("rebuilds|begun", outcome.begun);
  return counted.kind === "unavailable" ? counted : { kind: "done" };
}
