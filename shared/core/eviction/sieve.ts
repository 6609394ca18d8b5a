// SIEVE (Zhang et al., NSDI 2024): one queue, one hand, one bit a resident; a hit moves nothing.

import { grown, NONE } from "./columns.ts";
import { Links, Queue } from "./queue.ts";
import type { Replacement } from "./replacement.ts";

export class Sieve implements Replacement {
  private readonly links = new Links();
  private readonly queue = new Queue(this.links);
  private used: Uint8Array = new Uint8Array(0);
  private hand = NONE;

  grow(capacity: number): void {
    this.links.grow(capacity);
    this.used = grown(this.used, capacity);
  }

  add(slot: number, again: boolean): void {
    this.used[slot] = again ? 1 : 0;
    this.queue.add(slot);
  }

  use(slot: number): void {
    this.used[slot] = 1;
  }

  remove(slot: number): void {
    if (this.hand === slot) this.hand = this.links.newerThan(slot);
    this.queue.remove(slot);
  }

  /** The hand moves from old to new, past who was used since it last came by. */
  victim(): number {
    let slot = this.hand === NONE ? this.queue.oldest : this.hand;
    while (this.used[slot] === 1) {
      this.used[slot] = 0;
      const newer = this.links.newerThan(slot);
      slot = newer === NONE ? this.queue.oldest : newer;
    }
    this.hand = slot;
    return slot;
  }

  clear(): void {
    this.queue.clear();
    this.hand = NONE;
  }
}
