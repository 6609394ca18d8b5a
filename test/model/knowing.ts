// Runs the edge's own `Knowledge` on a state: made of it, asked or told one thing, and read back.

import type { DatedEntry, LogView } from "../../shared/core/log-view.ts";
import { comparePositions } from "../../shared/core/position.ts";
import { type Instant, instant } from "../../shared/core/units.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";
import { Knowledge } from "../../shared/view/knowledge.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";
import { entryOf, headOf } from "./entries.ts";
import type { Age, HeldEntry, Knowing, View } from "./parts.ts";
import type { Move } from "./rule.ts";
import { capOf, type Scope, TICK } from "./scope.ts";

/** Now is always zero: an age is how far an instant lies behind. */
export const NOW = instant(0);
export const ago = (age: Age): Instant => instant(-age * TICK);
const ageOf = (at: Instant, cap: Age): Age => Math.min(cap, -at / TICK);

const GENERATION = 1;

/** `Knowledge` with its memory laid open. */
interface Memory {
  view: LogView | null;
  generations: number;
  highestEpoch: number;
  unproven: LogHead | null;
}

const PORTS = {
  // Receipts are no part of the model: a life may take what was known before it.
  begunAt: instant(Number.NEGATIVE_INFINITY),
  clock: { now: () => NOW, surely: () => NOW, wall: () => 0, backwardSteps: () => 0 },
  configured: () => undefined,
};

export interface Known<T> {
  readonly knowing: Knowing;
  /** The view has another generation than before. */
  readonly voids: boolean;
  readonly result: T;
}

/** What is known after something was asked of it or told to it. */
export function known<T>(
  scope: Scope,
  before: Knowing,
  act: (knowledge: Knowledge, view: LogView | null) => T,
): Known<T> {
  const knowledge = new Knowledge(PORTS);
  const memory = knowledge as unknown as Memory;
  const thawn = before.view === null ? null : thawed(before.view);
  memory.view = thawn;
  memory.generations = GENERATION;
  memory.highestEpoch = before.highestEpoch;
  memory.unproven = before.unproven === null ? null : headOf(before.unproven);
  const result = act(knowledge, thawn);
  const { view, highestEpoch, unproven } = memory;
  const replaced = view !== thawn;
  const { pulls, question } = before;
  const knowing = {
    ...before,
    view: view === null ? null : frozen(scope, view),
    highestEpoch,
    unproven: unproven?.hash ?? null,
    pulls: replaced ? pulls.map((pull) => (pull.kind === "since" ? { ...pull, replaced } : pull)) : pulls,
    question: replaced && question !== null ? { ...question, replaced } : question,
  };
  return { knowing, voids: replaced || view?.generation !== GENERATION, result };
}

/** Invariant 12: no view goes back, not even across one that was forgotten. */
export function moved(before: Knowing, move: { label: string; knowing: Knowing; voids: boolean }): Move {
  const { label, knowing, voids } = move;
  const stood = before.view === null ? before.stood : standing(before.view);
  if (knowing.view === null) return { label, voids, writes: { knowing: { ...knowing, stood } } };
  const back = stood !== null && comparePositions(standing(knowing.view), stood) < 0;
  const broken = back ? "12 no going back: its view stands before where it stood" : null;
  return { label, voids, writes: { knowing: { ...knowing, stood: null } }, broken };
}

const standing = ({ epoch, cursor }: View) => ({ epoch, seq: cursor });

export function thawed(view: View): LogView {
  const { epoch, cursor, hash, floor, knownFor } = view;
  const learnt = [
    ...view.index.flatMap(([, hard, soft]) => [hard, soft]),
    ...view.ahead.map(([chain]) => entryOf(chain).seq),
  ];
  return {
    epoch,
    cursor,
    hash,
    highest: Math.max(cursor, ...learnt),
    floor,
    index: new Map(view.index.map(([selector, hard, soft]) => [selector, newest(hard, soft)])),
    indexSize: view.index.reduce((sum, [selector]) => sum + selector.length, 0),
    ahead: dated(view.ahead),
    recent: dated(view.recent),
    heldSize: view.recent.length + view.ahead.length,
    knownAt: ago(knownFor),
    generation: GENERATION,
    configuration: new Map(),
  };
}

const newest = (hard: number, soft: number) => ({
  hard,
  hardBefore: 0,
  softs: soft === 0 ? [] : [soft, NOW],
});

function dated(held: readonly HeldEntry[]): Map<number, DatedEntry> {
  const entries = new Map<number, DatedEntry>();
  for (const [chain, heldFor] of held) {
    const entry = entryOf(chain);
    entries.set(entry.seq, { entry, at: NOW, heldSince: ago(heldFor) });
  }
  return entries;
}

/** Of soft invalidations the last is kept: where nothing is served stale, it is no matter since when something is. */
function frozen(scope: Scope, view: LogView): View {
  const cap = capOf(scope);
  // Since when an entry is held is asked only where peers tell each other.
  const held = ({ entry, heldSince }: DatedEntry): HeldEntry => [
    entry.hash,
    scope.gossip ? ageOf(heldSince, cap) : 0,
  ];
  return {
    epoch: view.epoch,
    cursor: view.cursor,
    hash: view.hash,
    floor: view.floor,
    index: inOrder(
      [...view.index].map(([selector, { hard, softs }]) => [selector, hard, softs.at(-2) ?? 0] as const),
      { by: ([selector]) => selector, room: VIEW_LIMITS.selectors },
    ),
    ahead: inOrder([...view.ahead.values()].map(held), {
      by: ([chain]) => headOf(chain).seq,
      room: VIEW_LIMITS.ahead,
    }),
    recent: [...view.recent.values()].map(held),
    knownFor: ageOf(view.knownAt, cap),
  };
}

const ROOM_FOR_ALL = 4;

/** The order in which things were learnt says what is forgotten first: where there is room for all, it says nothing. */
function inOrder<T>(list: T[], { by, room }: { by: (one: T) => string | number; room: number }): T[] {
  return room < ROOM_FOR_ALL ? list : list.sort((a, b) => (by(a) < by(b) ? -1 : 1));
}
