// The scenarios: who takes part, what may go wrong, and how often.

import type { InvalidationMode } from "../../shared/core/log-entry.ts";
import type { Selector } from "../../shared/core/units.ts";

export interface Scenario {
  readonly name: string;
  /** What it is for, in a line. */
  readonly about: string;
  readonly readers: readonly ReaderSpec[];
  readonly writers: readonly WriterSpec[];
  readonly may: Budget;
  /** An answer is in L2 from before, as of the beginning of the log. */
  readonly kept: boolean;
  /** Redis TIME is behind the beginning of the log's epoch. */
  readonly clockBehind: boolean;
  /** What happens at the origin are steps of its own; see `filling.ts` and `writer.ts` for why they need not be. */
  readonly apart: boolean;
}

export interface ReaderSpec {
  /** A warm one pulls from the view that it has of the log's beginning, a cold one takes a snapshot. */
  readonly start: "warm" | "cold";
  /** A refresher doesn't want what is there, but a newer one. */
  readonly wants: "any" | "newer";
  readonly origin: "answers" | "is unshareable" | "fails";
  /** Of which its answer varies; null = it doesn't. */
  readonly variant: string | null;
  /** How often it reads, one read after the other. */
  readonly reads: number;
}

export interface WriterSpec {
  readonly mode: InvalidationMode;
  readonly selector: Selector;
}

/** How often each may happen in one schedule. */
export interface Budget {
  /** A second goes by. */
  readonly ticks: number;
  /** Every lease and marker that stands runs out. */
  readonly expiries: number;
  /** The log's keys are gone. */
  readonly logLosses: number;
  /** The log's index is gone, and nothing else. */
  readonly indexLosses: number;
  /** FLUSHALL. */
  readonly flushes: number;
  /** The log's database falls back to where it was at the beginning; L2 is on another. */
  readonly failovers: number;
  /** A script has run, and its caller never hears of it. */
  readonly lostReplies: number;
  /** Of the losses of data at most one happens, whichever it is. */
  readonly losses: number;
}

const NOTHING: Budget = {
  ticks: 0,
  expiries: 0,
  logLosses: 0,
  indexLosses: 0,
  flushes: 0,
  failovers: 0,
  lostReplies: 0,
  losses: 1,
};

const EVERYTHING = "site e" as Selector;
const TAG = "site t page" as Selector;
/** What is known to hit the one resource that all readers want, before an answer says more. */
export const OF_RESOURCE: readonly Selector[] = [EVERYTHING];
/** What the answer that is kept from before names, and what every later one does. */
export const OF_ANSWER = { before: [EVERYTHING], later: [EVERYTHING, TAG] } as const;

const warm: ReaderSpec = { start: "warm", wants: "any", origin: "answers", variant: null, reads: 1 };
const cold: ReaderSpec = { ...warm, start: "cold" };
const twice: ReaderSpec = { ...warm, reads: 2 };
const refresher: ReaderSpec = { ...warm, wants: "newer" };
const unshareable: ReaderSpec = { ...warm, origin: "is unshareable" };
const failing: ReaderSpec = { ...warm, origin: "fails" };

const german: ReaderSpec = { ...warm, variant: "de" };
const english: ReaderSpec = { ...warm, variant: "en" };
const french: ReaderSpec = { ...warm, variant: "fr" };

const hard: WriterSpec = { mode: "hard", selector: EVERYTHING };
const soft: WriterSpec = { ...hard, mode: "soft" };
const tagged: WriterSpec = { ...hard, selector: TAG };

const plain = { kept: false, clockBehind: false, apart: false };

/** Small enough to be walked whole with every run of the tests. */
export const SCENARIOS: readonly Scenario[] = [
  {
    ...plain,
    name: "purges",
    about: "three readers, two writers, one expiry, one flush of the log or of everything",
    readers: [warm, warm, warm],
    writers: [hard, hard],
    may: { ...NOTHING, expiries: 1, logLosses: 1, flushes: 1 },
  },
  {
    ...plain,
    name: "checks",
    about: "an answer from before is checked by cold readers, while it is replaced by one that names more",
    readers: [cold, cold, refresher],
    writers: [tagged, tagged],
    may: NOTHING,
    kept: true,
  },
  {
    ...plain,
    name: "soft and hard",
    about: "an answer from before is invalidated softly and hard",
    readers: [warm, cold],
    writers: [hard, soft],
    may: { ...NOTHING, ticks: 1 },
    kept: true,
  },
  {
    ...plain,
    name: "soft marks",
    about: "more soft invalidations than there are marks for them",
    readers: [cold],
    writers: [soft, soft, soft],
    may: { ...NOTHING, ticks: 2 },
    kept: true,
  },
  {
    ...plain,
    name: "unshareable",
    about: "a key that can't be shared, and an origin that fails",
    readers: [unshareable, failing, warm],
    writers: [hard],
    may: { ...NOTHING, expiries: 1, ticks: 1 },
  },
  {
    ...plain,
    name: "variants",
    about: "three variants of one resource, of which L2 keeps two",
    readers: [german, english, french],
    writers: [hard],
    may: { ...NOTHING, expiries: 1 },
  },
  {
    ...plain,
    name: "lost replies",
    about: "scripts that ran and whose callers never hear of it",
    readers: [warm, unshareable],
    writers: [hard],
    may: { ...NOTHING, expiries: 1, flushes: 1, lostReplies: 1 },
  },
  {
    ...plain,
    name: "a holder is gone",
    about: "a lease that was granted to somebody who never heard of it",
    readers: [warm, warm, warm],
    writers: [],
    may: { ...NOTHING, lostReplies: 1 },
  },
  {
    ...plain,
    name: "failover",
    about: "the log falls back behind what it acknowledged, and goes on differently",
    readers: [twice],
    writers: [hard, tagged, tagged],
    may: { ...NOTHING, failovers: 1 },
  },
  {
    ...plain,
    name: "index lost",
    about: "the index of the log alone is lost, while cold readers check an answer from before",
    readers: [cold, cold],
    writers: [hard, tagged],
    may: { ...NOTHING, indexLosses: 1 },
    kept: true,
  },
  {
    ...plain,
    name: "clock behind",
    about: "a log is lost whose epoch is ahead of Redis TIME",
    readers: [warm, cold],
    writers: [hard],
    may: { ...NOTHING, logLosses: 1 },
    clockBehind: true,
  },
];

/** What takes minutes: the same with more people, more mishaps, and no step taken together with another. */
export const LONG_SCENARIOS: readonly Scenario[] = [
  {
    ...plain,
    name: "purges, step by step",
    about: "three readers, two writers, one expiry, one flush, the origin's part as steps of their own",
    readers: [warm, warm, warm],
    writers: [hard, hard],
    may: { ...NOTHING, expiries: 1, logLosses: 1, flushes: 1 },
    apart: true,
  },
  {
    ...plain,
    name: "purges, cold and soft",
    about: "a cold reader, a hard and a soft invalidation",
    readers: [warm, warm, cold],
    writers: [hard, soft],
    may: { ...NOTHING, expiries: 1, logLosses: 1 },
  },
  {
    ...plain,
    name: "checks and losses",
    about: "an answer from before is checked and replaced, while the log is lost",
    readers: [cold, cold, refresher],
    writers: [tagged, soft],
    may: { ...NOTHING, logLosses: 1 },
    kept: true,
  },
  {
    ...plain,
    name: "variants, hard and by tag",
    about: "two readers of one variant and one of another, under the lease of their resource",
    readers: [german, german, english],
    writers: [hard, tagged],
    may: { ...NOTHING, expiries: 1 },
  },
  {
    ...plain,
    name: "a variant and none",
    about: "an origin that says for one reader that its answers vary, and for another that they don't",
    readers: [german, warm, warm],
    writers: [hard],
    may: { ...NOTHING, expiries: 1, logLosses: 1 },
  },
  {
    ...plain,
    name: "two replies lost",
    about: "any two replies are lost, among three readers of whom one finds nothing to share",
    readers: [warm, warm, unshareable],
    writers: [hard],
    may: { ...NOTHING, expiries: 1, lostReplies: 2 },
  },
  {
    ...plain,
    name: "a reply lost, and everything",
    about: "a reply is lost, and everything is flushed",
    readers: [warm, warm, warm],
    writers: [hard],
    may: { ...NOTHING, expiries: 1, flushes: 1, lostReplies: 1 },
  },
  {
    ...plain,
    name: "failover among readers",
    about: "the log falls back while a cold reader joins one that knows what was lost",
    readers: [twice, cold],
    writers: [hard, soft, tagged],
    may: { ...NOTHING, failovers: 1 },
  },
];
