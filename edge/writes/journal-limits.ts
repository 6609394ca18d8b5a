// The limits of the journal, as it takes them.

import { LOG_LIMITS } from "../../shared/mid-tier/limits.ts";
import { LIMITS } from "../config.ts";

export const JOURNAL_LIMITS = {
  deadline: LIMITS.journalDeadline,
  replicationDeadline: LOG_LIMITS.replicationDeadline,
  depth: LIMITS.journalDepth,
  perKey: LIMITS.journalPerKey,
  valueOctets: LIMITS.journalValues,
  repeatable: LIMITS.journalRepeatable,
  claimedFor: LIMITS.journalClaim,
  claimedOctets: LIMITS.journalOctets,
  putOffFor: LIMITS.journalRetry,
} as const;
