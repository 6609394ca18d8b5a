// Bounds that several experiments share.

import type { Bounds } from "../experiment.ts";

/** Where nothing stands between clients and answers, and purges go on. */
export const QUICK: Bounds = {
  clientErrors: 0,
  recoveryMs: 10_000,
  convergenceMs: 10_000,
  spendsShares: () => false,
};

/** Where edges can't reach the common bucket. */
export const BY_SHARES: Bounds = { ...QUICK, spendsShares: () => true };
