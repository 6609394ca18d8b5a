// Who is in a cache: key, value and size by slot, a slot by key, and which slots are free.

import { grown, NONE } from "./columns.ts";

/** A sixteenth more slots each time, and never fewer than these: little is wasted, and filling costs few copies a slot. */
const GROWTH = 16;
const LEAST_GROWTH = 64;

export class Residents<V> {
  private readonly slots = new Map<string, number>();
  private keys: string[] = [];
  private values: (V | undefined)[] = [];
  /** Of a free slot: the next free one. */
  private sizes: Uint32Array = new Uint32Array(0);
  private free = NONE;
  /** Slots that were ever taken; those above are free too. */
  private taken = 0;

  slotOf(key: string): number {
    return this.slots.get(key) ?? NONE;
  }

  keyAt(slot: number): string {
    return this.keys[slot] ?? "";
  }

  valueAt(slot: number): V | undefined {
    return this.values[slot];
  }

  sizeAt(slot: number): number {
    return this.sizes[slot] ?? 0;
  }

  get count(): number {
    return this.slots.size;
  }

  get isFull(): boolean {
    return this.free === NONE && this.taken === this.sizes.length;
  }

  /** Makes more slots; answers how many there are now. */
  grow(): number {
    const before = this.sizes.length;
    const capacity = before + Math.max(LEAST_GROWTH, Math.ceil(before / GROWTH));
    this.sizes = grown(this.sizes, capacity);
    this.keys = this.keys.concat(new Array<string>(capacity - before).fill(""));
    this.values = this.values.concat(new Array<undefined>(capacity - before).fill(undefined));
    return capacity;
  }

  take(key: string): number {
    const slot = this.free === NONE ? this.taken++ : this.free;
    if (slot === this.free) this.free = this.sizeAt(slot) + NONE;
    this.slots.set(key, slot);
    this.keys[slot] = key;
    return slot;
  }

  put(slot: number, value: V, size: number): void {
    this.values[slot] = value;
    this.sizes[slot] = size;
  }

  release(slot: number): void {
    this.slots.delete(this.keyAt(slot));
    this.keys[slot] = "";
    this.values[slot] = undefined;
    this.sizes[slot] = this.free - NONE;
    this.free = slot;
  }

  clear(): void {
    this.slots.clear();
    this.keys.fill("");
    this.values.fill(undefined);
    this.free = NONE;
    this.taken = 0;
  }

  *entries(): IterableIterator<[string, V]> {
    for (const [key, slot] of this.slots) yield [key, this.values[slot] as V];
  }
}
