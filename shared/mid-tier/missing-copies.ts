// Copies that a shard should hold and is known to lack: how far it lags behind the others.

import { comparePositions, type Position } from "../core/position.ts";
import { elapsed, type Instant, later, type Millis, millis, type Selector } from "../core/units.ts";

/** What a copy that is missing is a copy of. */
export interface Wanted {
  readonly key: string;
  readonly asOf: Position;
  readonly selectors: readonly Selector[];
}

interface Missing extends Wanted {
  readonly since: Instant;
  /** By then nobody would be served it any more. */
  readonly until: Instant;
}

export interface LookLimits {
  /** A lag from which on it is looked whether the copies are there by now, and how often. */
  readonly copiesLookedFrom: Millis;
  readonly copiesLookedEvery: Millis;
  /** How many are looked for in one call. */
  readonly copiesLookedAtOnce: number;
}

/** By the isolate that failed to make them; what others failed at, others count. */
export class MissingCopies {
  private readonly byShard = new Map<string, Map<string, Missing>>();
  private readonly lookedAt = new Map<string, Instant>();
  private readonly most: number;

  /** `most`: copies remembered of one shard, oldest first. */
  constructor(most: number) {
    this.most = most;
  }

  missed(shard: string, wanted: Wanted, at: { readonly now: Instant; readonly keepFor: Millis }): void {
    const missing = this.of(shard);
    const known = missing.get(wanted.key);
    if (known === undefined && missing.size >= this.most) return;
    // A newer one, and the shard has had neither: it has lagged behind since then.
    const { key, asOf, selectors } = wanted;
    missing.set(key, {
      key,
      asOf,
      selectors,
      since: known?.since ?? at.now,
      until: later(at.now, at.keepFor),
    });
  }

  made(shard: string, key: string): void {
    this.byShard.get(shard)?.delete(key);
  }

  /** The age of the oldest copy known to be missing. */
  lag(shard: string, now: Instant): Millis {
    const missing = this.byShard.get(shard);
    if (missing !== undefined)
      for (const [key, { since, until }] of missing) {
        if (until > now) return elapsed(since, now);
        missing.delete(key);
      }
    return millis(0);
  }

  /** What is to be looked for now, oldest first: others may have made it. What is over nobody wants any more. */
  due(
    shard: string,
    { now, limits }: { readonly now: Instant; readonly limits: LookLimits },
    isOver: (wanted: Wanted) => boolean,
  ): readonly Wanted[] {
    const looked = this.lookedAt.get(shard);
    if (looked !== undefined && elapsed(looked, now) < limits.copiesLookedEvery) return [];
    if (this.lag(shard, now) < limits.copiesLookedFrom) return [];
    this.lookedAt.set(shard, now);
    const missing = this.of(shard);
    for (const wanted of missing.values())
      if (wanted.until <= now || isOver(wanted)) missing.delete(wanted.key);
    if (this.lag(shard, now) < limits.copiesLookedFrom) return [];
    return [...missing.values()].slice(0, limits.copiesLookedAtOnce);
  }

  /** What was found as new as it is wanted. Where that is all that was looked for, the others are looked for at once. */
  found(shard: string, looked: readonly Wanted[], there: ReadonlySet<Wanted>): void {
    const missing = this.of(shard);
    for (const { key, asOf } of there) {
      const still = missing.get(key);
      // Another may have been missed while it was looked for this one.
      if (still !== undefined && comparePositions(still.asOf, asOf) <= 0) missing.delete(key);
    }
    if (there.size === looked.length) this.lookedAt.delete(shard);
  }

  private of(shard: string): Map<string, Missing> {
    const missing = this.byShard.get(shard) ?? new Map<string, Missing>();
    this.byShard.set(shard, missing);
    return missing;
  }
}
