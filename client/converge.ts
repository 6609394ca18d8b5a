// Waits for a receipt: until every edge has applied the invalidation or is fenced, or the caller's patience is at an end.

import { elapsed, millis } from "../shared/core/units.ts";
import { ask } from "./ask.ts";
import { LIMITS } from "./config.ts";
import { startDeadline } from "./deadline.ts";
import type { Receipt } from "./schemas.ts";
import type { CallOptions, Connection } from "./send.ts";

export interface ConvergeOptions extends Pick<CallOptions, "signal"> {
  readonly timeoutMs?: number;
  /** Each receipt on the way that says something new. */
  readonly onProgress?: (receipt: Receipt) => void;
}

/** The last receipt seen: still `converging` where time ran out, which is no error. */
export async function converge(
  connection: Connection,
  id: string,
  { timeoutMs = LIMITS.convergence, onProgress, signal }: ConvergeOptions,
): Promise<Receipt> {
  const { clock } = connection.runtime;
  const begun = clock.now();
  let [told, look]: [string, number] = ["", LIMITS.receiptLook.least];
  const left = (): number => Math.max(0, timeoutMs - elapsed(begun, clock.now()));
  for (;;) {
    // Beyond the caller's patience a look may take only so much longer.
    const options = { deadlineMs: left() + LIMITS.waitMargin, ...(signal && { signal }) };
    const { json: receipt } = await ask(connection, "GET /invalidations/{id}", { id, options });
    const states = JSON.stringify(receipt.edges);
    if (states !== told) onProgress?.(receipt);
    told = states;
    if (receipt.state === "converged" || left() === 0) return receipt;
    const deadline = startDeadline(connection.runtime, LIMITS.deadline, signal);
    await deadline.pause(millis(Math.min(look, left()))).finally(deadline.end);
    look = Math.min(LIMITS.receiptLook.most, look * 1.5);
  }
}
