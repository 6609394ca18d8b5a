// An edge's knowledge of the log, and the comparison at read time that every bound on staleness rests on.

import { type LogEntry, modeOf } from "./log-entry.ts";
import { type LogIndex, lastSoft, mark, softSince, softsAfter } from "./log-index.ts";
import { comparePositions, type Position } from "./position.ts";
import { earlier, elapsed, type Instant, type Millis, millis, type Selector } from "./units.ts";

/**
 * An entry, the instant by which it had been appended by what it says of its age, and when it came here, on the line of
 * time that has surely passed.
 */
export interface DatedEntry {
  readonly entry: LogEntry;
  readonly at: Instant;
  readonly heldSince: Instant;
}

export interface LogView {
  readonly epoch: number;
  /** The last entry of an unbroken run from the snapshot on, and its hash. */
  cursor: number;
  hash: string;
  /** The last entry learnt from anybody, also one that was let go of beyond a gap. */
  highest: number;
  /** Below this position the index knows nothing. */
  floor: number;
  readonly index: LogIndex;
  /** Characters of its selectors. */
  indexSize: number;
  /** Entries beyond a gap: they count for reading, they do not move the cursor. */
  readonly ahead: Map<number, DatedEntry>;
  /** The last entries up to the cursor, without a gap: what peers may be told. */
  readonly recent: Map<number, DatedEntry>;
  /** Characters of what the two hold. */
  heldSize: number;
  /** The instant at which the request that last taught us the head was sent. */
  knownAt: Instant;
  /** Changes whenever an earlier verdict might not hold any more: a hit compares this one number. */
  generation: number;
  readonly configuration: Map<string, string>;
}

/** A cold view (one `snapshot`): its floor is the head, so anything older has to be checked. */
export interface Snapshot {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: string;
  readonly configuration: ReadonlyMap<string, string>;
}

export function viewOfSnapshot(snapshot: Snapshot, sentAt: Instant, generation: number): LogView {
  return {
    epoch: snapshot.epoch,
    cursor: snapshot.seq,
    hash: snapshot.hash,
    highest: snapshot.seq,
    floor: snapshot.seq,
    index: new Map(),
    indexSize: 0,
    ahead: new Map(),
    recent: new Map(),
    heldSize: 0,
    knownAt: sentAt,
    generation,
    configuration: new Map(snapshot.configuration),
  };
}

/** The highest position learnt from anybody, also beyond a gap: whatever lies before it was appended before now. */
export const highestLearnt = ({ epoch, highest }: LogView): Position => ({ epoch, seq: highest });

/** The last entry held beyond a gap. */
export function lastAhead(view: LogView): LogEntry | null {
  let last: LogEntry | null = null;
  for (const { entry } of view.ahead.values()) if (last === null || entry.seq > last.seq) last = entry;
  return last;
}

export const positionOf = (view: LogView): Position => ({ epoch: view.epoch, seq: view.cursor });

/** How old the knowledge of the head was at an instant. */
export const knownAge = (view: LogView, at: Instant): Millis => elapsed(view.knownAt, at);

export type Learning =
  | { readonly kind: "learnt"; readonly configurationChanged: boolean }
  /** The chain does not join ours: a fork, a flush or a lost suffix. Only a snapshot helps. */
  | { readonly kind: "broken" };

/** Limits of one view, in entries, selectors and characters. */
export interface ViewLimits {
  readonly selectors: number;
  readonly indexSize: number;
  readonly ahead: number;
  readonly recent: number;
  readonly heldSize: number;
}

/** When a message came, on the host's two lines of time (see `Clock`). */
export interface Received {
  /** Dates soft invalidations: the entry's age then lies between its append and now. */
  readonly receivedAt: Instant;
  readonly surely: Instant;
}

/** Takes in entries from whichever message brought them, in any order, repeated or not. */
export function learn(
  view: LogView,
  entries: readonly LogEntry[],
  at: Received & { readonly limits: ViewLimits },
): Learning {
  for (const entry of entries) {
    if (entry.epoch !== view.epoch) {
      if (entry.epoch > view.epoch) return { kind: "broken" };
      continue;
    }
    // Another entry in the place of one that we hold: the log lost ours, and went on differently.
    const held = hashAt(view, entry.seq);
    if (held !== null && held !== entry.hash) return { kind: "broken" };
    if (entry.seq <= view.cursor || held !== null) continue;
    const appendedBy = earlier(at.receivedAt, millis(entry.age));
    indexEntry(view, entry, appendedBy);
    holdAhead(view, { entry, at: appendedBy, heldSince: at.surely });
  }
  return goOn(view, at.limits);
}

/** As far as what is held beyond the cursor joins it. */
function goOn(view: LogView, limits: ViewLimits): Learning {
  let configurationChanged = false;
  for (
    let next = view.ahead.get(view.cursor + 1);
    next !== undefined;
    next = view.ahead.get(view.cursor + 1)
  ) {
    if (next.entry.previous !== view.hash) return { kind: "broken" };
    configurationChanged = applyConfiguration(view, next.entry) || configurationChanged;
    advance(view, next);
  }
  compact(view, limits);
  return { kind: "learnt", configurationChanged };
}

/** The hash of the entry at a place in the log, where the view still knows it. */
export function hashAt(view: LogView, seq: number): string | null {
  if (seq === view.cursor) return view.hash;
  const held = view.recent.get(seq) ?? view.ahead.get(seq);
  // Before the first entry that is held stands the one that it names.
  return held?.entry.hash ?? (seq < view.cursor ? (view.recent.get(seq + 1)?.entry.previous ?? null) : null);
}

/** The next entry of the unbroken run becomes its end. */
function advance(view: LogView, next: DatedEntry): void {
  const { seq, hash } = next.entry;
  view.ahead.delete(seq);
  view.cursor = seq;
  view.hash = hash;
  view.generation += 1;
  view.recent.set(seq, next);
}

function holdAhead(view: LogView, dated: DatedEntry): void {
  view.ahead.set(dated.entry.seq, dated);
  view.heldSize += sizeOf(dated.entry);
}

function sizeOf({ payload }: LogEntry): number {
  const field = payload.kind === "config" ? payload.field.length + (payload.value?.length ?? 0) : 0;
  return payload.selectors.reduce((sum, selector) => sum + selector.length, field);
}

/** What an older view of the same epoch had learnt beyond a snapshot: a view never goes back (invariant 12). */
export function carryOver(view: LogView, old: LogView, limits: ViewLimits): void {
  if (old.epoch !== view.epoch) return;
  for (const [selector, newest] of old.index) {
    const softs = softsAfter(newest, view.cursor);
    const hard = newest.hard > view.cursor ? newest.hard : 0;
    if (hard === 0 && softs.length === 0) continue;
    view.index.set(selector, { hard, hardBefore: newest.hardBefore, softs });
    view.indexSize += selector.length;
  }
  for (const [seq, dated] of old.ahead) if (seq > view.cursor) holdAhead(view, dated);
  view.floor = Math.max(view.floor, old.floor);
  view.highest = Math.max(view.highest, old.highest);
  goOn(view, limits);
}

/** Known-at moves only forward, and only for a reply that reached the head it stated. */
export function learnHead(view: LogView, head: Position, sentAt: Instant): void {
  if (head.epoch === view.epoch && head.seq <= view.cursor && sentAt > view.knownAt) view.knownAt = sentAt;
}

function indexEntry(view: LogView, entry: LogEntry, at: Instant): void {
  view.highest = Math.max(view.highest, entry.seq);
  view.generation += 1;
  const mode = modeOf(entry.payload);
  for (const selector of entry.payload.selectors) {
    if (!view.index.has(selector)) view.indexSize += selector.length;
    mark(view.index, selector, { mode, seq: entry.seq, at });
  }
}

function applyConfiguration(view: LogView, entry: LogEntry): boolean {
  if (entry.payload.kind !== "config") return false;
  if (entry.payload.value === null) view.configuration.delete(entry.payload.field);
  else view.configuration.set(entry.payload.field, entry.payload.value);
  return true;
}

/** Keeps the view within its limits; what it forgets, the floor remembers. */
function compact(view: LogView, limits: ViewLimits): void {
  if (view.index.size > limits.selectors || view.indexSize > limits.indexSize) forgetOldest(view, limits);
  letGo(view, "recent", limits);
  // Dropped here, an entry beyond a gap comes again with the next pull; what it taught the index stays.
  letGo(view, "ahead", limits);
}

/** The first that came, until there is room for the others. */
function letGo(view: LogView, what: "recent" | "ahead", limits: ViewLimits): void {
  for (const [seq, { entry }] of view[what]) {
    if (view[what].size <= limits[what] && view.heldSize <= limits.heldSize) break;
    view[what].delete(seq);
    view.heldSize -= sizeOf(entry);
  }
}

/**
 * The part of the index that is forgotten when it is full. To find a map's first entry is to pass by all that have been
 * deleted before it: one at a time, each would cost as much as the index is long.
 */
const FORGOTTEN_AT_ONCE = 16;

function forgetOldest(view: LogView, limits: ViewLimits): void {
  const kept = (most: number): number => most - Math.floor(most / FORGOTTEN_AT_ONCE);
  for (const [selector, newest] of view.index) {
    if (view.index.size <= kept(limits.selectors) && view.indexSize <= kept(limits.indexSize)) break;
    view.index.delete(selector);
    view.indexSize -= selector.length;
    view.floor = Math.max(view.floor, newest.hard, lastSoft(newest));
  }
  view.generation += 1;
}

/** What the view can say of an answer verified up to a position. */
export type Coherence =
  /** Nothing known has invalidated it. */
  | { readonly kind: "current" }
  /** It is older than what the index reaches back to: ask `check`. */
  | { readonly kind: "unchecked" }
  /** Softly invalidated at this instant: stale since then, still good as a validator. */
  | { readonly kind: "soft"; readonly since: Instant }
  /** Hard-invalidated: neither an answer nor a validator. */
  | { readonly kind: "hard" }
  /** From another epoch of the log: positions can't be compared, so it is treated as hard-invalidated. */
  | { readonly kind: "other-epoch" };

/** The comparison at read time: the newest invalidations of the answer's selectors against what it was verified up to. */
export function coherenceOf(view: LogView, verifiedTo: Position, selectors: readonly Selector[]): Coherence {
  if (verifiedTo.epoch !== view.epoch) return { kind: "other-epoch" };
  let since: Instant | null = null;
  for (const selector of selectors) {
    const newest = view.index.get(selector);
    if (newest === undefined) continue;
    if (newest.hard > verifiedTo.seq) return { kind: "hard" };
    const by = softSince(newest, verifiedTo.seq);
    if (by !== null && (since === null || by < since)) since = by;
  }
  if (verifiedTo.seq < view.floor) return { kind: "unchecked" };
  return since === null ? { kind: "current" } : { kind: "soft", since };
}

/** Whether soft invalidations count: what one has hit is still worth having, stale in its window or as a validator. */
export type Modes = "hard" | "any";

/** The newest invalidation known of any of the selectors; the beginning of the epoch where there is none. */
export function newestOf(view: LogView, selectors: readonly Selector[], modes: Modes): Position {
  let seq = 0;
  for (const selector of selectors) {
    const newest = view.index.get(selector);
    if (newest === undefined) continue;
    seq = Math.max(seq, newest.hard, modes === "any" ? lastSoft(newest) : 0);
  }
  return { epoch: view.epoch, seq };
}

/** Whether an answer with this as-of could have been made before an invalidation that is known of its selectors. */
export const invalidatedAfter = (
  view: LogView,
  asOf: Position,
  selectors: readonly Selector[],
  modes: Modes,
): boolean => comparePositions(newestOf(view, selectors, modes), asOf) > 0;
