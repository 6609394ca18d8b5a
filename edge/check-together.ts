// One check of an answer by the log's full index at a time, for all who would ask the same meanwhile.

import type { Position } from "../shared/core/position.ts";
import type { Instant, Selector } from "../shared/core/units.ts";
import type { Background } from "../shared/ports/clock.ts";
import type { CheckOutcome, Log } from "../shared/ports/mid-tier.ts";
import { askTogether, type Patience, type UnderWay } from "./ask-together.ts";
import { LIMITS } from "./config.ts";
import type { TierName } from "./counters.ts";

/** What was found, for everybody who asked. */
export interface Checked {
  readonly outcome: CheckOutcome;
  /** When it was sent: by that, and not by when he came himself, whoever is handed it dates a soft invalidation. */
  readonly askedAt: Instant;
  /** The tiers in which it is noted, each by the first who has the answer from there. */
  readonly notedIn: Set<TierName>;
}

interface Checks extends Patience {
  readonly log: Pick<Log, "check">;
  readonly checks: Map<string, UnderWay<Checked>>;
}

interface Asked {
  readonly id: string;
  readonly selectors: readonly Selector[];
  readonly verifiedTo: Position;
  /** Below which the view of whoever asks knows nothing. */
  readonly floor: number;
  readonly background: Background;
}

/**
 * Whoever comes after it was sent may use it as well. That nothing between the two positions has hit these selectors is
 * true of the log for good: it is only appended to, so it does not matter when that was read, nor for whom. What was
 * appended later the outcome says nothing of and is not taken to: the answer counts as verified up to the position that it
 * names, and the rest is told by the view that is current when it is judged, whose knowledge reaches from its floor on, and
 * whose age at each one's own arrival is held against his window. Sent by a view of the same floor, it names a position
 * that is not below it, and so it leaves no gap.
 */
export function checkTogether(edge: Checks, asked: Asked): Promise<Checked> {
  const { id, selectors, verifiedTo, floor, background } = asked;
  return askTogether(edge, {
    key: [id, verifiedTo.epoch, verifiedTo.seq, floor, ...selectors].join("\n"),
    underWay: edge.checks,
    ask() {
      const checking = check(edge, selectors, verifiedTo);
      // Its client may leave, and others wait for it.
      background.keep(checking);
      return checking;
    },
    guard: LIMITS.checkGuard,
  });
}

async function check(
  { clock, log }: Checks,
  selectors: readonly Selector[],
  verifiedTo: Position,
): Promise<Checked> {
  const askedAt = clock.now();
  return { askedAt, notedIn: new Set(), outcome: await log.check(selectors, verifiedTo) };
}
