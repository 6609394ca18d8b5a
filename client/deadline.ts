// A span of time that ends waiting: by its own length, or by the caller's signal.

import { elapsed, type Millis, millis } from "../shared/core/units.ts";
import { checkSignal } from "./caller-signal.ts";
import type { ClientRuntime } from "./runtime.ts";
import { TidegateError } from "./tidegate-error.ts";

export interface Deadline {
  /** Aborted when it is over. */
  readonly signal: AbortSignal;
  left(): Millis;
  /** Starts anew: what was waited for has given a sign. */
  extend(): void;
  /** Resolves after `span`; throws where the deadline or the caller comes first. */
  pause(span: Millis): Promise<void>;
  /** What ended it; null while it lasts. */
  ending(): TidegateError | null;
  /** Has to be called: it holds a timer. */
  end(): void;
}

export function startDeadline(
  { clock, timers }: Pick<ClientRuntime, "clock" | "timers">,
  span: Millis,
  caller: AbortSignal | undefined,
): Deadline {
  checkSignal(caller);
  const controller = new AbortController();
  let begun = clock.now();
  let ending: TidegateError | null = null;
  const over = (error: TidegateError): void => {
    ending ??= error;
    controller.abort(ending);
  };
  const runOut = (): void => over(new TidegateError("deadline", `There was no answer within ${span} ms.`));
  const aborted = (): void =>
    over(new TidegateError("aborted", "The call was aborted.", { cause: caller?.reason }));
  let cancel = timers.after(span, runOut);
  if (caller?.aborted === true) aborted();
  caller?.addEventListener("abort", aborted);
  return {
    signal: controller.signal,
    left: () => millis(Math.max(0, span - elapsed(begun, clock.now()))),
    extend() {
      cancel();
      begun = clock.now();
      cancel = timers.after(span, runOut);
    },
    pause: (length) => pause(timers, length, controller.signal),
    ending: () => ending,
    end() {
      cancel();
      caller?.removeEventListener("abort", aborted);
    },
  };
}

function pause(timers: ClientRuntime["timers"], span: Millis, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = timers.after(span, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop);
  });
}
