// A clock that stands still until it is told to go on: timers run in their order, and what they set off runs with them.

import { type Instant, instant, type Millis } from "../../shared/core/units.ts";
import type { Clock, Timers } from "../../shared/ports/clock.ts";
import { type Duration, durationOf } from "../cache/rules.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** Turns of the microtask queue that are enough for whatever a fake does at once. */
const TURNS = 50;

export class TestClock implements Clock, Timers {
  private time = 1_000_000;
  private order = 0;
  private readonly due = new Set<Due>();

  /** Milliseconds since it began. */
  get elapsed(): number {
    return this.time - 1_000_000;
  }

  /** Timers still to come. */
  get pending(): number {
    return this.due.size;
  }

  now(): Instant {
    return instant(this.time);
  }

  surely(): Instant {
    return instant(this.time);
  }

  backwardSteps(): number {
    return 0;
  }

  wall(): number {
    return Date.UTC(2030, 0, 1) + this.time;
  }

  sleep(span: Millis): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(span, resolve);
    return promise;
  }

  /** For loaders that take their time: resolves when the clock has gone on so far. Milliseconds, or a text such as `30s`. */
  delay(by: Duration): Promise<void> {
    return this.sleep(durationOf(by, "delay"));
  }

  after(span: Millis, action: () => void): () => void {
    this.order += 1;
    const due = { at: this.time + Math.max(0, span), order: this.order, action };
    this.due.add(due);
    return () => void this.due.delete(due);
  }

  /** Runs whatever is to happen within a span of time, in order. Milliseconds, or a text such as `30s`. */
  async advance(by: Duration): Promise<void> {
    const end = this.time + durationOf(by, "advance");
    await this.settle();
    for (let next = this.nextUntil(end); next !== null; next = this.nextUntil(end)) {
      this.due.delete(next);
      this.time = Math.max(this.time, next.at);
      next.action();
      await this.settle();
    }
    this.time = end;
    await this.settle();
  }

  /** Lets a promise end, and time pass as far as it takes: no longer than `atMost`. */
  async until<T>(promise: Promise<T>, atMost: Duration = "1m"): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    const end = this.time + durationOf(atMost, "until");
    await this.settle();
    while (!isOver) {
      const next = this.nextUntil(end);
      if (next === null)
        throw new Error("The promise is still pending, and nothing is left to happen in time.");
      await this.advance(next.at - this.time);
    }
    return promise;
  }

  /** What has been set off already, without any time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await undefined;
  }

  private nextUntil(end: number): Due | null {
    let next: Due | null = null;
    for (const due of this.due) {
      if (due.at > end) continue;
      if (next === null || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
    }
    return next;
  }
}
