// The configurations by which some edge may still live: the one in force, and those that changes have replaced.

import { greatestBound } from "../../shared/core/bound.ts";
import type { Routing } from "../../shared/core/routing.ts";
import type { Millis } from "../../shared/core/units.ts";
import type {
  ConfigurationChange,
  ConfigurationHistory,
} from "../../shared/mid-tier/configuration-history.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { type ReadField, readField, routingOf } from "../../shared/wire/configuration.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { FALLBACK_SITE } from "./routings.ts";

/** A configuration as it stood between two changes; or several, of which only the greatest bound counts. */
export interface PastState {
  /** Null: several. */
  readonly routing: Routing | null;
  readonly greatest: Millis;
  /** Null: it stood before all that is known. */
  readonly began: ConfigurationChange | null;
  /** Null: it is in force. */
  readonly ended: ConfigurationChange | null;
}

/** Newest first; all that came before the newest changes is one, by whose greatest bound nobody serves longer than allowed. */
export function statesOf(history: ConfigurationHistory): PastState[] {
  const states: PastState[] = [];
  let ended: ConfigurationChange | null = null;
  for (const { fields, began } of backwards(history)) {
    if (states.length === LIMITS.statesApart) {
      const older = history.changes.slice(0, -states.length);
      const replaced = older.flatMap(({ field, before }) =>
        before === null ? [] : readField(field, before),
      );
      const all = routingOf([...fields.values(), ...replaced], FALLBACK_SITE);
      return [...states, { routing: null, greatest: greatestBound(all), began: null, ended }];
    }
    const routing = routingOf([...fields.values()], FALLBACK_SITE);
    states.push({ routing, greatest: greatestBound(routing), began, ended });
    ended = began;
  }
  return states;
}

/** The fields as each change left them, the newest first, and at last as they were before all changes. */
function* backwards(
  history: ConfigurationHistory,
): Generator<{ fields: ReadonlyMap<string, ReadField>; began: ConfigurationChange | null }> {
  const fields = new Map([...history.configuration].map(([name, text]) => [name, readField(name, text)]));
  for (const change of [...history.changes].reverse()) {
    yield { fields, began: change };
    if (change.before === null) fields.delete(change.field);
    else fields.set(change.field, readField(change.field, change.before));
  }
  yield { fields, began: null };
}

/** A step of the beat: what no edge can live by any more needs to be read no more. */
export async function forgetPast({
  histories,
}: Pick<ControlPlane, "histories">): Promise<{ readonly kind: "done" } | Unavailable> {
  const outcome = await histories.read();
  if (outcome.kind === "unavailable") return outcome;
  const { history } = outcome;
  const upTo = overUpTo(history);
  if (upTo === null) return { kind: "done" };
  const forgotten = await histories.forget(upTo);
  return forgotten.kind === "unavailable" ? forgotten : { kind: "done" };
}

/** The latest time up to which no configuration was replaced that an edge may still live by; null where there is none. */
function overUpTo(history: ConfigurationHistory): number | null {
  let [alive, over] = [Number.POSITIVE_INFINITY, 0];
  for (const { ended, greatest } of statesOf(history))
    if (ended !== null && ended.at + greatest + LIMITS.fenceSlack >= history.now)
      alive = Math.min(alive, ended.at);
  for (const { at } of history.changes) if (at < alive) over = Math.max(over, at);
  return over === 0 ? null : over;
}
