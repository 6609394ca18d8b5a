// How much the log keeps, and how long its calls may take.

import { days, mebibytes, millis, minutes, seconds } from "../core/units.ts";
import type { LogLimits } from "./log.ts";

export const LOG_LIMITS: LogLimits = {
  /** An edge further behind than this takes a snapshot instead. */
  entriesKept: 100_000,
  /** Beyond it the oldest are forgotten, and whatever is older than they were has to be fetched anew. */
  selectorsKept: 500_000,
  /** At a few hundred octets each, as many as are kept. Clients choose URLs: of writes to long ones fewer are. */
  entryOctetsKept: mebibytes(32),
  /** Of their texts, each of which is there twice. */
  selectorOctetsKept: mebibytes(32),
  operationsKept: days(1),
  /**
   * Beyond every attempt that follows on a lost reply. Who keeps a write for hours, since the log is away, appends a second
   * entry where it had the first: that costs a fetch. A day of ids would fill a database instead.
   */
  harmlessKept: minutes(10),
  auditRecordsKept: 100_000,
  /** At some five hundred each, as many as are kept. Of writes to long URLs fewer are: a record of those takes up to 2 kB. */
  auditOctetsKept: mebibytes(64),
  /** As long as most rules want such records kept, and not longer than some allow. */
  auditKeptFor: days(365),
  /** Of writes, and as many of purges: some eight mebibytes each. What goes beyond is gone, however young it is. */
  receiptsKept: 10_000,
  /** As many as anybody makes within the longest bound; what goes beyond makes receipts pessimistic, never wrong. */
  changesKept: 1000,
  readDeadline: millis(1500),
  appendDeadline: seconds(3),
  replicationDeadline: seconds(1),
};
