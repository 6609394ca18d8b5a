// Space-Saving (Metwally, Agrawal and El Abbadi, ICDT 2005): the keys counted most, in memory for so many and no more.

import { grown, NONE } from "./eviction/columns.ts";
import { Ranking } from "./eviction/ranking.ts";

export interface Heavy<V> {
  readonly value: V;
  /** Not below how often the key was counted, and above it by no more than `error`. */
  readonly count: number;
  readonly error: number;
}

/**
 * With k counters, every key with more than 1/k of all that was counted is among them, and no error is greater than
 * that. A key that is known costs O(log k) and no allocation.
 */
export class SpaceSaving<V> {
  /** All that was counted. */
  total = 0;
  private readonly capacity: number;
  private readonly slots = new Map<string, number>();
  private readonly keys: string[] = [];
  private readonly values: V[] = [];
  private readonly errors: Float64Array;
  /** By count: whoever has the least gives way. */
  private readonly ranking = new Ranking();

  constructor(capacity: number) {
    this.capacity = capacity;
    this.errors = grown(new Float64Array(0), capacity);
    this.ranking.grow(capacity);
  }

  /** `describe` is asked only for a key that was not known. */
  add(key: string, weight: number, describe: () => V): void {
    this.total += weight;
    const known = this.slots.get(key) ?? NONE;
    if (known !== NONE) this.ranking.move(known, this.ranking.rankOf(known) + weight);
    else if (this.keys.length < this.capacity)
      this.take(this.keys.length, key, { weight, value: describe() });
    else this.displace(key, { weight, value: describe() });
  }

  /** Counted most first. */
  heaviest(): Heavy<V>[] {
    return this.values
      .map((value, slot) => ({ value, count: this.ranking.rankOf(slot), error: this.errors[slot] ?? 0 }))
      .sort((a, b) => b.count - a.count);
  }

  clear(): void {
    this.total = 0;
    this.slots.clear();
    this.keys.length = this.values.length = 0;
    this.errors.fill(0);
    this.ranking.clear();
  }

  private take(slot: number, key: string, { weight, value }: { weight: number; value: V }): void {
    this.slots.set(key, slot);
    this.keys[slot] = key;
    this.values[slot] = value;
    this.ranking.add(slot, weight);
  }

  /** The newcomer may have been counted as often as the one that gives way, and nobody would know. */
  private displace(key: string, { weight, value }: { weight: number; value: V }): void {
    const slot = this.ranking.lowest;
    const least = this.ranking.rankOf(slot);
    this.slots.delete(this.keys[slot] ?? "");
    this.slots.set(key, slot);
    this.keys[slot] = key;
    this.values[slot] = value;
    this.errors[slot] = least;
    this.ranking.move(slot, least + weight);
  }
}
