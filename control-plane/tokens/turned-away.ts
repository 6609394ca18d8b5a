// Requests that were turned away for who asked: counted in the isolate by why, and folded into the figures once a second.

import type { Millis } from "../../shared/core/units.ts";
import type { Metrics } from "../../shared/mid-tier/metrics.ts";
import type { Background, Timers } from "../../shared/ports/clock.ts";

/** Nothing of a request is in it but why: there are no more than these. */
export const TURNED_AWAY = [
  "no-token",
  "wrong-token",
  /** A wrong token at the dashboard's door. */
  "sign-in",
  /** Too many wrong ones had come from there. */
  "held-up",
  "forbidden",
  "too-fast",
] as const;
export type TurnedAwayFor = (typeof TURNED_AWAY)[number];

interface Ports {
  readonly metrics: Pick<Metrics, "countAll">;
  readonly timers: Timers;
  /** From the first one to their folding, and from there to the next. */
  readonly every: Millis;
}

export class TurnedAway {
  private readonly ports: Ports;
  private readonly counts = new Map<TurnedAwayFor, number>();
  private isFolding = false;
  private unrecorded = 0;

  constructor(ports: Ports) {
    this.ports = ports;
  }

  /** However many there are, Redis is called once in a while. */
  count(why: TurnedAwayFor, background: Background): void {
    this.counts.set(why, (this.counts.get(why) ?? 0) + 1);
    if (this.isFolding) return;
    this.isFolding = true;
    background.keep(this.fold());
  }

  /** One that the audit log is not told of. */
  leaveOut(): void {
    this.unrecorded += 1;
  }

  /** How many there were since the last one that it was told of. */
  leftOut(): number {
    const { unrecorded } = this;
    this.unrecorded = 0;
    return unrecorded;
  }

  /** What could not be folded goes with the next: names are few, so nothing grows. */
  private async fold(): Promise<void> {
    const { metrics, timers, every } = this.ports;
    await timers.sleep(every);
    const counts = [...this.counts];
    this.counts.clear();
    this.isFolding = false;
    const folded = await metrics.countAll(new Map(counts.map(([why, count]) => [`access|${why}`, count])));
    if (folded.kind === "counted") return;
    for (const [why, count] of counts) this.counts.set(why, (this.counts.get(why) ?? 0) + count);
  }
}
