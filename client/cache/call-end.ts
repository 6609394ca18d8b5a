// The end of a call that changes something: by its deadline, while what it has begun goes on behind it.

import type { CacheCore } from "./core.ts";

export interface CallEnd {
  /** Null where the deadline comes first. The task is kept from its beginning: its caller's client may leave before that. */
  wait<T>(task: Promise<T>): Promise<T | null>;
  /** Has to be called: it holds a timer. */
  over(): void;
}

export function callEnd({
  callTimers,
  deadlines,
  background,
}: Pick<CacheCore, "callTimers" | "deadlines" | "background">): CallEnd {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const over = callTimers.after(deadlines.call, () => resolve(null));
  return {
    wait(task) {
      background.keep(task);
      return Promise.race([task, late]);
    },
    over,
  };
}
