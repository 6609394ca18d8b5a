// Coalesced fetches of one edge: what their steps have in common.

import { asVerified } from "../../edge/judge.ts";
import { KEY } from "./entries.ts";
import { judged, type Subject } from "./judging.ts";
import { promoted, verified } from "./near.ts";
import type { Flight, Flights, Held, Log, Shard, Stage, Tiers, View } from "./parts.ts";
import { check } from "./redis-log.ts";
import type { Scope } from "./scope.ts";
import { recordVerified, release } from "./shard.ts";

export const flies = (scope: Scope): boolean => scope.flights > 0;
export const fliesAndLoses = (scope: Scope): boolean => flies(scope) && scope.losses;

export function withFlight(flights: Flights, at: number, flight: Flight | null): Flights {
  const all = flights.flights;
  return {
    ...flights,
    flights: [...all.slice(0, at), ...(flight === null ? [] : [flight]), ...all.slice(at + 1)],
  };
}

export const staged = (flights: Flights, at: number, flight: Flight & { readonly stage: Stage }): Flights =>
  withFlight(flights, at, flight);

export type At<Kind extends Stage["kind"]> = {
  readonly at: number;
  readonly flight: Flight;
  readonly stage: Stage & { readonly kind: Kind };
};

/** Every flight that has come to a stage. */
export function atStage<Kind extends Stage["kind"]>({ flights }: Flights, kind: Kind): At<Kind>[] {
  return flights.flatMap((flight, at) => {
    const { stage } = flight;
    return stage.kind === kind ? [{ at, flight, stage: stage as At<Kind>["stage"] }] : [];
  });
}

export const disowned = (flights: Flights): Flights => ({
  ...flights,
  flights: flights.flights.map((flight) => ({ ...flight, holds: false })),
});

/** Whoever has waited for the flight has what it brought in hand. */
export function handedOver(flights: Flights, at: number, held: Held): Flights {
  const flight = flights.flights[at];
  if (flight === undefined || flight.follower === null) return flights;
  return {
    ...withFlight(flights, at, { ...flight, follower: null }),
    follower: { ...flight.follower, held },
  };
}

/** Where an answer of a flight is kept in the data centre: `storeEverywhere` of `edge/tiers/store-everywhere.ts`. */
export const kept = (scope: Scope, tiers: Tiers, held: Held): Tiers =>
  stored(scope, scope.memory ? promoted(tiers, held) : tiers, held);

const stored = ({ blob }: Scope, tiers: Tiers, { answer, verifiedTo }: Held): Tiers =>
  blob ? { ...tiers, blob: answer, noted: verifiedTo } : tiers;

/** What L2 had: `bringNear` of the same. */
export function broughtNear(
  scope: Scope,
  tiers: Tiers,
  given: { readonly view: View; readonly of: Subject },
): Tiers {
  const { view, of } = given;
  const { held } = of;
  const after = scope.memory ? promoted(tiers, held) : tiers;
  const verdict = judged(scope, view, of);
  return verdict.step.kind === "serve" ? stored(scope, after, asVerified({ ...verdict, held })) : after;
}

/** `judge` of `edge/judge.ts`; where the full index has to be asked, nothing comes between. */
export function checked(
  scope: Scope,
  { view, log, shard }: { readonly view: View; readonly log: Log; readonly shard: Shard },
  of: Subject,
): { held: Held | null; shard: Shard } {
  const { held } = of;
  if (judged(scope, view, of).step.kind !== "check") return { held, shard };
  const reply = check(log, { selectors: [KEY], position: held.verifiedTo }, scope.log);
  if (reply.kind !== "ok") return { held: null, shard };
  const askedFrom = { epoch: view.epoch, seq: view.cursor };
  const good = verified(held, { position: reply.position, askedFrom });
  return { held: good, shard: recordVerified(shard, { answer: held.answer, position: good.verifiedTo }) };
}

/** The lease is given back, if it is this flight's. */
export const givingBack = (shard: Shard, flight: Flight): Shard => ({
  ...release(shard, flight),
  granted: flight.holds ? null : shard.granted,
});
