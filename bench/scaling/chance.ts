// The simulation's only source of chance: seeded, and the same on every machine.

import { mix } from "../../shared/core/mix.ts";

export class Chance {
  private a: number;
  private b: number;

  constructor(seed: string) {
    this.a = mix(seed, 1) | 1;
    this.b = mix(seed, 2);
  }

  /** In [0, 1): xorshift over 64 bits in two halves. */
  unit(): number {
    let t = this.a;
    const s = this.b;
    this.a = s;
    t ^= t << 23;
    t ^= t >>> 17;
    t ^= s ^ (s >>> 26);
    this.b = t;
    return ((t + s) >>> 0) / 0x1_0000_0000;
  }

  /** Time to the next of events that come at random, so many per unit of it. */
  wait(rate: number): number {
    return rate > 0 ? -Math.log(1 - this.unit()) / rate : Number.POSITIVE_INFINITY;
  }
}
