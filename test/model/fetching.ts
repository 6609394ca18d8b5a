// What a fetch brings, and to whom: `edge/fetch-and-store.ts`, `edge/settle.ts` and `edge/far.ts`, step by step.

import { comparePositions } from "../../shared/core/position.ts";
import {
  atStage,
  checked,
  flies,
  fliesAndLoses,
  givingBack,
  handedOver,
  kept,
  staged,
  withFlight,
} from "./flights.ts";
import { servedAs, verdictOn } from "./judging.ts";
import { withoutOlder } from "./near.ts";
import type { Flight, Held, Shard } from "./parts.ts";
import { type Move, rule } from "./rule.ts";
import { fill } from "./shard.ts";

/** The answer is here: everybody has it, and then it is stored (`settleAnswer` of `edge/settle.ts`). */
export const answering = rule(
  ["tiers", "flights", "log", "fates"],
  flies,
  (scope, { tiers, flights, log, fates }) =>
    atStage(flights, "fetching").flatMap(({ at, flight, stage }) => {
      const { asOf, asked, sentFor, leased, validator } = stage;
      return [asked, ...(validator === null ? [] : [validator.generated])].map(
        (generated, conditional): Move => {
          const held: Held = { answer: { asOf, asked, generated }, verifiedTo: asOf, sentFor };
          // Asked for after the request had arrived, however long ago that was.
          const served = {
            held,
            as: "fresh" as const,
            arrivedFor: Number.POSITIVE_INFINITY,
            included: flight.included,
            from: "from the origin",
          };
          const handed = handedOver(flights, at, held);
          const fills: Flight = { ...flight, follower: null, stage: { kind: "filling", held } };
          const older = withoutOlder(tiers, held);
          return {
            label: `the origin answers {edge}: ${conditional ? 304 : 200}`,
            writes: {
              flights: withFlight(handed, at, leased ? fills : null),
              tiers: leased ? older : kept(scope, older, held),
            },
            broken: verdictOn(scope, { log, fates }, served),
          };
        },
      );
    }),
);

export const failing = rule(["flights", "shard"], fliesAndLoses, (_scope, { flights, shard }) => {
  return atStage(flights, "fetching").map(({ at, flight }) => ({
    label: "the origin fails {edge}: the lease is given back",
    writes: { flights: withFlight(flights, at, null), shard: givingBack(shard, flight) },
  }));
});

export const filling = rule(["flights", "shard"], flies, (_scope, { flights, shard }) =>
  atStage(flights, "filling").map(({ at, flight, stage: { held } }) => {
    const { stored, shard: filled } = fill(shard, { held, holds: flight.holds });
    const after = flight.holds ? { ...filled, granted: null } : filled;
    return {
      label: `L2 ${stored ? "stores" : "refuses"} {edge}'s fill`,
      writes: {
        flights: staged(flights, at, {
          ...flight,
          holds: false,
          stage: { kind: "filled", held, stored },
        }),
        shard: after,
      },
      broken: wentBack(shard, after),
    };
  }),
);

function wentBack(before: Shard, after: Shard): string | null {
  if (before.l2 === null || after.l2 === null) return null;
  return comparePositions(before.l2.answer.asOf, after.l2.answer.asOf) > 0
    ? "12 no going back: what L2 has is as of before what it had"
    : null;
}

export const losingFill = rule(
  ["tiers", "flights", "shard"],
  fliesAndLoses,
  (scope, { tiers, flights, shard }) => {
    return atStage(flights, "filling").map(({ at, flight, stage: { held } }) => ({
      label: "{edge}'s fill is lost: the lease is given back, and memory has it",
      writes: {
        flights: withFlight(flights, at, null),
        tiers: kept(scope, tiers, held),
        shard: givingBack(shard, flight),
      },
    }));
  },
);

/** `storeEverywhere` of `edge/tiers/store-everywhere.ts`, once L2 has answered; then the flight is over. */
export const landing = rule(["tiers", "flights"], flies, (scope, { tiers, flights }) =>
  atStage(flights, "filled").map(({ at, stage: { held, stored } }) => ({
    label: stored ? "{edge} hears that L2 has it, and keeps it in memory" : "{edge} hears that L2 refused it",
    writes: { flights: withFlight(flights, at, null), tiers: stored ? kept(scope, tiers, held) : tiers },
  })),
);

/** What a follower was brought is checked as if it came from a tier: `serveFlown` of `edge/far.ts`. */
export const following = rule(
  ["knowing", "flights", "log", "fates", "shard"],
  ({ followers }) => followers,
  (scope, { knowing: { view }, flights, log, fates, shard }) => {
    const { follower } = flights;
    if (follower === null) return [];
    const without = { ...flights, follower: null };
    const again = {
      label: "a follower at {edge} can't use what its fetch brought",
      writes: { flights: without },
    };
    if (view === null) return [again];
    const { held, shard: after } = checked(scope, { view, log, shard }, follower);
    const as = held === null ? null : servedAs(scope, view, { ...follower, held });
    if (held === null || as === null) return [again];
    const broken = verdictOn(scope, { log, fates }, { ...follower, held, as, from: "to a follower" });
    return [
      {
        label: "{edge} serves a follower what its fetch brought",
        writes: { flights: without, shard: after },
        broken,
      },
    ];
  },
);
