// Entries of the log, as everybody but Redis sees them.

import type { Selector } from "./units.ts";

export type InvalidationMode = "hard" | "soft";

export type LogPayload =
  | { readonly kind: "invalidate"; readonly mode: InvalidationMode; readonly selectors: readonly Selector[] }
  /** Replaces one field of the configuration; null removes it. What thereby lost a name is invalidated with it. */
  | {
      readonly kind: "config";
      readonly field: string;
      readonly value: string | null;
      readonly selectors: readonly Selector[];
    };

/** How the entry invalidates what its selectors name. */
export const modeOf = (payload: LogPayload): InvalidationMode =>
  payload.kind === "config" ? "hard" : payload.mode;

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
