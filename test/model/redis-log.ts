// The log in Redis: what `append.lua`, `since.lua`, `snapshot.lua`, `check.lua` and `log-prelude.lua` do, on plain values.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { beginningOf, type Chain, chained, entriesOf, headOf, type Mode } from "./entries.ts";
import type { CheckReply, Log, SinceReply } from "./parts.ts";
import type { LogScope } from "./scope.ts";

/** Epochs are times: far enough apart that "one more than the highest known" is not yet the next of them. */
const EPOCH_STEP = 10;

type Begun = Log & { readonly chain: Chain };

/** `begin_epoch` of `log-prelude.lua`. */
export function beginEpoch(log: Log, highestKnown: number): Begun {
  const epoch = Math.max(log.lastEpoch + EPOCH_STEP, highestKnown + 1);
  return { ...log, lastEpoch: epoch, begunFor: 0, told: 0, chain: beginningOf(epoch) };
}

/** `append.lua`. */
export function append(before: Log, what: { readonly mode: Mode; readonly selector: Selector }): Begun {
  const log = before.chain === null ? beginEpoch(before, 0) : { ...before, chain: before.chain };
  const chain = chained(log.chain, { ordinal: log.purges.length + 1, ...what });
  return { ...log, chain, purges: [...log.purges, chain] };
}

/** The first entry that is still there. */
const fromOf = (seq: number, { entriesKept }: LogScope): number => Math.max(1, seq - entriesKept + 1);

/** `since.lua`. */
export function since(
  log: Log,
  joint: Chain,
  scope: LogScope,
): { readonly log: Log; readonly reply: SinceReply } {
  const unknown = { kind: "unknown" } as const;
  if (log.chain === null) return { log, reply: unknown };
  const [head, known] = [headOf(log.chain), headOf(joint)];
  const lost = () => ({ log: beginEpoch(log, Math.max(known.epoch, head.epoch)), reply: unknown });
  if (known.epoch > head.epoch) return lost();
  if (known.epoch < head.epoch) return { log, reply: unknown };
  if (known.seq > head.seq) return lost();
  if (known.seq < fromOf(head.seq, scope) - 1) return { log, reply: unknown };
  if (known.seq === head.seq && known.hash !== head.hash) return lost();
  const entries = entriesOf(log.chain).slice(known.seq, known.seq + scope.page);
  if (entries[0] !== undefined && entries[0].previous !== known.hash) return lost();
  return { log, reply: { kind: "entries", entries: entries.map(({ hash }) => hash), head: log.chain } };
}

/** `snapshot.lua`. */
export function snapshot(log: Log, highest: number): { readonly log: Log; readonly reply: Chain } {
  if (log.chain !== null && headOf(log.chain).epoch >= highest) return { log, reply: log.chain };
  const begun = beginEpoch(log, highest);
  return { log: begun, reply: begun.chain };
}

/** `check.lua`; what it calls unknown is treated as a hit. */
export function check(
  { chain }: Log,
  about: { readonly selectors: readonly Selector[]; readonly position: Position },
  scope: LogScope,
): CheckReply {
  const { selectors, position } = about;
  if (chain === null) return { kind: "hit" };
  const { epoch, seq } = headOf(chain);
  const { index, pruned } = fullIndex(chain, scope);
  if (epoch !== position.epoch || position.seq > seq || position.seq < pruned) return { kind: "hit" };
  const newest = selectors.map((selector) => index.get(selector) ?? NEVER);
  if (newest.some(({ hard }) => hard > position.seq)) return { kind: "hit" };
  const kind = newest.some(({ soft }) => soft > position.seq) ? "soft" : "ok";
  return { kind, position: { epoch, seq } };
}

interface Newest {
  readonly hard: number;
  readonly soft: number;
}

const NEVER: Newest = { hard: 0, soft: 0 };

/** The index that `append.lua` keeps, pruned of the selectors that were hit longest ago. */
function fullIndex(
  chain: Chain,
  { selectorsKept }: LogScope,
): { index: Map<Selector, Newest>; pruned: number } {
  const index = new Map<Selector, Newest>();
  let pruned = 0;
  for (const { seq, payload } of entriesOf(chain)) {
    if (payload.kind !== "invalidate") continue;
    for (const selector of payload.selectors) {
      const before = index.get(selector) ?? NEVER;
      index.delete(selector);
      index.set(selector, payload.mode === "hard" ? { ...before, hard: seq } : { ...before, soft: seq });
    }
    while (index.size > selectorsKept) {
      const [oldest] = index;
      if (oldest === undefined) break;
      index.delete(oldest[0]);
      pruned = Math.max(pruned, oldest[1].hard, oldest[1].soft);
    }
  }
  return { index, pruned };
}
