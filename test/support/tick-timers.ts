// Timers and deadlines that a process which is held up does not run out of: time passes for them by turns of its own.

import { type Millis, minutes } from "../../shared/core/units.ts";
import type { Timers } from "../../shared/ports/clock.ts";
import type { HttpCalls, HttpOutcome } from "../../shared/ports/http.ts";
import { runtimeHttp } from "../../shared/runtime/http.ts";

/** A turn counts as so many milliseconds, however long it took: what has come meanwhile is read before the next one. */
const TICK_MS = 10;

export const tickTimers: Timers = {
  sleep(span) {
    const { promise, resolve } = Promise.withResolvers<void>();
    tickTimers.after(span, resolve);
    return promise;
  },
  after(span, action) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const next = (): void => (left <= TICK_MS ? action() : wait(left - TICK_MS));
      timer = setTimeout(next, Math.min(left, TICK_MS));
    };
    wait(span);
    return () => clearTimeout(timer);
  },
};

const LATE: HttpOutcome = { kind: "unreachable", reason: "timeout" };

/** Over the runtime's fetch. */
export const tickHttp: HttpCalls = {
  async send(request, deadline: Millis) {
    const late = Promise.withResolvers<HttpOutcome>();
    const cancel = tickTimers.after(deadline, () => late.resolve(LATE));
    return Promise.race([runtimeHttp.send(request, minutes(1)), late.promise]).finally(cancel);
  },
};
