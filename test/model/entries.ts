// Entries of the log by their hashes: in the model a hash spells out the whole chain that it closes.

import type { LogEntry } from "../../shared/core/log-entry.ts";
import type { Selector } from "../../shared/core/units.ts";
import type { LogHead } from "../../shared/ports/mid-tier.ts";

/** `e10.1hk.2so`: in epoch 10 a hard purge of the key, then a soft one of something else. */
export type Chain = string;

export type Mode = "hard" | "soft";

/** The cached key's only selector, and one that cannot hit it. */
export const KEY = "shop t key" as Selector;
export const OTHER = "shop t other" as Selector;

export const beginningOf = (epoch: number): Chain => `e${epoch}`;

/** `ordinal` tells apart, as Redis TIME does, entries that are otherwise alike. */
export const chained = (
  chain: Chain,
  { ordinal, mode, selector }: { ordinal: number; mode: Mode; selector: Selector },
): Chain => `${chain}.${ordinal}${mode === "hard" ? "h" : "s"}${selector === KEY ? "k" : "o"}`;

interface Parsed {
  readonly head: LogHead;
  /** Every entry of the chain, oldest first. */
  readonly entries: readonly LogEntry[];
}

const known = new Map<Chain, Parsed>();

export const headOf = (chain: Chain): LogHead => parsed(chain).head;
export const entriesOf = (chain: Chain): readonly LogEntry[] => parsed(chain).entries;

/** The entry that closes a chain. */
export function entryOf(chain: Chain): LogEntry {
  const entry = parsed(chain).entries.at(-1);
  if (entry === undefined) throw new Error(`${chain} has no entry`);
  return entry;
}

/** Whether a chain goes on from another, or is it. */
export const goesOnFrom = (chain: Chain, from: Chain): boolean =>
  chain === from || chain.startsWith(`${from}.`);

function parsed(chain: Chain): Parsed {
  let found = known.get(chain);
  if (found === undefined) {
    found = parse(chain);
    known.set(chain, found);
  }
  return found;
}

function parse(chain: Chain): Parsed {
  const dot = chain.lastIndexOf(".");
  if (dot < 0) return { head: { epoch: Number(chain.slice(1)), seq: 0, hash: chain }, entries: [] };
  const { head, entries } = parsed(chain.slice(0, dot));
  const mode: Mode = chain.at(-2) === "h" ? "hard" : "soft";
  const payload = { kind: "invalidate", mode, selectors: [chain.at(-1) === "k" ? KEY : OTHER] } as const;
  const { epoch, seq, hash: previous } = head;
  const entry: LogEntry = { epoch, seq: seq + 1, previous, hash: chain, age: 0, payload };
  return { head: { epoch, seq: seq + 1, hash: chain }, entries: [...entries, entry] };
}

/** How the entry that closes a chain hits a selector; null where it doesn't. */
export function modeOf(chain: Chain, selector: Selector): Mode | null {
  const { payload } = entryOf(chain);
  return payload.kind === "invalidate" && payload.selectors.includes(selector) ? payload.mode : null;
}
