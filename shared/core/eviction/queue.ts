// Doubly linked queues over slots, oldest to newest; queues that share links can hand a slot to one another.

import { grown, NONE } from "./columns.ts";

export class Links {
  private newer: Int32Array = new Int32Array(0);
  private older: Int32Array = new Int32Array(0);

  grow(capacity: number): void {
    this.newer = grown(this.newer, capacity);
    this.older = grown(this.older, capacity);
  }

  newerThan(slot: number): number {
    return this.newer[slot] ?? NONE;
  }

  olderThan(slot: number): number {
    return this.older[slot] ?? NONE;
  }

  join(older: number, newer: number): void {
    if (older !== NONE) this.newer[older] = newer;
    if (newer !== NONE) this.older[newer] = older;
  }
}

export class Queue {
  oldest = NONE;
  private newest = NONE;
  private readonly links: Links;

  constructor(links: Links) {
    this.links = links;
  }

  add(slot: number): void {
    this.links.join(this.newest, slot);
    this.links.join(slot, NONE);
    if (this.newest === NONE) this.oldest = slot;
    this.newest = slot;
  }

  remove(slot: number): void {
    const older = this.links.olderThan(slot);
    const newer = this.links.newerThan(slot);
    this.links.join(older, newer);
    if (older === NONE) this.oldest = newer;
    if (newer === NONE) this.newest = older;
  }

  clear(): void {
    this.oldest = this.newest = NONE;
  }
}
