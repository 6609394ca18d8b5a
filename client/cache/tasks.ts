// What goes on behind calls: each is kept alive where the runtime needs it, and waited for by `dispose`.

import { elapsed, type Instant, type Millis } from "../../shared/core/units.ts";
import type { Background, Clock, Timers } from "../../shared/ports/clock.ts";

type KeepAlive = (task: Promise<unknown>) => void;

export interface Tasks {
  readonly background: Background;
  readonly idle: () => Promise<void>;
}

/** `longest`: after that one that is kept alive for its request has been lost with it, and never ends. */
export function tasks(
  { clock, callTimers }: { readonly clock: Clock; readonly callTimers: Pick<Timers, "after"> },
  { waitUntil, longest }: { readonly waitUntil: KeepAlive | undefined; readonly longest: Millis },
): Tasks {
  /** By when they began, the oldest first. */
  const underWay = new Map<Promise<unknown>, Instant>();
  const forgetLost = (now: Instant): void => {
    for (const [task, begunAt] of underWay) {
      if (elapsed(begunAt, now) <= longest) return;
      underWay.delete(task);
    }
  };
  const allOver = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.keys());
  };
  return {
    background: {
      keep(task) {
        const quiet = task.then(
          () => void underWay.delete(quiet),
          () => void underWay.delete(quiet),
        );
        const now = clock.now();
        if (waitUntil !== undefined) forgetLost(now);
        underWay.set(quiet, now);
        waitUntil?.(quiet);
      },
    },
    async idle() {
      if (waitUntil === undefined) return allOver();
      forgetLost(clock.now());
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const cancel = callTimers.after(longest, resolve);
      await Promise.race([allOver(), late]);
      cancel();
    },
  };
}
