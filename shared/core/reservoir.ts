// A fair sample of what comes within a second: each has the same chance to be kept, however many there are.

import { elapsed, type Instant } from "./units.ts";

/** In [0, 1). */
type Draw = () => number;

export class Reservoir<Item> {
  private readonly perSecond: number;
  private kept: Item[] = [];
  private offered = 0;
  /** How many might have been handed over when the last sample was, and when that was. */
  private left: number;
  private since: Instant;

  constructor(perSecond: number, now: Instant) {
    this.perSecond = perSecond;
    this.left = perSecond;
    this.since = now;
  }

  /** The item is made only where it is kept, for now. */
  offer(make: () => Item, draw: Draw): void {
    this.offered += 1;
    if (this.kept.length < this.perSecond) {
      this.kept.push(make());
      return;
    }
    const at = Math.floor(draw() * this.offered);
    if (at < this.kept.length) this.kept[at] = make();
  }

  /** What was kept since the last time, and of how many; asked more often than once a second it is less. */
  take(now: Instant, draw: Draw): { readonly kept: readonly Item[]; readonly offered: number } {
    const { kept, offered, perSecond } = this;
    const room = Math.min(perSecond, this.left + (elapsed(this.since, now) / 1000) * perSecond);
    while (kept.length > room) kept.splice(Math.floor(draw() * kept.length), 1);
    this.left = room - kept.length;
    this.since = now;
    this.kept = [];
    this.offered = 0;
    return { kept, offered };
  }
}
