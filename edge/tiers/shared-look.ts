// One look-up of a key in the data centre at a time, and one for what was found of an answer there.

import { greatestPosition } from "../../shared/core/position.ts";
import type { HeldAnswer } from "../../shared/core/stored-answer.ts";
import type { CacheKey } from "../../shared/core/units.ts";
import type { BodyForm } from "../../shared/ports/blob-store.ts";
import { askTogether } from "../ask-together.ts";
import { LIMITS } from "../config.ts";
import type { Edge } from "../edge.ts";
import type { DataCentreOutcome } from "./data-centre.ts";

/**
 * Of a crowd one asks: each of two thousand look-ups costs as much as the first, and while the runtime is busy with
 * them the one that has gone on to Redis is not heard in time.
 */
export const findInDataCentre = (edge: Edge, key: CacheKey, as: BodyForm): Promise<DataCentreOutcome> =>
  askTogether(edge, {
    key,
    underWay: edge.looks,
    ask: () => edge.dataCentre.find(key, as),
    guard: LIMITS.lookGuard,
    // A stream has one reader.
    isForAll: (found) => found.kind !== "hit" || found.body.kind !== "source",
  });

/** The answer, and what any isolate of this data centre has found of it since it was stored. */
export async function recallTogether(edge: Edge, held: HeldAnswer): Promise<HeldAnswer> {
  const found = await askTogether(edge, {
    key: held.answer.id,
    underWay: edge.recalls,
    ask: async () => (await edge.dataCentre.recall(held)).verifiedTo,
    guard: LIMITS.lookGuard,
  });
  return { ...held, verifiedTo: greatestPosition(held.verifiedTo, found) };
}
