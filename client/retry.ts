// Whether a call is sent once more, and after which pause.

import { type Millis, millis, seconds } from "../shared/core/units.ts";
import { LIMITS } from "./config.ts";

/** What one try has come to, as far as it matters here. */
export type Tried =
  | { readonly kind: "unreachable" }
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter: string | null };

/** Null where it is left at what the last try has come to. `draw` is in [0, 1). */
export function pauseAfter(tried: Tried, tries: number, draw: number): Millis | null {
  if (tries >= LIMITS.tries) return null;
  if (tried.kind === "answer" && tried.status !== 429 && tried.status !== 503) return null;
  const longest = Math.min(LIMITS.longestPause, LIMITS.pause * 2 ** (tries - 1));
  // The whole of it is drawn: clients that were turned away together don't come back together.
  const own = Math.ceil(longest * draw);
  const asked = tried.kind === "answer" ? secondsIn(tried.retryAfter) : millis(0);
  return millis(asked + own);
}

/** Of a `Retry-After` in seconds; the control plane never names a date. */
const secondsIn = (text: string | null): Millis =>
  text !== null && /^\d{1,6}$/.test(text.trim()) ? seconds(Number(text)) : millis(0);
