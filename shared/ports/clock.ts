// Time as the shell sees it.

import type { Instant, Millis } from "../core/units.ts";

export interface Clock {
  /** This host's elapsed-time line; never runs backwards, and no slower than any of its clocks but for what those round. */
  now(): Instant;
  /**
   * A line of its own on which no more time passes than truly does, as far as any of the host's clocks can tell: what
   * is reckoned forwards by it is never reckoned too far.
   */
  surely(): Instant;
  /** Grows by one whenever a clock of the host was seen to step back. */
  backwardSteps(): number;
  /** Milliseconds since 1970 by the wall clock: for dates in headers and for copies that outlive this isolate. */
  wall(): number;
}

export interface Timers {
  sleep(span: Millis): Promise<void>;
  /** Runs `action` after `span` unless cancelled first. */
  after(span: Millis, action: () => void): Cancel;
}

export type Cancel = () => void;

/** Keeps a task alive beyond the answer it began with (`waitUntil`). */
export interface Background {
  keep(task: Promise<unknown>): void;
}

/** Where whoever began the task goes on anyway: nothing has to keep it alive. */
export const UNKEPT: Background = { keep: () => {} };
