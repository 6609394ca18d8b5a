// One request's wait for what another one brings: no longer than its own timer says.

import type { Millis } from "../core/units.ts";
import type { Timers } from "./clock.ts";

export interface Wait {
  /** Comes when it was woken, or after its time. What has been brought by then is for whoever waits to look up. */
  readonly over: Promise<void>;
  readonly wake: () => void;
}

/**
 * Two promises: the runtime tells a request that another one has resolved a promise of its own when it gets round to
 * that, on a busy machine long after. A timer that resolved the same one would meanwhile do nothing any more, and the
 * runtime ends a request that has nothing else under way as one that hangs (docs/adr/0025).
 */
export function waitAtMost(span: Millis, timers: Pick<Timers, "after">): Wait {
  const [woken, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const cancel = timers.after(span, late.resolve);
  // By whoever has waited: the timer of another request nobody can end.
  const over = Promise.race([woken.promise, late.promise]).then(cancel);
  return { over, wake: woken.resolve };
}
