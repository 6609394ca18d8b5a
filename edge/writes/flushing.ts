// What an isolate is flushing of the journal.

import type { Instant } from "../../shared/core/units.ts";

export interface FlushRun {
  readonly since: Instant;
  /** Partitions of which something was accepted since it last looked. */
  readonly kicked: Set<number>;
}

/** By database. */
export type Flushing = Map<string, FlushRun>;
