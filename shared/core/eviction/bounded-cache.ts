// A cache with a byte budget: it keeps the accounts, a replacement policy says who leaves.

import type { Bytes } from "../units.ts";
import { NONE } from "./columns.ts";
import type { Replacement } from "./replacement.ts";
import { Residents } from "./residents.ts";

export type Evicted<V> = (key: string, value: V) => void;

/** A single object may take at most this part of the budget: one huge answer must not empty the cache. */
const LARGEST_SHARE = 4;

export interface CacheOptions<V> {
  readonly budget: Bytes;
  readonly replacement: (residents: Residents<V>) => Replacement;
  /** What is larger than this is not taken. */
  readonly largest?: Bytes;
  readonly onEvict?: Evicted<V>;
}

export class BoundedCache<V> {
  readonly budget: Bytes;
  private readonly largest: number;
  private readonly onEvict: Evicted<V> | null;
  private readonly residents = new Residents<V>();
  private readonly replacement: Replacement;
  private used = 0;
  private evicted = 0;

  constructor({ budget, replacement, largest, onEvict }: CacheOptions<V>) {
    this.budget = budget;
    this.largest = largest ?? budget / LARGEST_SHARE;
    this.onEvict = onEvict ?? null;
    this.replacement = replacement(this.residents);
  }

  get(key: string): V | undefined {
    const slot = this.residents.slotOf(key);
    if (slot === NONE) return undefined;
    this.replacement.use(slot);
    return this.residents.valueAt(slot);
  }

  /** Looks without counting as a use. */
  peek(key: string): V | undefined {
    return this.residents.valueAt(this.residents.slotOf(key));
  }

  /** Inserts or replaces; false where the object is too large to be taken (an older value is then removed). */
  set(key: string, value: V, size: number): boolean {
    const present = this.residents.slotOf(key);
    if (size > this.largest) {
      if (present !== NONE) this.remove(present);
      return false;
    }
    if (present !== NONE) this.withdraw(present);
    while (this.used + size > this.budget) this.evict();
    const slot = present === NONE ? this.newSlot(key) : present;
    this.residents.put(slot, value, size);
    this.used += size;
    this.replacement.add(slot, present !== NONE);
    return true;
  }

  delete(key: string): boolean {
    const slot = this.residents.slotOf(key);
    if (slot === NONE) return false;
    this.remove(slot);
    return true;
  }

  /** Gives up one object; there must be one. */
  evict(): void {
    const slot = this.replacement.victim();
    const key = this.residents.keyAt(slot);
    const value = this.residents.valueAt(slot) as V;
    this.remove(slot);
    this.evicted += 1;
    this.onEvict?.(key, value);
  }

  clear(): void {
    this.residents.clear();
    this.replacement.clear();
    this.used = 0;
  }

  get size(): number {
    return this.residents.count;
  }

  get bytesUsed(): Bytes {
    return this.used as Bytes;
  }

  get evictions(): number {
    return this.evicted;
  }

  entries(): IterableIterator<[string, V]> {
    return this.residents.entries();
  }

  private newSlot(key: string): number {
    if (this.residents.isFull) this.replacement.grow(this.residents.grow());
    return this.residents.take(key);
  }

  private remove(slot: number): void {
    this.withdraw(slot);
    this.residents.release(slot);
  }

  /** Out of the policy's sight: who is being replaced is not its own victim. */
  private withdraw(slot: number): void {
    this.replacement.remove(slot);
    this.used -= this.residents.sizeAt(slot);
  }
}
