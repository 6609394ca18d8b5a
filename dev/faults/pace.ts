// A rate that everybody who sends in one direction of a link shares.

/** What may be sent at once after a pause: finer than this, timers are what limits the rate. */
const BURST_SECONDS = 0.05;

export class Pace {
  private readonly perMs: number;
  private readonly burst: number;
  private allowance: number;
  private at: number;

  constructor(bytesPerSecond: number, now: number) {
    if (!(bytesPerSecond > 0)) throw new RangeError("a slow link still carries something");
    this.perMs = bytesPerSecond / 1000;
    this.burst = Math.max(1, bytesPerSecond * BURST_SECONDS);
    this.allowance = this.burst;
    this.at = now;
  }

  /** How many of the octets wanted may be sent now; they then have been. */
  take(wanted: number, now: number): number {
    this.allowance = Math.min(this.burst, this.allowance + Math.max(0, now - this.at) * this.perMs);
    this.at = now;
    const granted = Math.min(wanted, Math.floor(this.allowance));
    this.allowance -= granted;
    return granted;
  }

  /** Milliseconds until as much as a burst may be sent, or as much as is wanted. */
  waitFor(wanted: number): number {
    return Math.max(1, Math.ceil((Math.min(wanted, this.burst) - this.allowance) / this.perMs));
  }
}
