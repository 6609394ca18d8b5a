// Timers that keep no process alive: whoever waits for a value does that by himself.

import type { Timers } from "../../shared/ports/clock.ts";
import { timerSpan } from "../../shared/runtime/system.ts";

/** Where the runtime's timers are objects, as Node's, they can be told. */
function unref(timer: unknown): void {
  (timer as { readonly unref?: () => void } | null)?.unref?.();
}

export const unrefTimers: Timers = {
  sleep(span) {
    const { promise, resolve } = Promise.withResolvers<void>();
    unref(setTimeout(resolve, timerSpan(span)));
    return promise;
  },
  after(span, action) {
    const timer = setTimeout(action, timerSpan(span));
    unref(timer);
    return () => clearTimeout(timer);
  },
};
