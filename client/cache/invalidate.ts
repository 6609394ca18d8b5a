// Invalidations: acknowledged when the log has them; from then on no read of this process sees what they name.

import { formatPosition, type Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { AppendOutcome, AppendQuery } from "../../shared/ports/mid-tier.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import { TidegateError } from "../tidegate-error.ts";
import type { CacheCore } from "./core.ts";
import { CACHE_LIMITS } from "./limits.ts";

/** Rejects with `unacknowledged` where the log can't be told: it is told later, and this process drops what it holds at once. */
export async function invalidate(
  core: CacheCore,
  given: { readonly selectors: readonly Selector[]; readonly mode: "hard" | "soft"; readonly detail: string },
): Promise<Position> {
  const { selectors, mode, detail } = given;
  const operationId = core.random.token();
  const replicas = replicasAsked(core.view.current()?.configuration ?? new Map());
  const query: AppendQuery = {
    operationId,
    requestDigest: operationId,
    actor: `cache/${core.namespace.name}`,
    action: "invalidate",
    payload: { kind: "invalidate", mode, selectors },
    detail,
    replicas,
    preceding: 8,
  };
  let reason = "";
  for (let tries = 0; tries < CACHE_LIMITS.appendTries; tries++) {
    const outcome = await appendConfirmed(core.log, query);
    if (outcome.kind === "appended") return taken(core, query, outcome);
    reason = outcome.kind === "unavailable" ? outcome.reason : outcome.kind;
  }
  return untold(core, query, { selectors, reason });
}

function taken(
  core: CacheCore,
  query: AppendQuery,
  { position, entry, preceding }: AppendOutcome & { kind: "appended" },
): Position {
  core.counters.invalidations += 1;
  core.unsent.taken(query);
  // Learnt at once, and before anybody is told: what reads from now on compares with it.
  if (entry !== null) core.view.receive([...preceding, entry], core.background);
  const selectors = query.payload.selectors.length;
  core.telling.tell({ event: "invalidate", selectors, position: formatPosition(position) });
  return position;
}

function untold(
  core: CacheCore,
  query: AppendQuery,
  { selectors, reason }: { readonly selectors: readonly Selector[]; readonly reason: string },
): never {
  core.counters.unacknowledged += 1;
  const kept = core.unsent.keep(query);
  core.near.dropAll(new Set(selectors));
  core.flights.clear();
  core.telling.tell({ event: "unacknowledged", selectors: selectors.length, reason });
  const later = kept ? "It will be told as soon as it can be" : "Too many wait for it already";
  throw new TidegateError(
    "unacknowledged",
    `The log could not be told of the invalidation (${reason}). ${later}.`,
  );
}

/** Whatever the log could not be told before. */
export async function offerUnsent(core: CacheCore): Promise<void> {
  if (core.unsent.size === 0) return;
  await core.unsent.offer(async (query) => {
    const outcome = await appendConfirmed(core.log, query);
    if (outcome.kind !== "appended") return outcome.kind === "conflict";
    taken(core, query, outcome);
    return true;
  });
}
