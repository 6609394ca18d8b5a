// Waits until every edge knows the log up to a position: from then on it goes by what stands there.

import type { ControlClient } from "../client/control-client.ts";
import type { Edges } from "../client/schemas.ts";
import { TidegateError } from "../client/tidegate-error.ts";
import { comparePositions, parsePosition } from "../shared/core/position.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Output } from "./output.ts";
import { plain, span } from "./wording.ts";

export interface EdgesHave {
  readonly have: readonly string[];
  readonly missing: readonly string[];
  /** Why nobody could be asked; null where somebody could. */
  readonly unasked: string | null;
  readonly afterMs: number;
}

const LOOK_MS = 100;

/** What the last look may take beyond the time that there is. */
const MARGIN_MS = 2000;

/** Unless the user says otherwise. */
export const EDGES_TIMEOUT_MS = 10_000;

export async function awaitEdges(
  client: ControlClient,
  position: string,
  timeoutMs: number,
): Promise<EdgesHave> {
  const begun = performance.now();
  for (;;) {
    const asked = await ask(client, timeoutMs - (performance.now() - begun));
    const [have, lacking] = [
      asked.items.filter((edge) => has(edge, position)),
      asked.items.filter((edge) => !has(edge, position)),
    ];
    const afterMs = Math.round(performance.now() - begun);
    if (lacking.length === 0 || afterMs >= timeoutMs)
      return {
        have: have.map(({ id }) => id),
        missing: lacking.map(({ id }) => id),
        unasked: asked.unasked,
        afterMs,
      };
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, timeoutMs - afterMs)));
  }
}

/** Whether the edges have it, which is all that there is left to say. */
export function tellEdges(out: Output, { have, missing, unasked, afterMs }: EdgesHave): ExitCode {
  if (unasked !== null) {
    out.warn(`It holds, but the edges could not be asked: ${plain(unasked)}`);
    return EXIT.partial;
  }
  if (missing.length > 0) {
    out.warn(`Not known to go by it yet: ${missing.join(", ")}; they will within their windows.`);
    return EXIT.partial;
  }
  if (!out.json) out.line(`Every edge goes by it (${have.length}), after ${span(afterMs)}.`);
  return EXIT.done;
}

async function ask(
  client: ControlClient,
  left: number,
): Promise<{ readonly items: Edges["items"]; readonly unasked: string | null }> {
  try {
    return {
      items: (await client.edges.list({}, { deadlineMs: Math.max(0, left) + MARGIN_MS })).items,
      unasked: null,
    };
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    return { items: [], unasked: error.message };
  }
}

/** A cold edge has no view to go by: its first one is the log's head. */
function has({ position, state }: Edges["items"][number], wanted: string): boolean {
  if (position === null) return state === "cold";
  const [at, from] = [parsePosition(position), parsePosition(wanted)];
  return at !== null && from !== null && comparePositions(at, from) >= 0;
}
