// The newest invalidations of every selector that a view knows of.

import type { InvalidationMode } from "./log-entry.ts";
import { type Instant, instant, type Selector } from "./units.ts";

export type LogIndex = Map<Selector, Newest>;

/** The newest invalidations of one selector. Hard and soft are apart: a later soft one must not hide a hard one. */
export interface Newest {
  hard: number;
  /** The hard one before it. */
  hardBefore: number;
  /**
   * Number and instant by turns, by ascending number: an answer has been stale since the first soft invalidation after it, not
   * since the last. Numbers alone, as there may be many: an object for each mark would take three times the room.
   */
  readonly softs: number[];
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
  else markSoft(newest.softs, seq, at);
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

function markSoft(softs: number[], seq: number, at: Instant): void {
  let place = softs.length;
  while (place > 0 && (softs[place - 2] ?? 0) > seq) place -= 2;
  // It can come twice: once beyond a gap, then again after `ahead` let go of it.
  if (place > 0 && softs[place - 2] === seq) softs[place - 1] = Math.min(softs[place - 1] ?? at, at);
  else softs.splice(place, 0, seq, at);
  if (softs.length > 2 * SOFT_MARKS) mergeTwo(softs);
}

/**
 * Those two whose bucket is the narrowest for its age, as in an exponential histogram: an answer is then taken for stale for
 * longer than it is by a small factor, and not since the first of them all.
 */
function mergeTwo(softs: number[]): void {
  const instantOf = (mark: number): number => softs[2 * mark + 1] ?? 0;
  const marks = softs.length / 2;
  const newest = instantOf(marks - 1);
  let narrowest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let mark = 0; mark + 2 < marks; mark++) {
    const end = instantOf(mark + 2);
    const width = (end - instantOf(mark)) / Math.max(1, newest - end);
    if (width < least) [narrowest, least] = [mark, width];
  }
  const earlier = Math.min(instantOf(narrowest), instantOf(narrowest + 1));
  softs.splice(2 * narrowest, 2);
  softs[2 * narrowest + 1] = earlier;
}

export const lastSoft = ({ softs }: Newest): number => softs.at(-2) ?? 0;

/** Since when an answer that is verified up to there is stale by the selector; null where it isn't. */
export function softSince({ softs }: Newest, verifiedTo: number): Instant | null {
  let since = Number.POSITIVE_INFINITY;
  // A message in transit dates its entries late, so a later entry may be known to be the older one.
  for (let mark = softs.length - 2; mark >= 0 && (softs[mark] ?? 0) > verifiedTo; mark -= 2)
    since = Math.min(since, softs[mark + 1] ?? since);
  return since === Number.POSITIVE_INFINITY ? null : instant(since);
}

export function softsAfter({ softs }: Newest, seq: number): number[] {
  const first = softs.findIndex((number, at) => at % 2 === 0 && number > seq);
  return first < 0 ? [] : softs.slice(first);
}
