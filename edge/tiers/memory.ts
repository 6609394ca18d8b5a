// L1 memory: answers ready to send, a byte budget a class, and markers of what is known not to be storable.

import { SieveCache } from "../../shared/core/eviction/sieve.ts";
import type { HeaderList } from "../../shared/core/headers.ts";
import type { ClassSettings, Rules } from "../../shared/core/rules.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey, Instant } from "../../shared/core/units.ts";
import type { Body } from "../../shared/ports/body.ts";
import { LIMITS } from "../config.ts";

/** An answer in memory, with the verdicts that a hit reuses. */
export interface MemoryAnswer {
  held: HeldAnswer;
  readonly rules: Rules;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The view's generation under which it was last found current; a hit compares this one number. */
  currentAt: number;
  /** Fresh before this instant, under that generation. */
  freshUntil: Instant;
  /** What a client gets of it, made at its first hit. */
  sent: { readonly headers: HeaderList; readonly body: Body } | null;
  /** What a runtime made of it once, for every hit to reuse. */
  prepared: unknown;
}

export type Marker =
  | { readonly kind: "varies"; readonly names: readonly string[] }
  | { readonly kind: "uncacheable"; readonly until: Instant };

export class MemoryTier {
  private readonly classes = new Map<string, SieveCache<MemoryAnswer>>();
  private readonly markers = new SieveCache<Marker>(LIMITS.markerBudget);

  find(rules: ClassSettings, key: CacheKey): MemoryAnswer | undefined {
    return this.classes.get(rules.name)?.get(key);
  }

  store(key: CacheKey, entry: MemoryAnswer): void {
    const { rules } = entry;
    if (rules.memoryBudget === 0) return;
    this.cacheOf(rules).set(key, entry, sizeOf(key, entry));
  }

  /** Removes the entry if it is still this one. */
  drop(key: CacheKey, entry: MemoryAnswer): void {
    const cache = this.classes.get(entry.rules.name);
    if (cache?.peek(key) === entry) cache.delete(key);
  }

  marker(key: CacheKey): Marker | undefined {
    return this.markers.get(key);
  }

  mark(key: CacheKey, marker: Marker): void {
    this.markers.set(key, marker, 2 * key.length + 256);
  }

  unmark(key: CacheKey): void {
    this.markers.delete(key);
  }

  get bytesUsed(): number {
    let sum: number = this.markers.bytesUsed;
    for (const cache of this.classes.values()) sum += cache.bytesUsed;
    return sum;
  }

  get evictions(): number {
    let sum = 0;
    for (const cache of this.classes.values()) sum += cache.evictions;
    return sum;
  }

  get entries(): number {
    let sum = 0;
    for (const cache of this.classes.values()) sum += cache.size;
    return sum;
  }

  private cacheOf(rules: ClassSettings): SieveCache<MemoryAnswer> {
    let cache = this.classes.get(rules.name);
    if (cache === undefined) {
      cache = new SieveCache(rules.memoryBudget);
      this.classes.set(rules.name, cache);
    }
    return cache;
  }
}

/** Strings are charged two octets a character: that is the most that they take. */
function sizeOf(key: CacheKey, entry: MemoryAnswer): number {
  const { answer } = entry.held;
  let characters = 2 * key.length;
  for (const [name, value] of answer.headers) characters += name.length + value.length;
  for (const selector of answer.selectors) characters += selector.length;
  return entry.body.length + 2 * characters + LIMITS.entryOverhead;
}
