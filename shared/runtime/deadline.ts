// Deadlines of calls, for a process that may be held up itself: what has come by then is read before anything is given up.

import type { Millis } from "../core/units.ts";

/** A timer that fires so much later than it should was held up together with all else here. */
const LATE_MS = 25;
/** For what lies in the sockets by then: turns, between which they are read, however long each takes. */
const READING = { turns: 5, ms: 10 } as const;

/** Calls `over` at the deadline, unless what it returns is called first. */
export function atDeadline(deadline: Millis, over: () => void): () => void {
  const dueAt = performance.now() + deadline;
  let timer = setTimeout(() => {
    if (performance.now() - dueAt < LATE_MS) over();
    else read(READING.turns);
  }, deadline);
  const read = (turns: number): void => {
    timer = setTimeout(() => (turns > 1 ? read(turns - 1) : over()), READING.ms);
  };
  return () => clearTimeout(timer);
}

const timeout = (): DOMException => new DOMException("no reply in time", "TimeoutError");

/** Rejects with a `TimeoutError` at the deadline; what becomes of the call itself is its own affair. */
export function within<T>(deadline: Millis, call: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const stop = atDeadline(deadline, () => reject(timeout()));
  void call.then(
    (reply) => {
      stop();
      resolve(reply);
    },
    (error) => {
      stop();
      reject(error);
    },
  );
  return promise;
}

/** The same for a call that can be aborted: it is, at the deadline. */
export async function abortedAt<T>(deadline: Millis, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = atDeadline(deadline, () => controller.abort(timeout()));
  try {
    return await call(controller.signal);
  } catch (error) {
    // Whatever a runtime makes of the reason.
    throw controller.signal.aborted ? timeout() : error;
  } finally {
    stop();
  }
}
