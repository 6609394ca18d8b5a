// The log in Redis: what its scripts do (`append.lua`, `confirm.lua`, `since.lua`, `snapshot.lua`, `check.lua`), on plain values.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { beginningOf, type Chain, chained, entriesOf, goesOnFrom, headOf, type Mode } from "./entries.ts";
import type { CheckReply, Log, SinceReply } from "./parts.ts";
import type { LogScope } from "./scope.ts";

/** Epochs are times: far enough apart that "one more than the highest known" is not yet the next of them. */
const EPOCH_STEP = 10;

type Begun = Log & { readonly chain: Chain };

/** `begin_epoch` of `log-prelude.lua`. */
export function beginEpoch(log: Log, highestKnown: number): Begun {
  const epoch = Math.max(log.lastEpoch + EPOCH_STEP, highestKnown + 1);
  const nothing = { told: 0, durable: 0, kept: 0, keptDurable: 0 };
  return { ...log, ...nothing, lastEpoch: epoch, begunFor: 0, chain: beginningOf(epoch) };
}

/** `append.lua`; where it waits for replicas, nobody is told yet. */
export function append(
  before: Log,
  what: { readonly mode: Mode; readonly selector: Selector; readonly replicas: boolean },
): Begun {
  const log = before.chain === null ? beginEpoch(before, 0) : { ...before, chain: before.chain };
  const chain = chained(log.chain, { ordinal: log.purges.length + 1, ...what });
  const durable = what.replicas ? log.durable : headOf(chain).seq;
  return { ...log, chain, durable, purges: [...log.purges, chain] };
}

/** `confirm.lua`; null where the entry is not there to be confirmed. */
export function confirm(log: Log, entry: Chain, scope: LogScope): Log | null {
  if (log.chain === null) return null;
  const [head, { epoch, seq }] = [headOf(log.chain), headOf(entry)];
  if (head.epoch !== epoch) return head.epoch > epoch ? log : null;
  if (seq <= log.durable) return log;
  const isHeld = seq === head.seq || seq + 1 >= fromOf(head.seq, scope);
  return isHeld && goesOnFrom(log.chain, entry) ? { ...log, durable: seq } : null;
}

/** All that there is. */
export const confirmHead = (log: Log): Log =>
  log.chain === null ? log : { ...log, durable: headOf(log.chain).seq };

/** The head as far as the log tells of it. */
const toldOf = (chain: Chain, { durable }: Log): Chain =>
  durable === 0 ? beginningOf(headOf(chain).epoch) : (entriesOf(chain)[durable - 1]?.hash ?? chain);

/** The first entry that is still there. */
const fromOf = (seq: number, { entriesKept }: LogScope): number => Math.max(1, seq - entriesKept + 1);

/** `since.lua`. */
export function since(
  log: Log,
  { joint, beyond }: { readonly joint: Chain; readonly beyond: Chain | null },
  scope: LogScope,
): { readonly log: Log; readonly reply: SinceReply } {
  const unknown = { kind: "unknown" } as const;
  if (log.chain === null) return { log, reply: unknown };
  const [head, known] = [headOf(log.chain), headOf(joint)];
  const lost = () => ({ log: beginEpoch(log, Math.max(known.epoch, head.epoch)), reply: unknown });
  if (known.epoch > head.epoch) return lost();
  if (known.epoch < head.epoch) return { log, reply: unknown };
  if (beyond !== null && isContradicted(log.chain, beyond, scope)) return lost();
  if (known.seq > head.seq) return lost();
  const isTrimmed = known.seq < fromOf(head.seq, scope) - 1;
  if (isTrimmed && known.seq !== log.durable) return { log, reply: unknown };
  if (!goesOnFrom(log.chain, known.hash)) return lost();
  const end = Math.min(log.durable, known.seq + scope.page);
  const entries = entriesOf(log.chain).slice(known.seq, Math.max(known.seq, end));
  const told = known.seq >= log.durable ? joint : toldOf(log.chain, log);
  return { log, reply: { kind: "entries", entries: entries.map(({ hash }) => hash), head: told } };
}

/** Whether an entry is no part of the log, and the log still shows it. */
const isContradicted = (chain: Chain, entry: Chain, scope: LogScope): boolean =>
  headOf(entry).seq >= fromOf(headOf(chain).seq, scope) - 1 && !goesOnFrom(chain, entry);

/** `snapshot.lua`. */
export function snapshot(log: Log, highest: number): { readonly log: Log; readonly reply: Chain } {
  if (log.chain !== null && headOf(log.chain).epoch >= highest) return { log, reply: toldOf(log.chain, log) };
  const begun = beginEpoch(log, highest);
  return { log: begun, reply: begun.chain };
}

/** `check.lua`; what it calls unknown is treated as a hit. */
export function check(
  { chain, durable }: Log,
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
  return { kind, position: { epoch, seq: Math.max(position.seq, durable) } };
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
