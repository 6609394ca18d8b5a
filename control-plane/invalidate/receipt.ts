// A receipt as it is shown: edge by edge applied, fenced or pending, from what was recorded and last seen.

import { comparePositions, formatPosition, parsePosition } from "../../shared/core/position.ts";
import { type SelectorKind, shownSelector } from "../../shared/core/selector.ts";
import type { Directory, Sighting } from "../../shared/mid-tier/edge-directory.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import type { Fault } from "../../shared/wire/json.ts";
import { readDetail } from "./append.ts";

export interface EdgeReceipt {
  readonly edge: string;
  readonly state: "applied" | "fenced" | "pending";
  readonly position: string | null;
  /** At most this long after the acceptance. */
  readonly afterMs: number | null;
}

export interface Receipt {
  readonly id: string;
  readonly position: string;
  readonly site: string | null;
  readonly mode: "hard" | "soft" | null;
  readonly selectors: ShownSelector[];
  readonly selectorsTotal: number;
  /** What it leaves out that may have been meant. */
  readonly warnings: Fault[];
  readonly reason: string | null;
  readonly actor: string;
  readonly acceptedAt: string;
  readonly state: "converging" | "converged";
  readonly edges: EdgeReceipt[];
  /** From when on it holds at every edge, heard of or not; null where all had applied it before anybody had to know. */
  readonly fencedAt: string | null;
  /** Only where isolates serve that can't be addressed. */
  readonly unlisted?: { readonly fencedAt: string };
  /** Values that it names and spares, as the journal has them and the origin does not yet. */
  readonly dirty: number;
  readonly p50Ms: number | null;
  readonly maxMs: number | null;
}

export interface ShownSelector {
  readonly kind: SelectorKind;
  readonly value: string;
}

/** What is known beside the receipt itself. */
export interface Surroundings {
  readonly directory: Directory;
  /** As `Settings` has it. */
  readonly unlisted: boolean;
}

export function showReceipt(
  stored: StoredReceipt,
  around: Surroundings,
  { mostSelectors, dirty }: { readonly mostSelectors: number; readonly dirty: number },
): Receipt {
  const detail = readDetail(stored.detail);
  const edges = rowsOf(stored, around.directory);
  const selectors = stored.payload?.kind === "invalidate" ? stored.payload.selectors : [];
  const times = edges.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs])).sort((a, b) => a - b);
  const fencedAt = stored.fencedAt === null ? null : new Date(stored.fencedAt).toISOString();
  return {
    id: stored.id,
    position: formatPosition(stored.position),
    site: detail.site ?? selectors[0]?.split(" ", 1)[0] ?? null,
    mode: stored.payload?.kind === "invalidate" ? stored.payload.mode : detail.mode,
    selectors: selectors.slice(0, mostSelectors).map(showSelector),
    selectorsTotal: detail.selectors ?? selectors.length,
    warnings: [...detail.warnings],
    reason: detail.reason,
    actor: stored.actor,
    acceptedAt: new Date(stored.at).toISOString(),
    // Only what is recorded as closed is said to be: nobody who comes later can make it open again.
    state: stored.closed === null ? "converging" : "converged",
    edges,
    fencedAt,
    ...(waitsForUnlisted(stored, around) && fencedAt !== null ? { unlisted: { fencedAt } } : {}),
    dirty,
    p50Ms: times[Math.ceil(times.length / 2) - 1] ?? null,
    maxMs: times.at(-1) ?? null,
  };
}

/** With nobody listed, whoever serves is not. */
export const waitsForUnlisted = (stored: StoredReceipt, { directory, unlisted }: Surroundings): boolean =>
  stored.closed?.unlisted ?? (unlisted || directory.edges.length === 0);

/**
 * While it is open, every edge owes it something that is listed now, whenever it joined: it may be an old process with
 * an old view. So does every edge that was on the list when it was accepted, or came later, and has left since.
 */
export function rowsOf(stored: StoredReceipt, directory: Directory): EdgeReceipt[] {
  const ids = new Set(stored.acks.keys());
  if (stored.closed !== null) for (const edge of stored.closed.fenced) ids.add(edge);
  else {
    for (const { id } of directory.edges) ids.add(id);
    for (const [id, leftAt] of directory.departed) if (leftAt >= stored.at) ids.add(id);
  }
  return [...ids].sort().map((edge) => rowOf(stored, edge, directory));
}

function rowOf(stored: StoredReceipt, edge: string, directory: Directory): EdgeReceipt {
  const ack = stored.acks.get(edge);
  if (ack !== undefined) return { edge, state: "applied", ...ack };
  const sighting = directory.sightings.get(edge);
  const position = sighting?.position ?? null;
  if (stored.closed === null && sighting !== undefined && hasApplied(sighting, stored, directory))
    return { edge, state: "applied", position, afterMs: sighting.seenAt - stored.at };
  const { fencedAt } = stored;
  if (fencedAt === null || (stored.closed === null && directory.now < fencedAt))
    return { edge, state: "pending", position, afterMs: null };
  return { edge, state: "fenced", position, afterMs: fencedAt - stored.at };
}

/**
 * What an edge says of itself counts in the log's own epoch, up to the log's own head: beyond them it holds what the log
 * has lost, and may stand anywhere in what the log went on with. An epoch that is greater than the invalidation's began
 * after it was appended, and nothing older is served in it (docs/adr/0015). What was seen before the append says nothing:
 * the number may since have been given to another entry.
 */
function hasApplied({ position, seenAt }: Sighting, wanted: StoredReceipt, { head }: Directory): boolean {
  if (seenAt < wanted.at) return false;
  const reached = position === null ? null : parsePosition(position);
  if (reached === null || head === null || reached.epoch !== head.epoch) return false;
  return comparePositions(reached, wanted.position) >= 0 && comparePositions(reached, head) <= 0;
}

/** `site letter value`; everything has no value of its own. */
function showSelector(text: string): ShownSelector {
  const shown = shownSelector(text);
  // Everything is of the site that stands before it.
  return shown === null || shown.kind === "everything"
    ? { kind: "everything", value: text.split(" ", 1)[0] ?? "" }
    : shown;
}
