// What one edge tells another of the log, all of it as of one instant, and what the other may make of it.

import type { LogEntry } from "./log-entry.ts";
import {
  carryOver,
  hashAt,
  knownAge,
  type LogView,
  learn,
  learnHead,
  type Received,
  type ViewLimits,
  viewOfSnapshot,
} from "./log-view.ts";
import { earlier, elapsed, type Instant, instant, later, type Millis, millis } from "./units.ts";

/** Where an asker stands; null = it is cold. */
export type Standing = { readonly epoch: number; readonly seq: number; readonly hash: string } | null;

export interface Telling {
  readonly epoch: number;
  /** Before the first entry that could be told, and its hash: of what lies below, the asker learns nothing. */
  readonly from: number;
  readonly fromHash: string;
  /** Without a gap from the asker's cursor on, or from `from` where that is later. */
  readonly entries: readonly LogEntry[];
  /** Where the teller stands. */
  readonly cursor: number;
  readonly hash: string;
  /** How old the teller's knowledge of the log's head was; infinite where its clock has voided it. */
  readonly age: Millis;
  /** As of `cursor`, for whoever has to begin at `from`; then `entries` reach up to the cursor. */
  readonly configuration: ReadonlyMap<string, string> | null;
}

export type Tale =
  | { readonly kind: "telling"; readonly telling: Telling }
  /** The asker has heard of a later epoch: it is us who must learn. */
  | { readonly kind: "behind" }
  /** Asker and teller hold different entries in one place: the log was forked, and only a new epoch helps. */
  | { readonly kind: "fork" };

export function tell(
  view: LogView,
  asker: Standing,
  by: { readonly now: Instant; readonly most: number },
): Tale {
  if (asker !== null && asker.epoch > view.epoch) return { kind: "behind" };
  const oldest = view.cursor - view.recent.size;
  const known = asker !== null && asker.epoch === view.epoch ? hashAt(view, asker.seq) : null;
  if (asker !== null && known !== null && known !== asker.hash) return { kind: "fork" };
  const joins = asker !== null && asker.epoch === view.epoch && asker.seq >= oldest;
  // Whoever begins anew is told as much as one message takes, the newest: configuration and entries must end together.
  const from = joins ? oldest : Math.max(oldest, view.cursor - by.most);
  const after = joins ? asker.seq : from;
  const telling: Telling = {
    epoch: view.epoch,
    from,
    fromHash: hashAt(view, from) ?? view.hash,
    entries: entriesAfter(view, after, by),
    cursor: view.cursor,
    hash: view.hash,
    age: knownAge(view, by.now),
    configuration: joins ? null : new Map(view.configuration),
  };
  return { kind: "telling", telling };
}

function entriesAfter(
  view: LogView,
  after: number,
  { now, most }: { readonly now: Instant; readonly most: number },
): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let seq = after + 1; seq <= view.cursor && entries.length < most; seq++) {
    const held = view.recent.get(seq);
    if (held === undefined) break;
    entries.push({ ...held.entry, age: Math.max(0, now - held.at) });
  }
  return entries;
}

export type Hearing =
  /** `more`: the teller has entries that this message had no room for. */
  | { readonly kind: "learnt"; readonly configurationChanged: boolean; readonly more: boolean }
  /** A view begun anew; of what lay between the old one's cursor and its floor nothing is known. */
  | { readonly kind: "begun"; readonly view: LogView }
  /** About an epoch that is over, or an answer to somebody who stood elsewhere. */
  | { readonly kind: "useless" }
  | { readonly kind: "fork" };

/**
 * By how much two hosts' clocks may differ over the age that one tells the other. Part of what the argument assumes of
 * clocks, as their equal rate is, and so nobody's to choose: less, and honest peers would be taken for forks.
 */
const CLOCKS_DIFFER = millis(20);

export interface HearingContext extends Received {
  /** When the question was sent: the teller's knowledge was as old as it says at that instant or later. */
  readonly sentAt: Instant;
  /**
   * When the asker began. What was known before then says nothing of the head: the asker's earlier life may have
   * acknowledged more than its peers knew, and what it has acknowledged holds of this one too.
   */
  readonly begunAt: Instant;
  /** For a view that has to begin anew. */
  readonly generation: number;
  readonly limits: ViewLimits;
}

export function hear(view: LogView | null, telling: Telling, context: HearingContext): Hearing {
  if (view !== null && telling.epoch < view.epoch) return { kind: "useless" };
  if (view === null || telling.epoch > view.epoch || view.cursor < telling.from)
    return begin(view, telling, context);
  if (telling.cursor <= view.cursor) {
    const held = hashAt(view, telling.cursor);
    // What lies that far back is forgotten here: nothing shows that it was the same log.
    if (held === null) return { kind: "useless" };
    if (held !== telling.hash || lacksWhatItMustKnow(view, telling, context)) return { kind: "fork" };
  }
  const learning = learn(view, telling.entries, context);
  // An entry from before a fork, held beyond a gap, may have led the cursor on over where the teller stands.
  const there = hashAt(view, telling.cursor) ?? telling.hash;
  if (learning.kind === "broken" || there !== telling.hash) return { kind: "fork" };
  learnTold(view, telling, context);
  const { configurationChanged } = learning;
  return { kind: "learnt", configurationChanged, more: view.cursor < telling.cursor };
}

/**
 * The teller knew the head, and we already held an entry beyond it: then the log that it speaks of is another, which has
 * lost ours. By our own clock alone, but for the age; and only by time that has surely passed, or a wall clock that is set
 * forward would have an honest peer end the epoch, and with it all that anybody holds.
 */
function lacksWhatItMustKnow(view: LogView, { cursor, age }: Telling, context: HearingContext): boolean {
  const next = view.recent.get(cursor + 1) ?? view.ahead.get(cursor + 1);
  const asked = earlier(context.surely, elapsed(context.sentAt, context.receivedAt));
  return next !== undefined && later(next.heldSince, CLOCKS_DIFFER) < earlier(asked, age);
}

/** A peer's word as a snapshot at `from`: the floor rises to there, whatever was known before. */
function begin(old: LogView | null, telling: Telling, context: HearingContext): Hearing {
  const { epoch, from, fromHash, configuration, entries } = telling;
  if (configuration === null) return { kind: "useless" };
  const nothingKnown = instant(Number.NEGATIVE_INFINITY);
  const snapshot = { epoch, seq: from, hash: fromHash, configuration };
  const view = viewOfSnapshot(snapshot, nothingKnown, context.generation);
  // First what was known beyond that, so that the entries told join it.
  if (old !== null) carryOver(view, old, context.limits);
  const learning = learn(view, entries, context);
  if (learning.kind === "broken") return old?.epoch === epoch ? { kind: "fork" } : { kind: "useless" };
  if (view.cursor < telling.cursor) return { kind: "useless" };
  learnTold(view, telling, context);
  return { kind: "begun", view };
}

/** Ages add up: what the teller knew then, and what the question took to get there at most. */
function learnTold(
  view: LogView,
  { epoch, cursor, age }: Telling,
  { sentAt, begunAt }: HearingContext,
): void {
  const knownAt = earlier(sentAt, age);
  if (knownAt >= begunAt) learnHead(view, { epoch, seq: cursor }, knownAt);
}
