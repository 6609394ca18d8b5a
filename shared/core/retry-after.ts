// How long an answer asks its client to wait (RFC 9110 §10.2.3): so many seconds, or until a date.

import { type HeaderList, headerValue } from "./headers.ts";
import { parseHttpDate } from "./http-date.ts";
import { type Millis, millis, seconds } from "./units.ts";

const DELTA_SECONDS = /^\d{1,9}$/;

/** From `nowMs` (milliseconds since 1970 UTC) on; null where nothing that can be read says so. */
export function retryAfter(headers: HeaderList, nowMs: number): Millis | null {
  const said = headerValue(headers, "retry-after")?.trim() ?? "";
  if (DELTA_SECONDS.test(said)) return seconds(Number(said));
  const date = parseHttpDate(said, nowMs);
  return date === null ? null : millis(Math.max(0, date - nowMs));
}
