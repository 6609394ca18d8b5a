// What becomes of the log in Redis itself: replicas get it, and Redis loses it, or its end.

import { beginningOf, type Chain, entriesOf, goesOnFrom, headOf, KEY, modeOf } from "./entries.ts";
import type { Fate, Parts } from "./parts.ts";
import { placeOf } from "./pulling.ts";
import { type Move, rule } from "./rule.ts";

type Told = Pick<Parts, "log" | "fates">;

/**
 * Replicas get all that there is, and whoever waits for that goes on: what has been appended may be confirmed, by its
 * appender or by the beat; what has been confirmed is acknowledged.
 */
export const replicating = rule(
  ["log", "fates"],
  ({ replicas }) => replicas,
  (_scope, { log, fates }) => {
    const { chain, durable, kept, keptDurable } = log;
    if (chain === null) return [];
    const moves: Move[] = [];
    if (durable < kept)
      moves.push({
        label: "what the replicas have is confirmed",
        writes: { log: { ...log, durable: kept } },
      });
    const { seq } = headOf(chain);
    if (kept < seq || keptDurable < durable)
      moves.push({
        label: `the replicas have all up to ${placeOf(chain)}${keptDurable < durable ? ", and what was confirmed is acknowledged" : ""}`,
        writes: { log: { ...log, kept: seq, keptDurable: durable }, fates: confirmedFates({ log, fates }) },
      });
    return moves;
  },
);

const confirmedFates = ({ log, fates }: Told): Fate[] =>
  fates.map((fate, at) => {
    const purge = log.purges[at] ?? "";
    const isOwed = fate.acknowledgedFor === null && !fate.lost && modeOf(purge, KEY) !== null;
    const isConfirmed = goesOnFrom(log.chain ?? "", purge) && headOf(purge).seq <= log.durable;
    return isOwed && isConfirmed ? { ...fate, acknowledgedFor: 0 } : fate;
  });

export const failingRedis = rule(
  ["log", "fates"],
  ({ mostOutages }) => mostOutages > 0,
  (scope, { log, fates }) => {
    const { chain } = log;
    if (chain === null || log.outages >= scope.mostOutages) return [];
    const after = { ...log, outages: log.outages + 1 };
    const moves: Move[] = [];
    if (scope.outages.includes("flush"))
      moves.push({ label: "Redis loses all of the log", writes: { log: { ...after, chain: null } } });
    if (scope.replicas) return [...moves, ...replicaFailovers({ log: after, fates })];
    for (const { previous, seq } of entriesOf(chain))
      if (
        scope.outages.includes("failover") ||
        (scope.outages.includes("failover, untold") && seq > log.told)
      )
        moves.push(failover({ log: after, fates }, { kept: previous, durable: headOf(previous).seq }));
    return moves;
  },
);

/** To any replica that has what all have: it may have more of the log, and more of what was confirmed. */
function replicaFailovers({ log, fates }: Told): Move[] {
  const { chain, durable } = log;
  if (chain === null) return [];
  const { epoch } = headOf(chain);
  const chains = [beginningOf(epoch), ...entriesOf(chain).map(({ hash }) => hash)];
  return chains.slice(log.kept).flatMap((kept) => {
    const most = Math.min(durable, headOf(kept).seq) - log.keptDurable;
    const marks = Array.from({ length: most + 1 }, (_, more) => log.keptDurable + more);
    return marks.map((mark) => failover({ log, fates }, { kept, durable: mark }));
  });
}

/** A replica takes over that has not seen the last entries. */
function failover({ log, fates }: Told, { kept, durable }: { kept: Chain; durable: number }): Move {
  const gone = (purge: Chain): boolean =>
    log.chain !== null && goesOnFrom(log.chain, purge) && !goesOnFrom(kept, purge);
  const unknowing = durable < Math.min(log.durable, headOf(kept).seq);
  return {
    label: `Redis fails over and loses what came after ${placeOf(kept)}${unknowing ? `, and that more than ${durable} may be told` : ""}`,
    writes: {
      log: { ...log, chain: kept, durable },
      fates: fates.map((fate, at): Fate => (gone(log.purges[at] ?? "") ? { ...fate, lost: true } : fate)),
    },
  };
}
