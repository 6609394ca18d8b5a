// Waits until every edge knows the log up to a position: from then on it goes by what stands there.

import type { ControlClient } from "../../client/control-client.ts";
import type { Edges } from "../../client/schemas.ts";
import { comparePositions, parsePosition } from "../../shared/core/position.ts";

export interface EdgesHave {
  readonly have: readonly string[];
  readonly missing: readonly string[];
  readonly afterMs: number;
}

const LOOK_MS = 100;

export async function awaitEdges(
  client: ControlClient,
  position: string,
  timeoutMs: number,
): Promise<EdgesHave> {
  const begun = performance.now();
  for (;;) {
    const { items } = await client.edges.list();
    const missing = items.filter((edge) => !has(edge, position)).map(({ id }) => id);
    const afterMs = Math.round(performance.now() - begun);
    if (missing.length === 0 || afterMs >= timeoutMs)
      return { have: items.filter((edge) => has(edge, position)).map(({ id }) => id), missing, afterMs };
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, timeoutMs - afterMs)));
  }
}

/** A cold edge has no view to go by: its first one is the log's head. */
function has({ position, state }: Edges["items"][number], wanted: string): boolean {
  if (position === null) return state === "cold";
  const [at, from] = [parsePosition(position), parsePosition(wanted)];
  return at !== null && from !== null && comparePositions(at, from) >= 0;
}
