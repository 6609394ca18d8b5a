// One look-up of a key in the data centre at a time: whoever comes meanwhile is handed what it finds.

import { type CacheKey, elapsed } from "../../shared/core/units.ts";
import type { BodyForm } from "../../shared/ports/blob-store.ts";
import type { Background } from "../../shared/ports/clock.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { DataCentreOutcome, Look } from "./data-centre.ts";

/**
 * Of a crowd one asks: each of two thousand look-ups costs as much as the first, and while the runtime is busy with
 * them the one that has gone on to Redis is not heard in time.
 */
export async function findInDataCentre(
  edge: Edge,
  look: { readonly key: CacheKey; readonly as: BodyForm; readonly background: Background },
): Promise<DataCentreOutcome> {
  const { key, as } = look;
  const underWay = edge.looks.get(key);
  if (underWay === undefined || elapsed(underWay.startedAt, edge.clock.now()) > LIMITS.lookGuard)
    return startLook(edge, look);
  const found = await joinLook(edge, underWay);
  return found ?? edge.dataCentre.find(key, as);
}

function startLook(
  edge: Edge,
  { key, as, background }: Parameters<typeof findInDataCentre>[1],
): Promise<DataCentreOutcome> {
  const look: Look = { startedAt: edge.clock.now(), outcome: edge.dataCentre.find(key, as) };
  edge.looks.set(key, look);
  const ended = look.outcome.finally(() => {
    if (edge.looks.get(key) === look) edge.looks.delete(key);
  });
  // Its request may be cancelled: the others must not hang by it.
  background.keep(ended);
  return look.outcome;
}

/** Null where it can't be shared, or has taken so long that its request is most likely gone. */
function joinLook(edge: Edge, look: Look): Promise<DataCentreOutcome | null> {
  const { promise, resolve, reject } = Promise.withResolvers<DataCentreOutcome | null>();
  const cancel = edge.timers.after(LIMITS.lookGuard, () => resolve(null));
  look.outcome.then((outcome) => {
    cancel();
    // A stream has one reader.
    resolve(outcome.kind === "hit" && outcome.body.kind === "source" ? null : outcome);
  }, reject);
  return promise;
}
