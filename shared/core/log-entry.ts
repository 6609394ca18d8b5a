// Entries of the log, as everybody but Redis sees them.

import type { Selector } from "./units.ts";

export type InvalidationMode = "hard" | "soft";

/** What an entry says. `config` replaces one field of the configuration; null removes it. */
export type LogPayload =
  | { readonly kind: "invalidate"; readonly mode: InvalidationMode; readonly selectors: readonly Selector[] }
  | { readonly kind: "config"; readonly field: string; readonly value: string | null };

/** One link of the chain. `previous` is the hash of the entry before it, or of the epoch's beginning. */
export interface LogEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  /** How long ago it was appended, when the message that brought it was made, in milliseconds. */
  readonly age: number;
  readonly payload: LogPayload;
}
