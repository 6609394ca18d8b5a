// GreedyDual-Size-Frequency (Cherkasova, 1998), for objects of very different sizes: small and often used ones stay.

import { grown } from "./columns.ts";
import { Ghosts, LARGEST_NOTE } from "./ghosts.ts";
import { Ranking } from "./ranking.ts";
import type { Replacement } from "./replacement.ts";
import type { Residents } from "./residents.ts";

/**
 * Differs from the paper in three things, each of which misses less (ADR 18): uses count squared, up to a limit that lets
 * old favourites go; a use is noted and ranked only when its turn to leave comes; who returns brings its uses along.
 */
export class Gdsf implements Replacement {
  private readonly ranking = new Ranking();
  private readonly ghosts = new Ghosts();
  private readonly residents: Residents<unknown>;
  private uses: Uint8Array = new Uint8Array(0);
  /** 1 where there were uses since it was last ranked. */
  private stale: Uint8Array = new Uint8Array(0);
  /** The rank of who left last: what is not used sinks below those who come. */
  private age = 0;

  constructor(residents: Residents<unknown>) {
    this.residents = residents;
  }

  grow(capacity: number): void {
    this.ranking.grow(capacity);
    this.uses = grown(this.uses, capacity);
    this.stale = grown(this.stale, capacity);
  }

  add(slot: number, again: boolean): void {
    const before = again ? this.usesOf(slot) : this.ghosts.arrive(this.residents.hashAt(slot));
    this.uses[slot] = Math.min(before + 1, LARGEST_NOTE);
    this.stale[slot] = 0;
    this.ranking.add(slot, this.rankOf(slot));
  }

  use(slot: number): void {
    this.uses[slot] = Math.min(this.usesOf(slot) + 1, LARGEST_NOTE);
    this.stale[slot] = 1;
  }

  remove(slot: number): void {
    this.ranking.remove(slot);
  }

  victim(): number {
    this.ghosts.fit(this.residents.count);
    let slot = this.ranking.lowest;
    while (this.stale[slot] === 1) {
      this.stale[slot] = 0;
      this.ranking.move(slot, this.rankOf(slot));
      slot = this.ranking.lowest;
    }
    this.age = this.ranking.rankOf(slot);
    this.ghosts.leave(this.residents.hashAt(slot), this.usesOf(slot));
    return slot;
  }

  clear(): void {
    this.ranking.clear();
    this.ghosts.clear();
    this.age = 0;
  }

  private usesOf(slot: number): number {
    return this.uses[slot] ?? 0;
  }

  private rankOf(slot: number): number {
    return this.age + this.usesOf(slot) ** 2 / Math.max(this.residents.sizeAt(slot), 1);
  }
}
