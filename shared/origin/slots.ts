// So many requests at once: whoever comes when all slots are taken waits in line for a while, or is turned away.

import {
  type AdaptiveLimit,
  type AdaptiveLimits,
  newAdaptiveLimit,
  observe,
  wholeLimit,
} from "../core/adaptive-limit.ts";
import { elapsed, type Instant, later, type Millis } from "../core/units.ts";
import { type LineLimits, type Priority, WaitingLine } from "../core/waiting-line.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import { waitAtMost } from "../ports/wait.ts";

export interface SlotLimits {
  readonly adaptive: AdaptiveLimits;
  readonly line: LineLimits;
  readonly patience: Readonly<Record<Priority, Millis>>;
  /** A slot held longer has lost its request. */
  readonly longestHeld: Millis;
}

export interface Slot {
  readonly waited: Millis;
  /** Only the first call counts. */
  leave(): void;
}

/** `full`: too many wait already. `late`: it has waited for as long as it may. */
export type SlotOutcome = Slot | "full" | "late";

interface Waiter {
  /** Whoever still waits then is gone, and his timer with him: what he is given is lost. */
  readonly until: Instant;
  readonly admit: () => void;
  readonly giveUp: () => void;
}

export class Slots {
  limits: SlotLimits;
  private readonly held = new Map<number, Instant>();
  private readonly line: WaitingLine<Waiter>;
  private readonly limit: AdaptiveLimit;
  private readonly ports: { readonly clock: Clock; readonly timers: Timers };
  private slots = 0;
  private lingering: Instant[] = [];

  constructor(ports: { clock: Clock; timers: Timers }, limits: SlotLimits) {
    this.ports = ports;
    this.limits = limits;
    this.line = new WaitingLine(limits.line);
    this.limit = newAdaptiveLimit(limits.adaptive, ports.clock.now());
  }

  /** How many there are now. */
  get size(): number {
    return wholeLimit(this.limit, this.limits.adaptive);
  }

  enter(priority: Priority): SlotOutcome | Promise<SlotOutcome> {
    return this.enterNow() ?? this.wait(priority);
  }

  /** Null where none is free. */
  enterNow(): Slot | null {
    if (!this.hasRoom()) this.reclaim();
    // What has just become free is theirs who wait, and who is gone makes room in the line.
    if (this.line.length > 0) this.admitNext();
    if (!this.hasRoom()) return null;
    const now = this.ports.clock.now();
    return this.slot(now, now);
  }

  /** What one answer took, from the instant at which it was asked for until now. */
  answered(took: Millis, now: Instant): void {
    observe(this.limit, { took, underWay: this.held.size, now }, this.limits.adaptive);
  }

  /** Whether a slot may be held while nothing goes to the origin: others need theirs for that. */
  get mayLinger(): boolean {
    const now = this.ports.clock.now();
    this.lingering = this.lingering.filter((end) => now < end);
    return this.lingering.length < this.size / 2;
  }

  /** Waits with a slot in hand. */
  async linger(span: Millis): Promise<void> {
    const { clock, timers } = this.ports;
    this.lingering.push(later(clock.now(), span));
    await timers.sleep(span);
  }

  private async wait(priority: Priority): Promise<SlotOutcome> {
    const { clock, timers } = this.ports;
    let slot: Slot | null = null;
    const came = clock.now();
    const patience = this.limits.patience[priority];
    const waiter: Waiter = {
      until: later(came, patience),
      // Taken for it at once: whoever runs first must not find it free.
      admit: () => {
        slot = this.slot(came, clock.now());
        wake();
      },
      giveUp: () => wake(),
    };
    if (!this.line.join(waiter, priority)) return "full";
    const { over, wake } = waitAtMost(patience, timers);
    await over;
    this.line.leave(waiter);
    return slot ?? "late";
  }

  private slot(since: Instant, now: Instant): Slot {
    this.slots += 1;
    const id = this.slots;
    this.held.set(id, now);
    return {
      waited: elapsed(since, now),
      leave: () => {
        if (this.held.delete(id)) this.admitNext();
      },
    };
  }

  private hasRoom(): boolean {
    return this.held.size < this.size;
  }

  private admitNext(): void {
    while (this.hasRoom()) {
      const next = this.line.next();
      if (next === null) return;
      if (this.ports.clock.now() > next.until) next.giveUp();
      else next.admit();
    }
  }

  /** A request that is gone with its client leaves nothing behind that could tell. */
  private reclaim(): void {
    const now = this.ports.clock.now();
    for (const [id, since] of this.held) {
      if (elapsed(since, now) <= this.limits.longestHeld) return;
      this.held.delete(id);
    }
  }
}
