// Whose purges stand at positions of the log: from the receipts, as far back as the newest of them reach.

import { formatPosition } from "../../shared/core/position.ts";
import { parseJson } from "../../shared/wire/json.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";

export interface PurgeAt {
  readonly position: string;
  /** Of its receipt. */
  readonly id: string;
  readonly actor: string;
  /** When it was accepted. */
  readonly at: string;
  readonly reason: string | null;
}

/** What is not found is told by its position alone: older ones, and what edges appended after a write. */
export async function purgesAt(
  { receipts }: Pick<ControlPlane, "receipts">,
  positions: readonly string[],
): Promise<PurgeAt[]> {
  const wanted = new Set(positions);
  if (wanted.size === 0) return [];
  const page = await receipts.list(null, LIMITS.pageMost);
  if (page.kind === "unavailable") return [];
  const read = await receipts.read(page.ids, "without");
  return read.flatMap((outcome) => {
    if (outcome.kind !== "receipt") return [];
    const { id, position, actor, at, detail } = outcome.receipt;
    const place = formatPosition(position);
    if (!wanted.has(place)) return [];
    return [{ position: place, id, actor, at: new Date(at).toISOString(), reason: reasonIn(detail) }];
  });
}

function reasonIn(detail: string): string | null {
  const { reason } = (parseJson(detail) ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : null;
}
