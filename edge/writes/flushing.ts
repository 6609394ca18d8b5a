// What an isolate is flushing of the journal.

import type { Instant } from "../../shared/core/units.ts";

export interface FlushRun {
  readonly since: Instant;
  /** Something was accepted since it last looked. */
  again: boolean;
}

/** By database and partition. */
export type Flushing = Map<string, FlushRun>;
