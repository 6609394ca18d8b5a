// Invalidations: acknowledged when the log has them; from then on no read of this process sees what they name.

import { formatPosition, type Position } from "../../shared/core/position.ts";
import { millis, type Selector } from "../../shared/core/units.ts";
import { appendConfirmed } from "../../shared/mid-tier/append-confirmed.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import { replicasAsked } from "../../shared/wire/configuration.ts";
import { TidegateError } from "../tidegate-error.ts";
import { callEnd } from "./call-end.ts";
import type { CacheCore } from "./core.ts";
import { CACHE_LIMITS } from "./limits.ts";
import type { Invalidation } from "./unsent.ts";

export interface Given {
  readonly selectors: readonly Selector[];
  readonly mode: "hard" | "soft";
  readonly detail: string;
}

/**
 * Rejects with `unacknowledged` where the log can't be told by the call's deadline: it is told later, and this process
 * drops what it holds at once. What the log has is acknowledged, whether or not what comes `then` is done by the deadline.
 */
export function invalidate(
  core: CacheCore,
  { selectors, mode, detail }: Given,
  then: (position: Position) => Promise<void> = async () => undefined,
): Promise<Position> {
  const operationId = core.random.token();
  const query: Invalidation = {
    operationId,
    requestDigest: operationId,
    actor: `cache/${core.namespace.name}`,
    action: "invalidate",
    payload: { kind: "invalidate", mode, selectors },
    detail,
    harmless: true,
    preceding: 8,
  };
  const acknowledged = acknowledge(core, query, then);
  // As a whole, so that nothing between its steps is lost when its caller's client leaves.
  core.background.keep(acknowledged);
  return acknowledged;
}

async function acknowledge(
  core: CacheCore,
  query: Invalidation,
  then: (position: Position) => Promise<void>,
): Promise<Position> {
  const end = callEnd(core);
  try {
    const telling = tell(core, query);
    const told = await end.wait(telling);
    if (told === null) core.background.keep(telling.then((late) => takenLate(core, query, late)));
    if (told?.kind !== "appended") return untold(core, query, told?.reason ?? "deadline");
    const position = taken(core, query, told);
    await end.wait(then(position));
    return position;
  } finally {
    end.over();
  }
}

type Appended = AppendOutcome & { readonly kind: "appended" };
type Told = Appended | { readonly kind: "untold"; readonly reason: string };

async function tell(core: CacheCore, query: Invalidation): Promise<Told> {
  let reason = "";
  let isUnsure = core.view.current() === null;
  for (let tries = 0; tries < CACHE_LIMITS.appendTries; tries++) {
    // A program that only invalidates hears of the log here alone, and of how many replicas it asks for.
    if (isUnsure) await hear(core);
    const outcome = await append(core, query);
    if (outcome.kind === "appended") {
      // The log answers: what it could not be told before is told it now.
      if (core.unsent.size > 0) core.background.keep(offerUnsent(core));
      return outcome;
    }
    reason = outcome.kind === "unavailable" ? outcome.reason : outcome.kind;
    isUnsure = outcome.kind === "unreplicated";
  }
  return { kind: "untold", reason };
}

/** By a pull that is sent now, or with the next one of others. */
function hear({ view, clock, background }: CacheCore): Promise<unknown> {
  return view.within(millis(0), { at: clock.now(), ticket: view.ticket() }, background);
}

/** By as many replicas as the log is known to ask for now: with each try that may be another number. */
function append({ log, view }: CacheCore, query: Invalidation): Promise<AppendOutcome> {
  const replicas = replicasAsked(view.current()?.configuration ?? new Map());
  return appendConfirmed(log, { ...query, replicas });
}

function taken(core: CacheCore, query: Invalidation, { position, entry, preceding }: Appended): Position {
  core.counters.invalidations += 1;
  core.unsent.taken(query);
  core.untold.told(query);
  // Learnt at once, and before anybody is told: what reads from now on compares with it.
  if (entry !== null) core.view.receive([...preceding, entry], core.background);
  const selectors = query.payload.selectors.length;
  core.telling.tell({ event: "invalidate", selectors, position: formatPosition(position) });
  return position;
}

/** Of what is kept for later already: an offer may have been taken, and counted, meanwhile. */
function takenLate(core: CacheCore, query: Invalidation, told: Told): void {
  if (told.kind === "appended" && core.unsent.has(query)) taken(core, query, told);
}

function untold(core: CacheCore, query: Invalidation, reason: string): never {
  const { selectors } = query.payload;
  core.counters.unacknowledged += 1;
  const kept = core.unsent.keep(query);
  offerLater(core);
  core.untold.add(query, core.clock.now());
  core.near.dropAll(new Set(selectors));
  core.telling.tell({ event: "unacknowledged", selectors: selectors.length, reason });
  const later = kept ? "It will be told as soon as it can be" : "Too many wait for it already";
  throw new TidegateError(
    "unacknowledged",
    `The log could not be told of the invalidation (${reason}). ${later}.`,
  );
}

/** Whatever the log could not be told before. What it does not take now is offered again after a while. */
export async function offerUnsent(core: CacheCore): Promise<void> {
  if (core.unsent.size === 0) return;
  await core.unsent.offer(core.clock, async (query) => {
    const outcome = await append(core, query);
    if (outcome.kind === "unreplicated") await hear(core);
    if (outcome.kind !== "appended") return outcome.kind === "conflict";
    takenLate(core, query, outcome);
    return true;
  });
  offerLater(core);
}

function offerLater(core: CacheCore): void {
  core.unsent.offerAgain(core, core.random.unit(), () => core.background.keep(offerUnsent(core)));
}
