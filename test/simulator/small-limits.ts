// An edge's limits made small, so that a few virtual seconds reach every one of them; imported before the edge.

import { LIMITS } from "../../edge/config.ts";

Object.assign(LIMITS, {
  l2ReadDeadline: 300,
  l2FillDeadline: 500,
  logDeadline: 400,
  breaker: { failures: 3, pause: 150 },
  originDeadline: 2000,
  leaseDuration: 2600,
  longestWait: 3000,
  followerGuard: 2500,
  uncacheableFor: 1500,
  viewSelectors: 8,
  viewAhead: 3,
  viewRecent: 6,
  pullPage: 3,
  verifiedRemembered: 6,
});

/** The log's own, as small. */
export const SMALL_LOG = {
  entriesKept: 40,
  selectorsKept: 60,
  operationsKept: 86_400_000,
  auditRecordsKept: 50,
  receiptsKept: 50,
  changesKept: 20,
  appendDeadline: 600,
} as const;
