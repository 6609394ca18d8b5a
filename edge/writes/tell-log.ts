// Tells the log which URLs writes have made out of date, in one entry.

import { positionOf } from "../../shared/core/log-view.ts";
import type { Position } from "../../shared/core/position.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { Background } from "../../shared/ports/clock.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import { invalidationOf, type OriginWrite } from "./unsent.ts";

export interface Told {
  /** False where the log did not take it, or an edge that knows no site yet can't say what it names. */
  readonly taken: boolean;
  readonly at: Position | null;
}

/** Named anew where the configuration has changed meanwhile, and at last so that no policy matters (docs/adr/0017). */
export async function tellLog(
  edge: Edge,
  writes: readonly OriginWrite[],
  background: Background,
): Promise<Told> {
  for (let naming = 1; ; naming++) {
    const wide = naming === LIMITS.namings;
    const outcome = await tellOnce(edge, writes, wide);
    if (outcome.kind === "appended") return { taken: true, at: outcome.position };
    if (outcome.kind !== "outdated" || wide) return { taken: outcome.kind === "conflict", at: null };
    await edge.view.pull(background);
  }
}

async function tellOnce(edge: Edge, writes: readonly OriginWrite[], wide: boolean): Promise<AppendOutcome> {
  const { router } = edge;
  const view = edge.view.current();
  if (view === null || !edge.router.isConfigured) return { kind: "unavailable", reason: "cold" };
  const replicas = replicasAsked(view.configuration);
  const by = { router, position: positionOf(view), wide, edge: edge.id, replicas };
  return appendConfirmed(edge.log, invalidationOf(writes, by));
}
