// `Server-Timing` (W3C): which tier answered, and how long that took; only where an edge is told to say so.

import type { HeaderPair } from "../shared/core/headers.ts";
import type { AnsweredBy, Result } from "./counters.ts";

const NAMES: Readonly<Record<AnsweredBy, string>> = {
  ...{ l1Memory: "l1-memory", l1Cache: "l1-cache", l2: "l2", origin: "origin", none: "edge" },
};

/** Of a hit in memory, which takes less than a clock can tell: made once for the entry. */
export const MEMORY_TIMING: HeaderPair = ["server-timing", 'l1-memory;desc="hit";dur=0'];

export const timingOf = (by: AnsweredBy, result: Result, ms: number): HeaderPair => [
  "server-timing",
  `${NAMES[by]};desc="${result}";dur=${Math.max(0, Math.round(ms))}`,
];
