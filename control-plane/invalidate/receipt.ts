// A receipt as it is shown: edge by edge applied, fenced or pending, from what was recorded and last seen.

import { DEFAULT_CLASSES } from "../../shared/core/classes.ts";
import { comparePositions, formatPosition, parsePosition } from "../../shared/core/position.ts";
import { boundOf } from "../../shared/core/rules.ts";
import { type SelectorKind, selectorKind } from "../../shared/core/selector.ts";
import type { Directory } from "../../shared/mid-tier/edge-directory.ts";
import type { StoredReceipt } from "../../shared/mid-tier/receipts.ts";
import { LIMITS } from "../config.ts";
import { type ReceiptDetail, readDetail } from "./append.ts";

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
  readonly reason: string | null;
  readonly actor: string;
  readonly acceptedAt: string;
  readonly state: "converging" | "converged";
  readonly edges: EdgeReceipt[];
  /** Only where no edge can be addressed. */
  readonly unlisted?: { readonly fencedAt: string };
  readonly dirty: number;
  readonly p50Ms: number | null;
  readonly maxMs: number | null;
}

export interface ShownSelector {
  readonly kind: SelectorKind;
  readonly value: string;
}

/** Whoever kept no bound with it is held to the longest there is. */
const LONGEST_BOUND = Math.max(...[...DEFAULT_CLASSES.values()].map(boundOf));

export function showReceipt(stored: StoredReceipt, directory: Directory, mostSelectors: number): Receipt {
  const detail = readDetail(stored.detail);
  const fencedAt = fencedAtOf(stored, detail);
  const edges = edgesOf(stored, directory, fencedAt);
  const unlisted = directory.edges.length === 0;
  const settled = edges.every(({ state }) => state !== "pending") && (!unlisted || directory.now >= fencedAt);
  const selectors = stored.payload?.kind === "invalidate" ? stored.payload.selectors : [];
  const times = edges.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs])).sort((a, b) => a - b);
  return {
    id: stored.id,
    position: formatPosition(stored.position),
    site: detail.site ?? selectors[0]?.split(" ", 1)[0] ?? null,
    mode: stored.payload?.kind === "invalidate" ? stored.payload.mode : null,
    selectors: selectors.slice(0, mostSelectors).map(showSelector),
    selectorsTotal: detail.selectors ?? selectors.length,
    reason: detail.reason,
    actor: stored.actor,
    acceptedAt: new Date(stored.at).toISOString(),
    state: stored.closed || settled ? "converged" : "converging",
    edges,
    ...(unlisted ? { unlisted: { fencedAt: new Date(fencedAt).toISOString() } } : {}),
    // No write-back values exist that an invalidation could have spared.
    dirty: 0,
    p50Ms: times[Math.ceil(times.length / 2) - 1] ?? null,
    maxMs: times.at(-1) ?? null,
  };
}

const fencedAtOf = (stored: StoredReceipt, detail: ReceiptDetail): number =>
  stored.at + (detail.boundMs ?? LONGEST_BOUND) + LIMITS.fenceSlack;

function edgesOf(stored: StoredReceipt, directory: Directory, fencedAt: number): EdgeReceipt[] {
  const ids = new Set([...directory.edges.map(({ id }) => id), ...stored.acks.keys()]);
  return [...ids].sort().map((edge) => {
    const ack = stored.acks.get(edge);
    if (ack !== undefined) return { edge, state: "applied", ...ack };
    const sighting = directory.sightings.get(edge);
    const position = sighting?.position ?? null;
    const reached = position === null ? null : parsePosition(position);
    if (sighting !== undefined && reached !== null && comparePositions(reached, stored.position) >= 0)
      return { edge, state: "applied", position, afterMs: Math.max(0, sighting.seenAt - stored.at) };
    const state = directory.now >= fencedAt ? "fenced" : "pending";
    return { edge, state, position, afterMs: null };
  });
}

/** `site letter value`; everything has no value of its own. */
function showSelector(text: string): ShownSelector {
  const [site = "", , ...value] = text.split(" ");
  const kind = selectorKind(text) ?? "everything";
  return { kind, value: kind === "everything" ? site : value.join(" ") };
}

/** What an open receipt has learnt that is not recorded yet. */
export function newlyApplied(
  stored: StoredReceipt,
  shown: Receipt,
): ReadonlyMap<string, { position: string; afterMs: number }> {
  const acks = new Map<string, { position: string; afterMs: number }>();
  for (const { edge, state, position, afterMs } of shown.edges)
    if (state === "applied" && !stored.acks.has(edge) && position !== null && afterMs !== null)
      acks.set(edge, { position, afterMs });
  return acks;
}

/** How long it took until nothing was pending: an edge that had to be fenced took its whole bound. */
export function convergenceMs(stored: StoredReceipt, shown: Receipt): number {
  const fenced = shown.edges.some(({ state }) => state === "fenced") || shown.unlisted !== undefined;
  return fenced ? fencedAtOf(stored, readDetail(stored.detail)) - stored.at : (shown.maxMs ?? 0);
}
