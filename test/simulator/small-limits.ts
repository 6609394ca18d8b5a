// The limits of edges, log and control plane made small, so that a few virtual seconds reach every one of them.

import { LIMITS as CONTROL_LIMITS } from "../../control-plane/config.ts";
import { LIMITS } from "../../edge/config.ts";
import { STANDARD_CLASS } from "../../shared/core/classes.ts";
import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { VIEW_LIMITS } from "../../shared/view/limits.ts";

Object.assign(LIMITS, {
  l2ReadDeadline: 300,
  l2FillDeadline: 500,
  failoverAfter: 150,
  mapSettlesIn: 3000,
  clockRemembered: 2000,
  silenceRemembered: 1500,
  logDeadline: 400,
  breaker: { failures: 3, pause: 150 },
  originDeadline: 2000,
  originPatience: { user: 500, background: 200 },
  originTokenPatience: 120,
  takeDeadline: 200,
  originBreaker: { failures: 6, lasting: 0, pause: 300 },
  originRetrySpan: 2000,
  originReplyLost: 600,
  leaseDuration: 900,
  leaseRenewal: 270,
  longestWait: 3000,
  followerGuard: 2500,
  uncacheableFor: 1500,
  writeThroughPatience: 300,
  verifiedRemembered: 6,
  hotEvery: 2,
});

Object.assign(VIEW_LIMITS, { selectors: 8, ahead: 3, recent: 6, pullPage: 3, pullGuard: 800 });

Object.assign(LOG_LIMITS, {
  entriesKept: 40,
  selectorsKept: 60,
  auditRecordsKept: 50,
  auditOctetsKept: 20_000,
  receiptsKept: 50,
  changesKept: 20,
  readDeadline: 400,
  appendDeadline: 600,
  replicationDeadline: 100,
});

Object.assign(CONTROL_LIMITS, {
  redisDeadline: 400,
  breaker: { failures: 3, pause: 150 },
  shardDeadline: 300,
  shardDownAfter: 700,
  shardWarmFor: 500,
  shardMapReadEvery: 2000,
  bootCheckEvery: 2000,
  pushPreceding: 1,
  refreshHalfLife: 5000,
  refreshLead: 1100,
  refreshLeast: 1300,
  refreshLate: 500,
  refreshAgain: 300,
  refreshLeastLife: 1000,
  refreshDeadline: 1500,
});

/** What governs where no policy does: longer than any policy's window, and short enough to be reached. */
export const UNGOVERNED = 2000;
Object.assign(STANDARD_CLASS, { window: UNGOVERNED });
