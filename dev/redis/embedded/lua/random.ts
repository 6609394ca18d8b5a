// The generator behind math.random in Redis' scripts: drand48 from its default state, so every store repeats it.

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

export class ScriptRandom {
  private state = 0x1234abcd330en;

  seed(seed: number): void {
    this.state = (BigInt(seed >>> 0) << 16n) | 0x330en;
  }

  /** 31 bits, as lrand48. */
  next(): number {
    this.state = (this.state * MULTIPLIER + 0xbn) & MASK;
    return Number(this.state >> 17n);
  }
}
