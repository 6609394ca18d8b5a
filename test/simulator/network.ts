// A link between two places: how long messages take, which are lost, and when nothing gets through at all.

import type { Chance } from "./chance.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Shares of messages; each message meets one fate at most. */
export interface LinkFaults {
  readonly lostRequests: number;
  readonly lostReplies: number;
  /** Taking hundreds of milliseconds rather than a few. */
  readonly slow: number;
  readonly slowest: number;
}

export const PERFECT: LinkFaults = { lostRequests: 0, lostReplies: 0, slow: 0, slowest: 0 };

export type Fate = "delivered" | "request-lost" | "reply-lost" | "refused";

export class Link {
  readonly name: string;
  faults: LinkFaults;
  private readonly time: VirtualTime;
  private readonly chance: Chance;
  /** Until then: nothing gets through; `refusing` says so at once, silence only costs the deadline. */
  private cut: { until: number; refusing: boolean } = { until: 0, refusing: false };

  constructor(name: string, faults: LinkFaults, world: { time: VirtualTime; chance: Chance }) {
    this.name = name;
    this.faults = faults;
    this.time = world.time;
    this.chance = world.chance.fork(`link ${name}`);
  }

  cutFor(span: number): void {
    this.cut = { until: this.time.now + span, refusing: this.chance.hit(0.5) };
  }

  heal(): void {
    this.cut = { until: 0, refusing: false };
    this.faults = PERFECT;
  }

  fate(): Fate {
    if (this.time.now < this.cut.until) return this.cut.refusing ? "refused" : "request-lost";
    const roll = this.chance.unit();
    if (roll < this.faults.lostRequests) return "request-lost";
    return roll < this.faults.lostRequests + this.faults.lostReplies ? "reply-lost" : "delivered";
  }

  /** One way. */
  transit(): number {
    const { slow, slowest } = this.faults;
    return this.chance.hit(slow) ? this.chance.between(20, slowest) : this.chance.between(1, 4);
  }
}
