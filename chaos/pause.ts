// Waits, or less where it is told to stop waiting.

import { setTimeout as after } from "node:timers/promises";

/** Never rejects: whoever has ended it knows. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await after(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}

/** Resolves when it is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return;
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
