// Something that ends once, and requests that wait for it but may themselves be over sooner.

import type { Millis } from "../core/units.ts";
import type { Timers } from "../ports/clock.ts";
import { waitAtMost } from "../ports/wait.ts";

/**
 * Not a promise: what waits on a promise can't be taken back, and a runtime complains when one request's end wakes
 * another that is gone. Whoever stops waiting here leaves no trace.
 */
export class Ending {
  private waiting: Set<() => void> | null = new Set();

  /** Ends with the task, however that ends. */
  static of(task: Promise<unknown>): Ending {
    const ending = new Ending();
    const end = (): void => ending.end();
    task.then(end, end);
    return ending;
  }

  get isOver(): boolean {
    return this.waiting === null;
  }

  end(): void {
    const { waiting } = this;
    this.waiting = null;
    for (const wake of waiting ?? []) wake();
  }

  add(wake: () => void): void {
    this.waiting?.add(wake);
  }

  remove(wake: () => void): void {
    this.waiting?.delete(wake);
  }
}

export interface Patience {
  readonly timers: Timers;
  readonly atMost: Millis;
  /** Looked at whenever one of several has ended. */
  readonly enough: () => boolean;
}

/** Resolves as soon as one of the endings has come and it is enough, when all have come, or when patience is over. */
export async function waitFor(
  endings: readonly Ending[],
  { timers, atMost, enough }: Patience,
): Promise<void> {
  const isDone = (): boolean => endings.every(({ isOver }) => isOver) || enough();
  if (isDone()) return;
  const { over, wake } = waitAtMost(atMost, timers);
  const look = (): void => {
    if (isDone()) wake();
  };
  for (const ending of endings) ending.add(look);
  await over;
  for (const ending of endings) ending.remove(look);
}
