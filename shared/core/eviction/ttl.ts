// What expires soonest leaves first, used or not; the caller says when a value expires.

import { Ranking } from "./ranking.ts";
import type { Replacement } from "./replacement.ts";
import type { Residents } from "./residents.ts";

export class SoonestExpiry<V> implements Replacement {
  private readonly ranking = new Ranking();
  private readonly residents: Residents<V>;
  private readonly expiryOf: (value: V) => number;

  constructor(residents: Residents<V>, expiryOf: (value: V) => number) {
    this.residents = residents;
    this.expiryOf = expiryOf;
  }

  grow(capacity: number): void {
    this.ranking.grow(capacity);
  }

  add(slot: number): void {
    this.ranking.add(slot, this.expiryOf(this.residents.valueAt(slot) as V));
  }

  use(): void {}

  remove(slot: number): void {
    this.ranking.remove(slot);
  }

  victim(): number {
    return this.ranking.lowest;
  }

  clear(): void {
    this.ranking.clear();
  }
}
