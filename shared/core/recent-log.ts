// The newest stretch of the log as an auditor holds it: hard invalidations by selector, and when each was appended.

import { type LogPayload, modeOf } from "./log-entry.ts";
import { comparePositions, type Position } from "./position.ts";
import type { Selector } from "./units.ts";

/** One hard invalidation of one selector. */
export interface Mark {
  readonly position: Position;
  /** Redis TIME at which it was appended, or at which edges could be told of it at the latest, milliseconds. */
  readonly at: number;
}

interface Kept extends Mark {
  readonly selectors: readonly Selector[];
}

export interface RecentLog {
  readonly epoch: number;
  /** Every hard invalidation after this one is known, up to the head. */
  from: number;
  head: number;
  hash: string;
  /** Ascending. */
  readonly entries: Kept[];
  /** Of each selector, ascending. */
  readonly hard: Map<Selector, Mark[]>;
  /** Selectors of all entries, repeated ones included. */
  size: number;
  /** Characters of these. */
  characters: number;
}

/** A contiguous run of the log, as one call brought it. */
export interface LogPage {
  readonly epoch: number;
  /** It doesn't go on from what was asked for: that is not, or no longer, part of the log. */
  readonly anew: boolean;
  /** What came before the first of the entries. */
  readonly after: number;
  readonly entries: readonly PageEntry[];
  /** The last of the entries, and its hash; `after` where there are none. */
  readonly last: { readonly seq: number; readonly hash: string };
}

export interface PageEntry {
  readonly seq: number;
  readonly at: number;
  readonly payload: LogPayload;
}

export interface RecentLimits {
  readonly entries: number;
  readonly selectors: number;
  readonly characters: number;
}

/** Takes a page in; the log begins anew where it does not join what was known. */
export function learnPage(recent: RecentLog | null, page: LogPage, limits: RecentLimits): RecentLog {
  const joins = recent !== null && !page.anew && recent.epoch === page.epoch && page.after <= recent.head;
  const log = joins ? recent : recentFrom(page);
  for (const entry of page.entries) if (entry.seq > log.head) keep(log, entry);
  if (page.last.seq >= log.head) {
    log.head = page.last.seq;
    log.hash = page.last.hash;
  }
  while (exceeds(log, limits)) forgetOldest(log);
  return log;
}

const exceeds = ({ entries, size, characters }: RecentLog, limits: RecentLimits): boolean =>
  entries.length > limits.entries || size > limits.selectors || characters > limits.characters;

const recentFrom = ({ epoch, after }: LogPage): RecentLog => ({
  epoch,
  from: after,
  head: after,
  hash: "",
  entries: [],
  hard: new Map(),
  size: 0,
  characters: 0,
});

function keep(log: RecentLog, { seq, at: appendedAt, payload }: PageEntry): void {
  if (modeOf(payload) !== "hard" || payload.selectors.length === 0) return;
  const position = { epoch: log.epoch, seq };
  const selectors = [...new Set(payload.selectors)];
  // Redis TIME may step back; the order of the log doesn't.
  const at = Math.max(appendedAt, log.entries.at(-1)?.at ?? 0);
  log.entries.push({ position, at, selectors });
  log.size += selectors.length;
  log.characters += charactersOf(selectors);
  for (const selector of selectors) {
    const marks = log.hard.get(selector) ?? [];
    marks.push({ position, at });
    log.hard.set(selector, marks);
  }
}

function forgetOldest(log: RecentLog): void {
  const oldest = log.entries.shift();
  if (oldest === undefined) return;
  log.from = oldest.position.seq;
  log.size -= oldest.selectors.length;
  log.characters -= charactersOf(oldest.selectors);
  for (const selector of oldest.selectors) {
    const marks = log.hard.get(selector);
    marks?.shift();
    if (marks?.length === 0) log.hard.delete(selector);
  }
}

const charactersOf = (selectors: readonly Selector[]): number =>
  selectors.reduce((sum, { length }) => sum + length, 0);

export const headOf = ({ epoch, head }: RecentLog): Position => ({ epoch, seq: head });
export const fromOf = ({ epoch, from }: RecentLog): Position => ({ epoch, seq: from });

/** The first hard invalidation of a selector after a position, of those appended after a moment. */
export function firstHard(
  { hard }: RecentLog,
  selector: Selector,
  after: { readonly position: Position; readonly at: number },
): Mark | null {
  const marks = hard.get(selector) ?? [];
  // Positions and times ascend together.
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    const is =
      mark !== undefined && comparePositions(mark.position, after.position) > 0 && mark.at > after.at;
    if (is) high = middle;
    else low = middle + 1;
  }
  return marks[low] ?? null;
}

/** Selectors invalidated since a moment, the newest first, and by what position; as many as fit. */
export function lately(
  { entries }: RecentLog,
  since: number,
  room: { readonly selectors: number; readonly characters: number },
): ReadonlyMap<Selector, Position> {
  const found = new Map<Selector, Position>();
  let { characters } = room;
  for (const { position, at, selectors } of entries.toReversed()) {
    if (at < since) break;
    for (const selector of selectors) {
      if (found.has(selector)) continue;
      characters -= selector.length;
      if (characters < 0 || found.size >= room.selectors) return found;
      found.set(selector, position);
    }
  }
  return found;
}
