// The simulator's only source of chance: a small seeded generator (sfc32) that forks by name.

import { mix } from "../../shared/core/mix.ts";

export class Chance {
  private readonly name: string;
  private readonly state: Uint32Array;

  constructor(name: string) {
    this.name = name;
    this.state = Uint32Array.from([mix(name, 1), mix(name, 2), mix(name, 3), 1]);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** A generator of its own, so that one part drawing more often leaves the others' draws as they were. */
  fork(name: string): Chance {
    return new Chance(`${this.name}/${name}`);
  }

  /** In [0, 1). */
  unit(): number {
    return this.next() / 0x1_0000_0000;
  }

  hit(probability: number): boolean {
    return this.unit() < probability;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.unit() * items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** Picks the item of rank r (from 0) in proportion to 1 / (r + 1). */
  zipf<T>(items: readonly T[]): T {
    const total = items.reduce((sum, _, rank) => sum + 1 / (rank + 1), 0);
    let left = this.unit() * total;
    for (const [rank, item] of items.entries()) {
      left -= 1 / (rank + 1);
      if (left <= 0) return item;
    }
    return this.pick(items);
  }

  /** Whole milliseconds between two events that come at random with this mean distance. */
  wait(mean: number): number {
    return Math.max(1, Math.round(-Math.log(1 - this.unit()) * mean));
  }

  /** 128 bits in hexadecimal. */
  token(): string {
    let token = "";
    for (let i = 0; i < 4; i++) token += this.next().toString(16).padStart(8, "0");
    return token;
  }

  private next(): number {
    const s = this.state;
    const [a = 0, b = 0, c = 0, d = 0] = s;
    const sum = (((a + b) >>> 0) + d) >>> 0;
    s[3] = d + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum;
  }
}
