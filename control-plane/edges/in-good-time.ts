// Hands over what many tasks bring as it comes, and waits for no more of it than what comes in good time.

import type { Millis } from "../../shared/core/units.ts";
import type { Background, Timers } from "../../shared/ports/clock.ts";

export interface GoodTime<T> {
  /** What comes within this is handed over at once, together. */
  readonly grace: Millis;
  readonly timers: Timers;
  /** Keeps what goes on behind it. */
  readonly background: Background;
  /** Called with everything that has come since the last call, one call at a time. Never rejects. */
  readonly take: (results: readonly T[]) => Promise<void>;
}

export interface Task<T> {
  /** Null is nothing to take. Never rejects. */
  readonly result: Promise<T | null>;
  /** Else it is taken in good time where it comes before those that are. */
  readonly isAwaited: boolean;
}

/** Resolves when what came in good time was taken. */
export async function inGoodTime<T>(tasks: readonly Task<T>[], by: GoodTime<T>): Promise<void> {
  let ready: T[] = [];
  let [isLate, isTaking] = [false, false];
  const takeReady = async (): Promise<void> => {
    if (isTaking) return;
    isTaking = true;
    while (ready.length > 0) {
      const taken = ready;
      ready = [];
      await by.take(taken);
    }
    isTaking = false;
  };
  const arrived = async (result: T | null): Promise<void> => {
    if (result !== null) ready.push(result);
    if (isLate) await takeReady();
  };
  const taken = tasks.map(({ result, isAwaited }) => ({ done: result.then(arrived), isAwaited }));
  const all = Promise.all(taken.map(({ done }) => done));
  const awaited = Promise.all(taken.flatMap(({ done, isAwaited }) => (isAwaited ? done : [])));
  await Promise.race([awaited, by.timers.sleep(by.grace)]);
  isLate = true;
  by.background.keep(all);
  await takeReady();
}
