// What an isolate is flushing of the journal, and how much more of it may be under way.

import { elapsed, type Instant } from "../../shared/core/units.ts";
import type { JournalTeller } from "../../shared/ports/journal.ts";
import { LIMITS } from "../config.ts";

/** A delivery that is under way. */
export interface Carried {
  readonly lane: string;
  readonly octets: number;
  readonly since: Instant;
}

/** By database. */
export type Flushings = Map<string, Flushing>;

export interface Flushing {
  /** Partitions that somebody has to look into. */
  readonly kicked: Set<number>;
  /** Of all runs, also of those that claim no more. */
  readonly underWay: Set<Carried>;
  /** The one that claims. */
  run: { readonly since: Instant } | null;
  /** As what this isolate is known there. */
  teller: JournalTeller;
}

export function flushingOf(all: Flushings, shard: string, newName: () => string): Flushing {
  const known = all.get(shard);
  if (known !== undefined) return known;
  const teller = { name: newName(), toldAt: null };
  const made: Flushing = { kicked: new Set(), underWay: new Set(), run: null, teller };
  all.set(shard, made);
  return made;
}

/** Runs overlap where one takes long: a reply that comes late takes nothing back. */
export const toldBy = ({ name, toldAt }: JournalTeller, at: number): JournalTeller => ({
  name,
  toldAt: Math.max(at, toldAt ?? at),
});

interface Room {
  readonly most: number;
  readonly except: readonly string[];
}

/** Operations that may be handed out now, but for those of lanes that have their share. */
export function roomOf({ underWay }: Flushing, now: Instant): Room {
  const lanes = new Map<string, { operations: number; octets: number }>();
  let octets = 0;
  for (const one of underWay) {
    // One that was cancelled with its request never ends: by then its claim has.
    if (elapsed(one.since, now) > LIMITS.journalClaim) underWay.delete(one);
    else {
      const lane = lanes.get(one.lane) ?? { operations: 0, octets: 0 };
      lanes.set(one.lane, { operations: lane.operations + 1, octets: lane.octets + one.octets });
      octets += one.octets;
    }
  }
  const { journalBatch, journalOctets, journalLanes } = LIMITS;
  const full = [...lanes].flatMap(([name, lane]) =>
    lane.operations >= journalBatch || lane.octets >= journalOctets ? [name] : [],
  );
  const left = octets >= journalLanes * journalOctets ? 0 : journalLanes * journalBatch - underWay.size;
  return { most: Math.max(0, Math.min(journalBatch, left)), except: full };
}
