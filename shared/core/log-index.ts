// The newest invalidations of every selector that a view knows of.

import type { InvalidationMode } from "./log-entry.ts";
import type { Instant, Selector } from "./units.ts";

export type LogIndex = Map<Selector, Newest>;

/** The newest invalidations of one selector. Hard and soft are apart: a later soft one must not hide a hard one. */
export interface Newest {
  hard: number;
  /** The hard one before it. */
  hardBefore: number;
  /** Ascending: an answer has been stale since the first soft invalidation after it, not since the last. */
  readonly softs: SoftMark[];
}

interface SoftMark {
  seq: number;
  at: Instant;
}

/** More soft invalidations of one selector than this are merged, two by two, to the earlier instant. */
const SOFT_MARKS = 16;

export interface Marking {
  readonly mode: InvalidationMode;
  readonly seq: number;
  readonly at: Instant;
}

export function mark(index: LogIndex, selector: Selector, { mode, seq, at }: Marking): void {
  const newest = index.get(selector) ?? { hard: 0, hardBefore: 0, softs: [] };
  if (mode === "hard") markHard(newest, seq);
  else markSoft(newest.softs, { seq, at });
  // Put back last: the map's order is then the order in which selectors may be forgotten.
  index.delete(selector);
  index.set(selector, newest);
}

function markHard(newest: Newest, seq: number): void {
  if (seq > newest.hard) {
    newest.hardBefore = newest.hard;
    newest.hard = seq;
  } else if (seq < newest.hard) newest.hardBefore = Math.max(newest.hardBefore, seq);
}

function markSoft(softs: SoftMark[], mark: SoftMark): void {
  // It can come twice: once beyond a gap, then again after `ahead` let go of it.
  const twin = softs.find((known) => known.seq === mark.seq);
  if (twin !== undefined) {
    twin.at = twin.at < mark.at ? twin.at : mark.at;
    return;
  }
  const at = softs.findIndex((known) => known.seq > mark.seq);
  softs.splice(at < 0 ? softs.length : at, 0, mark);
  if (softs.length > SOFT_MARKS) mergeTwo(softs);
}

/**
 * Those two whose bucket is the narrowest for its age, as in an exponential histogram: an answer is then taken for stale for
 * longer than it is by a factor, however long such invalidations go on, and not since the first of them all.
 */
function mergeTwo(softs: SoftMark[]): void {
  const newest = softs.at(-1)?.at ?? 0;
  let narrowest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, { at: end }] of softs.slice(2).entries()) {
    const width = (end - (softs[i]?.at ?? end)) / Math.max(1, newest - end);
    if (width < least) [narrowest, least] = [i, width];
  }
  const [gone] = softs.splice(narrowest, 1);
  const stays = softs[narrowest];
  if (gone !== undefined && stays !== undefined && gone.at < stays.at) stays.at = gone.at;
}

export const lastSoft = (newest: Newest): number => newest.softs.at(-1)?.seq ?? 0;
