// A class's share of L1 memory: one budget, and a cache for each eviction policy that its rules name.

import { BoundedCache } from "../../shared/core/eviction/bounded-cache.ts";
import { replacementOf } from "../../shared/core/eviction/policies.ts";
import type { EvictionPolicy } from "../../shared/core/rules.ts";
import type { Bytes } from "../../shared/core/units.ts";

const NOBODY: ReadonlySet<string> = new Set();
/**
 * What is held takes at most this part of the budget. A single object takes at most a quarter, so there is always
 * somebody who can leave for a newcomer.
 */
const HELD_SHARE = 2;

/**
 * What takes more than this part of the budget is large: where sizes count, it has to come twice before anybody leaves for
 * it. Most of what is large is asked for once, and one such object costs as much as a hundred small ones that are in use.
 */
const LARGE_SHARE = 32;
/** Large ones remembered that came once: as many as come while one of them may be expected to come again. */
const REMEMBERED = 256;

export interface ClassMemoryOptions<V> {
  readonly budget: Bytes;
  readonly expiryOf: (value: V) => number;
  /** As in `CacheOptions`. */
  readonly seed: number;
}

interface Share<V> {
  readonly eviction: EvictionPolicy;
  readonly cache: BoundedCache<V>;
  /** Grows by what it holds each time that somebody has to leave; the one ahead gives way. */
  turn: number;
}

/**
 * A key is in one share at most, and found wherever it is, so a change of policy loses nothing. Shares give way in
 * proportion to what they hold: those in use share the budget as their fills do, one that gets no more of them drains.
 */
export class ClassMemory<V> {
  private readonly budget: Bytes;
  private readonly expiryOf: (value: V) => number;
  private readonly seed: number;
  private readonly shares: Share<V>[] = [];
  private held: ReadonlySet<string> = NOBODY;
  /** Oldest first. */
  private readonly cameOnce = new Set<string>();

  constructor({ budget, expiryOf, seed }: ClassMemoryOptions<V>) {
    this.budget = budget;
    this.expiryOf = expiryOf;
    this.seed = seed;
  }

  get(key: string): V | undefined {
    for (const { cache } of this.shares) {
      const value = cache.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Looks without counting as a use. */
  peek(key: string): V | undefined {
    for (const { cache } of this.shares) {
      const value = cache.peek(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(eviction: EvictionPolicy, key: string, { value, size }: { value: V; size: number }): void {
    if (eviction === "gdsf" && !this.admits(key, size)) return;
    const own = this.shareOf(eviction);
    for (const share of this.shares) if (share !== own) share.cache.delete(key);
    own.cache.set(key, value, size);
    if (this.held.has(key)) this.keep(key, own.cache);
    while (this.bytesUsed > this.budget) this.givesWay().cache.evict();
  }

  private admits(key: string, size: number): boolean {
    if (size <= this.budget / LARGE_SHARE || this.bytesUsed + size <= this.budget) return true;
    if (this.held.has(key) || this.peek(key) !== undefined || this.cameOnce.delete(key)) return true;
    this.cameOnce.add(key);
    const [oldest] = this.cameOnce;
    if (this.cameOnce.size > REMEMBERED && oldest !== undefined) this.cameOnce.delete(oldest);
    return false;
  }

  /** From now on nobody has these leave for one that is not among them, as far as their share of the budget goes. */
  hold(keys: ReadonlySet<string>): void {
    for (const key of this.held) if (!keys.has(key)) for (const { cache } of this.shares) cache.unpin(key);
    this.held = keys;
    for (const key of keys)
      for (const { cache } of this.shares) if (cache.peek(key) !== undefined) this.keep(key, cache);
  }

  private keep(key: string, cache: BoundedCache<V>): void {
    // Pinned before and grown since, it may be more than there is room for.
    const others = this.bytesHeld - (cache.isPinned(key) ? cache.sizeOf(key) : 0);
    if (others + cache.sizeOf(key) <= this.budget / HELD_SHARE) cache.pin(key);
    else cache.unpin(key);
  }

  delete(key: string): void {
    for (const { cache } of this.shares) cache.delete(key);
  }

  get size(): number {
    return this.shares.reduce((sum, { cache }) => sum + cache.size, 0);
  }

  get bytesUsed(): number {
    let sum = 0;
    for (const { cache } of this.shares) sum += cache.bytesUsed;
    return sum;
  }

  get bytesHeld(): number {
    return this.shares.reduce((sum, { cache }) => sum + cache.bytesPinned, 0);
  }

  get evictions(): number {
    return this.shares.reduce((sum, { cache }) => sum + cache.evictions, 0);
  }

  *values(): IterableIterator<V> {
    for (const { cache } of this.shares) for (const [, value] of cache.entries()) yield value;
  }

  private shareOf(eviction: EvictionPolicy): Share<V> {
    const there = this.shares.find((share) => share.eviction === eviction);
    if (there !== undefined) return there;
    const replacement = replacementOf(eviction, this.expiryOf);
    const cache = new BoundedCache({ budget: this.budget, replacement, seed: this.seed });
    const share = { eviction, cache, turn: 0 };
    this.shares.push(share);
    return share;
  }

  /** Asked only while there is somebody who can leave. */
  private givesWay(): Share<V> {
    const holding = this.shares.filter(({ cache }) => cache.evictable > 0);
    for (const share of holding) share.turn += share.cache.bytesUsed;
    const ahead = holding.reduce((first, share) => (share.turn > first.turn ? share : first));
    ahead.turn -= this.bytesUsed;
    return ahead;
  }
}
