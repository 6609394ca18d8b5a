// One look-up of a key in the data centre at a time: whoever comes meanwhile is handed what it finds.

import { type CacheKey, elapsed } from "../../shared/core/units.ts";
import type { BodyForm } from "../../shared/ports/blob-store.ts";
import { waitAtMost } from "../../shared/ports/wait.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { DataCentreOutcome, Look } from "./data-centre.ts";

/** Looks that one request waits for, one after the other: where even they are slow, nobody queues behind them all. */
const JOINS = 2;

/**
 * Of a crowd one asks: each of two thousand look-ups costs as much as the first, and while the runtime is busy with
 * them the one that has gone on to Redis is not heard in time.
 */
export function findInDataCentre(
  edge: Edge,
  key: CacheKey,
  as: BodyForm,
  joins = JOINS,
): Promise<DataCentreOutcome> {
  const underWay = edge.looks.get(key);
  const isLost = underWay !== undefined && elapsed(underWay.startedAt, edge.clock.now()) >= LIMITS.lookGuard;
  return underWay === undefined || isLost
    ? startLook(edge, key, as)
    : findWithOthers(edge, { key, as, underWay, joins });
}

async function findWithOthers(
  edge: Edge,
  { key, as, underWay, joins }: { key: CacheKey; as: BodyForm; underWay: Look; joins: number },
): Promise<DataCentreOutcome> {
  const found = await joinLook(edge, underWay);
  switch (found) {
    case "lost":
      return joins > 1 ? findInDataCentre(edge, key, as, joins - 1) : edge.dataCentre.find(key, as);
    case "another's":
      return edge.dataCentre.find(key, as);
    default:
      return found;
  }
}

/** Its request may be cancelled, and then nothing comes: of those who have joined it one looks again after a while. */
async function startLook(edge: Edge, key: CacheKey, as: BodyForm): Promise<DataCentreOutcome> {
  const look: Look = { startedAt: edge.clock.now(), outcome: edge.dataCentre.find(key, as) };
  edge.looks.set(key, look);
  try {
    return await look.outcome;
  } finally {
    if (edge.looks.get(key) === look) edge.looks.delete(key);
  }
}

/** `lost`: it has taken so long that its request is most likely gone. `another's`: nothing that is to be had twice. */
async function joinLook(edge: Edge, look: Look): Promise<DataCentreOutcome | "lost" | "another's"> {
  const { over, wake } = waitAtMost(LIMITS.lookGuard, edge.timers);
  let found: DataCentreOutcome | "lost" | "another's" = "lost";
  const end = (outcome: DataCentreOutcome | "another's"): void => {
    found = outcome;
    wake();
  };
  void look.outcome.then(
    // A stream has one reader.
    (outcome) => end(outcome.kind === "hit" && outcome.body.kind === "source" ? "another's" : outcome),
    () => end("another's"),
  );
  await over;
  return found;
}
