// What is kept of requests while somebody watches them: a sample for each who does, handed over with the next report.

import type { Freshness } from "../../shared/core/freshness.ts";
import type { Coherence } from "../../shared/core/log-view.ts";
import { matchesPattern, type PathPattern } from "../../shared/core/pattern.ts";
import { Reservoir } from "../../shared/core/reservoir.ts";
import { readAs } from "../../shared/core/spelling.ts";
import { type Instant, instant, later, millis } from "../../shared/core/units.ts";
import {
  pathOf,
  type TailBatch,
  type TailFilter,
  type TailLine,
  type TailSubject,
  type ToldWatch,
} from "../../shared/wire/request-tail.ts";
import type { TierName } from "../counters.ts";

interface Watching {
  readonly text: string;
  readonly filter: TailFilter;
  readonly path: PathPattern | null;
  readonly sample: Reservoir<TailLine>;
  until: Instant;
}

/** An answer that a tier had for a request, good enough or not. */
export interface FoundFor {
  readonly coherence: Coherence;
  readonly freshness: Freshness;
  readonly tier: TierName;
}

/** A request, on its way: what is noted of it says later why it got what it got. */
type Noted = object;

export class RequestTail {
  /** Until when anybody watches: all that the others' requests cost is a comparison with it. */
  until: Instant = instant(0);
  private readonly watching = new Map<string, Watching>();
  private readonly characters: number;
  private batches = 0;
  private readonly found = new WeakMap<Noted, FoundFor>();

  /** `characters`: of one report. */
  constructor(characters: number) {
    this.characters = characters;
  }

  /** Who watches, and for how long from now on; whoever is not named watches no more. */
  watch(watches: readonly ToldWatch[], now: Instant): void {
    const named = new Set(watches.map(({ id }) => id));
    for (const id of this.watching.keys()) if (!named.has(id)) this.watching.delete(id);
    for (const { id, forMs, ratePerSecond, filter } of watches) {
      const until = later(now, millis(forMs));
      const text = JSON.stringify([ratePerSecond, filter]);
      const there = this.watching.get(id);
      if (there?.text === text) there.until = until;
      else {
        const sample = new Reservoir<TailLine>(ratePerSecond, now);
        this.watching.set(id, { text, filter, path: pathOf(filter), sample, until });
      }
    }
    this.until = instant(Math.max(0, ...[...this.watching.values()].map(({ until }) => until)));
  }

  /** Notes what a tier holds for a request that somebody may watch. */
  note(request: Noted & { readonly arrivedAt: Instant }, { coherence, freshness, tier }: FoundFor): void {
    if (request.arrivedAt < this.until) this.found.set(request, { coherence, freshness, tier });
  }

  foundFor(request: Noted): FoundFor | null {
    return this.found.get(request) ?? null;
  }

  /** `make` is called once at most, where anybody keeps the line. */
  add(
    subject: TailSubject,
    make: () => TailLine,
    { now, draw }: { readonly now: Instant; readonly draw: () => number },
  ): void {
    let made: TailLine | null = null;
    const once = (): TailLine => {
      made ??= make();
      return made;
    };
    for (const { filter, path, sample, until } of this.watching.values())
      if (now < until && admits(filter, path, subject)) sample.offer(once, draw);
  }

  /** Null where there is nothing to tell. */
  report(now: Instant, draw: () => number): TailBatch | null {
    const rows = new Map<TailLine, string[]>();
    const seen: Record<string, number> = {};
    for (const [id, { sample }] of this.watching) {
      const { kept, offered } = sample.take(now, draw);
      if (offered > 0) seen[id] = offered;
      for (const line of kept) rows.set(line, [...(rows.get(line) ?? []), id]);
    }
    if (Object.keys(seen).length === 0) return null;
    this.batches += 1;
    return { number: this.batches, rows: this.within(rows), seen };
  }

  /** As many as a report may hold; those who watch are told of the rest by its number. */
  private within(rows: ReadonlyMap<TailLine, readonly string[]>): TailBatch["rows"] {
    let room = this.characters;
    const told: TailBatch["rows"] = [];
    for (const [line, ids] of rows) {
      room -= JSON.stringify(line).length + 40 * ids.length;
      if (room < 0) break;
      told.push({ for: [...ids], line });
    }
    return told.sort((a, b) => a.line.at - b.line.at);
  }
}

function admits(filter: TailFilter, path: PathPattern | null, subject: TailSubject): boolean {
  const { results, classes, sites, statuses } = filter;
  const status = String(subject.status);
  return (
    (results === null || results.includes(subject.result)) &&
    (classes === null || classes.includes(subject.class)) &&
    (sites === null || sites.includes(subject.site)) &&
    (statuses === null || statuses.includes(status) || statuses.includes(`${status[0]}xx`)) &&
    (path === null || matchesPattern(path, subject.host, readAs(subject.path)))
  );
}
