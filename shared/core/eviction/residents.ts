// Who is in a cache: key, value and size by slot, and which slots are free.

import { grown, NONE } from "./columns.ts";
import { KeyIndex } from "./key-index.ts";

/** A sixteenth more slots each time, and never fewer than these: little is wasted, and filling costs few copies a slot. */
const GROWTH = 16;
const LEAST_GROWTH = 64;

export class Residents<V> {
  private readonly index: KeyIndex;
  private values: (V | undefined)[] = [];
  /** Of a free slot: the next free one. */
  private sizes: Uint32Array = new Uint32Array(0);
  private free = NONE;
  /** Slots that were ever taken; those above are free too. */
  private taken = 0;
  private present = 0;

  constructor(seed: number) {
    this.index = new KeyIndex(seed);
  }

  slotOf(key: string): number {
    return this.index.slotOf(key);
  }

  keyAt(slot: number): string {
    return this.index.keyAt(slot) ?? "";
  }

  /** A hash of its key. */
  hashAt(slot: number): number {
    return this.index.hashAt(slot);
  }

  valueAt(slot: number): V | undefined {
    return this.values[slot];
  }

  sizeAt(slot: number): number {
    return this.sizes[slot] ?? 0;
  }

  get count(): number {
    return this.present;
  }

  get isFull(): boolean {
    return this.free === NONE && this.taken === this.sizes.length;
  }

  /** Makes more slots; answers how many there are now. */
  grow(): number {
    const before = this.sizes.length;
    const capacity = before + Math.max(LEAST_GROWTH, Math.ceil(before / GROWTH));
    this.index.grow(capacity);
    this.sizes = grown(this.sizes, capacity);
    this.values = this.values.concat(new Array<undefined>(capacity - before).fill(undefined));
    return capacity;
  }

  take(key: string): number {
    const slot = this.free === NONE ? this.taken++ : this.free;
    if (slot === this.free) this.free = this.sizeAt(slot) + NONE;
    this.index.add(slot, key);
    this.present += 1;
    return slot;
  }

  put(slot: number, value: V, size: number): void {
    this.values[slot] = value;
    this.sizes[slot] = size;
  }

  release(slot: number): void {
    this.index.remove(slot);
    this.present -= 1;
    this.values[slot] = undefined;
    this.sizes[slot] = this.free - NONE;
    this.free = slot;
  }

  clear(): void {
    this.index.clear();
    this.values.fill(undefined);
    this.free = NONE;
    this.taken = this.present = 0;
  }

  *entries(): IterableIterator<[string, V]> {
    for (let slot = 0; slot < this.taken; slot++) {
      const key = this.index.keyAt(slot);
      if (key !== undefined) yield [key, this.values[slot] as V];
    }
  }
}
