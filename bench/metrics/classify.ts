// What an outside client can tell of one answer: which result it was counted as, by its Cache-Status alone.

export type Result = "hits" | "stale" | "misses" | "passes" | "coalesced" | "errors" | "refused";

/** Answers of the edge's own that were the requests' own doing, by the code of their problem. */
const REFUSED = new Set([
  ...[
    "unknown-site",
    "length-required",
    "broken-content",
    "content-too-slow",
    "too-large-to-journal",
    "only-if-cached",
  ],
  ...["invalid-min-position", "position-not-reached", "precondition-failed", "idempotency-conflict"],
]);

export function classify(cacheStatus: string): Result {
  const own = /^tidegate-l1; fwd=miss; detail=([\w-]+)$/.exec(cacheStatus)?.[1];
  if (own !== undefined) return REFUSED.has(own) ? "refused" : "errors";
  if (/; detail=(stale|shed)$/.test(cacheStatus)) return "stale";
  if (cacheStatus.includes("; collapsed")) return "coalesced";
  if (/(^|, )tidegate-l[12]; hit/.test(cacheStatus)) return "hits";
  if (cacheStatus.includes("; detail=pass")) return "passes";
  return cacheStatus.includes("; stored") ? "misses" : "passes";
}
