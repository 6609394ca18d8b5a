// A cache with a byte budget: it keeps the accounts, a replacement policy says who leaves.

import type { Bytes } from "../units.ts";
import { grown, NONE } from "./columns.ts";
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
  /** 32 bits that whoever makes keys can't know, else they can make keys that are slow to find. */
  readonly seed?: number;
  readonly onEvict?: Evicted<V>;
}

export class BoundedCache<V> {
  readonly budget: Bytes;
  private readonly largest: number;
  private readonly onEvict: Evicted<V> | null;
  private readonly residents: Residents<V>;
  private readonly replacement: Replacement;
  /** By slot: 1 where the policy does not see it. */
  private pins: Uint8Array = new Uint8Array(0);
  private pinned = { count: 0, bytes: 0 };
  private used = 0;
  private evicted = 0;

  constructor({ budget, replacement, largest, seed, onEvict }: CacheOptions<V>) {
    this.budget = budget;
    this.largest = largest ?? budget / LARGEST_SHARE;
    this.onEvict = onEvict ?? null;
    this.residents = new Residents(seed ?? 0);
    this.replacement = replacement(this.residents);
  }

  get(key: string): V | undefined {
    const slot = this.residents.slotOf(key);
    if (slot === NONE) return undefined;
    if (this.pins[slot] === 0) this.replacement.use(slot);
    return this.residents.valueAt(slot);
  }

  /** Looks without counting as a use. */
  peek(key: string): V | undefined {
    const slot = this.residents.slotOf(key);
    // Below an array's first place V8 looks for a property of that name, all the way up, for most of a microsecond.
    return slot === NONE ? undefined : this.residents.valueAt(slot);
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
    if (this.pins[slot] === 1) this.pinned.bytes += size;
    else this.replacement.add(slot, present !== NONE);
    return true;
  }

  /** Nobody is evicted for want of another: it stays until it is unpinned or deleted. What else is in must be the larger part. */
  pin(key: string): void {
    const slot = this.residents.slotOf(key);
    if (slot === NONE || this.pins[slot] === 1) return;
    this.replacement.remove(slot);
    this.pins[slot] = 1;
    this.countPin(slot, 1);
  }

  unpin(key: string): void {
    const slot = this.residents.slotOf(key);
    if (slot === NONE || this.pins[slot] !== 1) return;
    this.countPin(slot, -1);
    this.pins[slot] = 0;
    this.replacement.add(slot, true);
  }

  isPinned(key: string): boolean {
    return this.pins[this.residents.slotOf(key)] === 1;
  }

  /** Octets that a key takes; 0 where it is not in. */
  sizeOf(key: string): number {
    return this.residents.sizeAt(this.residents.slotOf(key));
  }

  delete(key: string): boolean {
    const slot = this.residents.slotOf(key);
    if (slot === NONE) return false;
    this.remove(slot);
    return true;
  }

  /** Gives up one object; there must be one that is not pinned. */
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
    this.pins.fill(0);
    this.pinned = { count: 0, bytes: 0 };
    this.used = 0;
  }

  get size(): number {
    return this.residents.count;
  }

  get bytesUsed(): Bytes {
    return this.used as Bytes;
  }

  get bytesPinned(): number {
    return this.pinned.bytes;
  }

  /** How many could be evicted. */
  get evictable(): number {
    return this.residents.count - this.pinned.count;
  }

  get evictions(): number {
    return this.evicted;
  }

  entries(): IterableIterator<[string, V]> {
    return this.residents.entries();
  }

  private newSlot(key: string): number {
    if (this.residents.isFull) {
      const capacity = this.residents.grow();
      this.replacement.grow(capacity);
      this.pins = grown(this.pins, capacity);
    }
    return this.residents.take(key);
  }

  private remove(slot: number): void {
    this.withdraw(slot);
    if (this.pins[slot] === 1) this.pinned.count -= 1;
    this.pins[slot] = 0;
    this.residents.release(slot);
  }

  private countPin(slot: number, by: 1 | -1): void {
    this.pinned.count += by;
    this.pinned.bytes += by * this.residents.sizeAt(slot);
  }

  /** Out of the policy's sight: who is being replaced is not its own victim. */
  private withdraw(slot: number): void {
    const size = this.residents.sizeAt(slot);
    if (this.pins[slot] === 1) this.pinned.bytes -= size;
    else this.replacement.remove(slot);
    this.used -= size;
  }
}
