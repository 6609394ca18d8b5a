// S3-FIFO (Yang et al., SOSP 2023): a small queue where most leave again, a main one, and who left the small one lately.

import { grown, NONE } from "./columns.ts";
import { Ghosts } from "./ghosts.ts";
import { Links, Queue } from "./queue.ts";
import type { Replacement } from "./replacement.ts";
import type { Residents } from "./residents.ts";

/** The small queue has a tenth of the bytes. */
const SMALL_SHARE = 10;
/** So many uses in the small queue lead to the main one. */
const USES_TO_STAY = 2;
const MOST_USES = 3;

export class S3Fifo implements Replacement {
  private readonly links = new Links();
  private readonly small = new Queue(this.links);
  private readonly main = new Queue(this.links);
  private readonly ghosts = new Ghosts();
  private readonly residents: Residents<unknown>;
  private uses: Uint8Array = new Uint8Array(0);
  private inMain: Uint8Array = new Uint8Array(0);
  private smallBytes = 0;
  private mainBytes = 0;

  constructor(residents: Residents<unknown>) {
    this.residents = residents;
  }

  grow(capacity: number): void {
    this.links.grow(capacity);
    this.uses = grown(this.uses, capacity);
    this.inMain = grown(this.inMain, capacity);
  }

  add(slot: number, again: boolean): void {
    if (again) {
      this.use(slot);
      this.enter(slot, this.inMain[slot] === 1);
      return;
    }
    this.uses[slot] = 0;
    this.enter(slot, this.ghosts.arrive(this.residents.hashAt(slot)) > 0);
  }

  use(slot: number): void {
    this.uses[slot] = Math.min(this.usesOf(slot) + 1, MOST_USES);
  }

  remove(slot: number): void {
    const size = this.residents.sizeAt(slot);
    if (this.inMain[slot] === 1) {
      this.main.remove(slot);
      this.mainBytes -= size;
    } else {
      this.small.remove(slot);
      this.smallBytes -= size;
    }
  }

  victim(): number {
    const { count } = this.residents;
    this.ghosts.fit(count - count / SMALL_SHARE);
    let slot = NONE;
    while (slot === NONE) slot = this.leavesMain() ? this.fromMain() : this.fromSmall();
    return slot;
  }

  clear(): void {
    this.small.clear();
    this.main.clear();
    this.ghosts.clear();
    this.smallBytes = this.mainBytes = 0;
  }

  private leavesMain(): boolean {
    if (this.small.oldest === NONE) return true;
    return this.main.oldest !== NONE && this.isSmallBelowShare();
  }

  private isSmallBelowShare(): boolean {
    return this.smallBytes * SMALL_SHARE < this.smallBytes + this.mainBytes;
  }

  /** Who was used goes round again, one use less. */
  private fromMain(): number {
    const slot = this.main.oldest;
    const uses = this.usesOf(slot);
    if (uses === 0) return slot;
    this.uses[slot] = uses - 1;
    this.main.remove(slot);
    this.main.add(slot);
    return NONE;
  }

  private fromSmall(): number {
    const slot = this.small.oldest;
    if (this.usesOf(slot) < USES_TO_STAY) {
      this.ghosts.leave(this.residents.hashAt(slot), 1);
      return slot;
    }
    this.remove(slot);
    this.uses[slot] = 0;
    this.enter(slot, true);
    return NONE;
  }

  private enter(slot: number, main: boolean): void {
    const size = this.residents.sizeAt(slot);
    this.inMain[slot] = main ? 1 : 0;
    if (main) {
      this.main.add(slot);
      this.mainBytes += size;
    } else {
      this.small.add(slot);
      this.smallBytes += size;
    }
  }

  private usesOf(slot: number): number {
    return this.uses[slot] ?? 0;
  }
}
