// A binary heap over slots: the lowest rank at once, everything else in O(log n).

import { grown, NONE } from "./columns.ts";

export class Ranking {
  private ranks: Float64Array = new Float64Array(0);
  /** Slots, each not below its parent's rank; and where in it each slot stands. */
  private heap: Int32Array = new Int32Array(0);
  private places: Int32Array = new Int32Array(0);
  private count = 0;

  grow(capacity: number): void {
    this.ranks = grown(this.ranks, capacity);
    this.heap = grown(this.heap, capacity);
    this.places = grown(this.places, capacity);
  }

  get lowest(): number {
    return this.count === 0 ? NONE : this.at(0);
  }

  rankOf(slot: number): number {
    return this.ranks[slot] ?? 0;
  }

  add(slot: number, rank: number): void {
    this.ranks[slot] = rank;
    this.settle(slot, this.count++);
  }

  /** Ranks a slot anew. */
  move(slot: number, rank: number): void {
    this.ranks[slot] = rank;
    this.settle(slot, this.places[slot] ?? 0);
  }

  remove(slot: number): void {
    const last = this.at(--this.count);
    if (last !== slot) this.settle(last, this.places[slot] ?? 0);
  }

  clear(): void {
    this.count = 0;
  }

  private at(place: number): number {
    return this.heap[place] ?? NONE;
  }

  private rankAt(place: number): number {
    return this.rankOf(this.at(place));
  }

  /** Puts a slot at a place, or as far up or down from it as its rank asks. */
  private settle(slot: number, from: number): void {
    const rank = this.rankOf(slot);
    let place = from;
    for (let up = (place - 1) >> 1; place > 0 && rank < this.rankAt(up); up = (place - 1) >> 1) {
      this.put(this.at(up), place);
      place = up;
    }
    for (let down = this.lesserBelow(place); down < this.count; down = this.lesserBelow(place)) {
      if (rank <= this.rankAt(down)) break;
      this.put(this.at(down), place);
      place = down;
    }
    this.put(slot, place);
  }

  private lesserBelow(place: number): number {
    const left = 2 * place + 1;
    return left + 1 < this.count && this.rankAt(left + 1) < this.rankAt(left) ? left + 1 : left;
  }

  private put(slot: number, place: number): void {
    this.heap[place] = slot;
    this.places[slot] = place;
  }
}
