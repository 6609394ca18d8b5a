// A view shared by the isolates of one data centre: what one of them has pulled, the others find beside them.

import { type Telling, tell } from "../core/gossip.ts";
import { hashAt, type LogView } from "../core/log-view.ts";
import { type ClockReading, knownSince } from "../core/shared-age.ts";
import { elapsed, type Instant, millis, minutes } from "../core/units.ts";
import type { Background, Clock, Timers } from "../ports/clock.ts";
import type { RedisTime } from "../ports/mid-tier.ts";
import type { Notes } from "../ports/notes.ts";
import { encodeShared, openSealed, placeOf, type Seal, type SharedPull, seal } from "../wire/shared-view.ts";
import { Ending, waitFor } from "./ending.ts";
import type { Knowledge } from "./knowledge.ts";
import { VIEW_LIMITS } from "./limits.ts";

export interface SharedViewPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly notes: Notes;
  readonly seal: Seal;
}

/** What is asked to be kept for: longer than any window. */
const KEPT = minutes(20);

export class SharedView {
  /** Looks at what others have left, those that taught something, and pulls left for them. */
  readonly counts = { looks: 0, learnt: 0, left: 0 };
  private reading: (ClockReading & { readonly steps: number }) | null = null;
  /** What is to be left. */
  private unsealed: string | null = null;
  private place: string | null = null;
  private lookedAt: Instant | null = null;
  private looking: { readonly begunAt: Instant; readonly ending: Ending } | null = null;
  private readonly ports: SharedViewPorts;

  constructor(ports: SharedViewPorts) {
    this.ports = ports;
  }

  /** The log has answered: what the view holds now is all that there was at `at`. Said before anything else is learnt. */
  pulled(view: LogView, { at, sentAt }: { readonly at: RedisTime; readonly sentAt: Instant }): void {
    const { clock } = this.ports;
    this.reading = { showed: at, sentAt, steps: clock.backwardSteps() };
    this.unsealed = textOf(view, at, clock.now());
  }

  /** Leaves what was pulled last for the others. */
  async leave(): Promise<void> {
    const text = this.unsealed;
    this.unsealed = null;
    if (text === null) return;
    const sealed = await seal(text, this.ports.seal);
    if (await this.ports.notes.leave(await this.where(), sealed, KEPT)) this.counts.left += 1;
  }

  /** Whether a look may tell more than the last one. */
  isWorthALook(now: Instant): boolean {
    const { lookedAt, reading } = this;
    if (reading === null) return false;
    return (
      this.underWay(now) !== null || lookedAt === null || elapsed(lookedAt, now) >= VIEW_LIMITS.lookPeriod
    );
  }

  /** Learns what others have left, one look for all who ask meanwhile. Resolves when that is over or takes too long. */
  look(knowledge: Knowledge, background: Background): Promise<void> {
    const now = this.ports.clock.now();
    let ending = this.underWay(now);
    if (ending === null) {
      const done = this.lookInto(knowledge, now);
      ending = Ending.of(done);
      this.lookedAt = now;
      this.looking = { begunAt: now, ending };
      background.keep(done);
    }
    const patience = { timers: this.ports.timers, atMost: VIEW_LIMITS.lookGuard, enough: () => false };
    return waitFor([ending], patience);
  }

  private underWay(now: Instant): Ending | null {
    const { looking } = this;
    if (looking === null || looking.ending.isOver) return null;
    // Whose request has died with it never ends.
    return elapsed(looking.begunAt, now) > VIEW_LIMITS.lookGuard ? null : looking.ending;
  }

  private async lookInto(knowledge: Knowledge, lookedAt: Instant): Promise<void> {
    const { clock, notes } = this.ports;
    const { reading } = this;
    if (reading === null) return;
    this.counts.looks += 1;
    const note = await notes.find(await this.where());
    if (note === null) return;
    const foundAt = clock.now();
    const shared = await openSealed(note.text, this.ports.seal);
    // Nothing can be dated by an instant from before a clock stepped back.
    if (shared === null || clock.backwardSteps() !== reading.steps) return;
    const age = millis(shared.telling.age + note.residence);
    const knownAt = knownSince({ showed: shared.at, age }, reading, foundAt);
    if (knownAt !== null && takeIn(knowledge, shared, { knownAt, lookedAt })) this.counts.learnt += 1;
  }

  private async where(): Promise<string> {
    this.place ??= await placeOf(this.ports.seal);
    return this.place;
  }
}

/** The newest entries, as far as one message takes them; null where not even where the view stands fits. */
function textOf(view: LogView, at: RedisTime, now: Instant): string | null {
  for (let most: number = VIEW_LIMITS.sharedEntries; ; most = Math.floor(most / 4)) {
    const telling = newestOf(view, most, now);
    if (telling === null) return null;
    const text = encodeShared({ at, telling });
    if (text.length <= VIEW_LIMITS.sharedSize) return text;
    if (most === 0) return null;
  }
}

/** As told to somebody who stands so many entries behind. */
function newestOf(view: LogView, most: number, now: Instant): Telling | null {
  const from = view.cursor - Math.min(most, view.recent.size);
  const fromHash = hashAt(view, from);
  if (fromHash === null) return null;
  const tale = tell(view, { epoch: view.epoch, seq: from, hash: fromHash }, { now, most });
  return tale.kind === "telling" ? { ...tale.telling, from, fromHash } : null;
}

/**
 * As a peer's word is taken, but for a view alone that it joins: whoever is cold, in another epoch or further behind asks
 * the log itself, which is at hand.
 */
function takeIn(
  knowledge: Knowledge,
  { telling }: SharedPull,
  { knownAt, lookedAt }: { readonly knownAt: Instant; readonly lookedAt: Instant },
): boolean {
  const view = knowledge.current();
  if (view === null || telling.epoch !== view.epoch || view.cursor < telling.from) return false;
  const age = elapsed(knownAt, lookedAt);
  // Soft invalidations are dated by their entries' ages: in the store those have grown as well.
  const since = Math.max(0, age - telling.age);
  const entries = telling.entries.map((entry) => ({ ...entry, age: entry.age + since }));
  return knowledge.hear({ ...telling, entries, age }, lookedAt).kind === "learnt";
}
