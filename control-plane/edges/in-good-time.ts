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

/** Resolves when what came in good time was taken; null is nothing to take. Tasks never reject. */
export async function inGoodTime<T>(tasks: readonly Promise<T | null>[], by: GoodTime<T>): Promise<void> {
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
  const all = Promise.all(tasks.map((task) => task.then(arrived)));
  await Promise.race([all, by.timers.sleep(by.grace)]);
  isLate = true;
  by.background.keep(all);
  await takeReady();
}
