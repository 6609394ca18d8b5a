// What ends a caller's waiting, checked before anything waits.

import { TidegateError } from "./tidegate-error.ts";

/** Its controller, which is easily given instead, would abort nothing. Throws `invalid-argument`. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  // Not `instanceof`: runtimes of tests and browsers have classes of their own.
  if (typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function") return;
  const message = "an AbortSignal is needed";
  throw new TidegateError("invalid-argument", `signal: ${message}.`, {
    errors: [{ pointer: "/signal", message }],
  });
}
