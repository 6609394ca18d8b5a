// The near cache: values of this process, ready to be handed out, within a budget of octets a class.

import { BoundedCache } from "../../shared/core/eviction/bounded-cache.ts";
import { replacementOf } from "../../shared/core/eviction/policies.ts";
import { comparePositions } from "../../shared/core/position.ts";
import { leadOf } from "../../shared/core/refresh-ahead.ts";
import { earlier, type Instant, instant, later, type Selector } from "../../shared/core/units.ts";
import { endOf, type HeldValue, lifeUnder } from "./held.ts";
import { CACHE_LIMITS } from "./limits.ts";
import type { ValueRules } from "./rules.ts";

/** What a hit compares is worked out when it is kept, or when the view has changed. */
export interface NearValue {
  held: HeldValue;
  /** The generation of the view that it was last found current by. */
  currentAt: number;
  /** Until then a hit needs no thought: it is fresh, and its renewal not due. */
  quietUntil: Instant;
  readonly renewFrom: Instant | null;
}

export class Near {
  private readonly caches = new Map<string, BoundedCache<NearValue>>();
  private readonly drawSeed: () => number;
  private seed: number | null = null;

  /** Drawn when something is kept: while a worker's modules are evaluated nothing is left to chance. */
  constructor(drawSeed: () => number) {
    this.drawSeed = drawSeed;
  }

  find(rules: ValueRules, key: string): NearValue | undefined {
    return this.caches.get(rules.class)?.get(key);
  }

  /** Never takes the place of what was loaded as of a later position. `unit`: uniform in [0, 1). */
  keep(rules: ValueRules, key: string, { held, unit }: { held: HeldValue; unit: number }): void {
    if (rules.memory === 0) return;
    const cache = this.cacheOf(rules);
    const there = cache.peek(key);
    if (there !== undefined && comparePositions(there.held.asOf, held.asOf) > 0) return;
    const { fresh } = lifeUnder(held, rules);
    const lead = leadOf({ life: fresh, took: held.tookMs }, unit);
    const renewFrom = rules.refreshAhead ? earlier(endOf(held, rules), lead) : null;
    const size = held.octets + 2 * key.length + CACHE_LIMITS.overhead + selectorOctets(held.selectors);
    cache.set(key, { held, currentAt: -1, quietUntil: instant(0), renewFrom }, size);
  }

  drop(key: string): void {
    for (const cache of this.caches.values()) cache.delete(key);
  }

  /** Where the log could not be told of an invalidation, what it names is dropped here at least. */
  dropAll(selectors: ReadonlySet<Selector>): void {
    for (const cache of this.caches.values()) {
      const hit = [...cache.entries()].filter(([, { held }]) =>
        held.selectors.some((one) => selectors.has(one)),
      );
      for (const [key] of hit) cache.delete(key);
    }
  }

  clear(): void {
    for (const cache of this.caches.values()) cache.clear();
  }

  get size(): number {
    return this.sum((cache) => cache.size);
  }

  get bytes(): number {
    return this.sum((cache) => cache.bytesUsed);
  }

  get evictions(): number {
    return this.sum((cache) => cache.evictions);
  }

  private sum(of: (cache: BoundedCache<NearValue>) => number): number {
    let sum = 0;
    for (const cache of this.caches.values()) sum += of(cache);
    return sum;
  }

  private cacheOf(rules: ValueRules): BoundedCache<NearValue> {
    let cache = this.caches.get(rules.class);
    if (cache === undefined) {
      const expiryOf = ({ held }: NearValue): number => later(held.bornAt, held.life.fresh);
      const replacement = replacementOf<NearValue>(rules.eviction, expiryOf);
      this.seed ??= this.drawSeed();
      cache = new BoundedCache({ budget: rules.memory, replacement, seed: this.seed });
      this.caches.set(rules.class, cache);
    }
    return cache;
  }
}

const selectorOctets = (selectors: readonly Selector[]): number =>
  selectors.reduce((sum, selector) => sum + 2 * selector.length, 0);

/** Found current, it needs no thought until then. */
export function settle(near: NearValue, rules: ValueRules, generation: number): void {
  const end = endOf(near.held, rules);
  near.quietUntil = near.renewFrom === null ? end : instant(Math.min(end, near.renewFrom));
  near.currentAt = generation;
}
