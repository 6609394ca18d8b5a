// The end of a call that changes something: by its deadline, while what it has begun goes on behind it.

import type { CacheCore } from "./core.ts";

export interface CallEnd {
  /** Null where the deadline comes first. */
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
    async wait(task) {
      const first = await Promise.race([task, late]);
      if (first === null) background.keep(task);
      return first;
    },
    over,
  };
}
