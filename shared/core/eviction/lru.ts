// Least recently used: a hit goes to the newest end, and the oldest leaves. A scan empties it.

import { Links, Queue } from "./queue.ts";
import type { Replacement } from "./replacement.ts";

export class Lru implements Replacement {
  private readonly links = new Links();
  private readonly queue = new Queue(this.links);

  grow(capacity: number): void {
    this.links.grow(capacity);
  }

  add(slot: number): void {
    this.queue.add(slot);
  }

  use(slot: number): void {
    this.queue.remove(slot);
    this.queue.add(slot);
  }

  remove(slot: number): void {
    this.queue.remove(slot);
  }

  victim(): number {
    return this.queue.oldest;
  }

  clear(): void {
    this.queue.clear();
  }
}
