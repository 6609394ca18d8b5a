// How a fetch looks for an answer or the right to ask for one: `edge/flight.ts` and `edge/lease.ts`, step by step.

import { mayJoin } from "../../edge/coalesce.ts";
import { admission, neededBy } from "../../shared/core/admission.ts";
import { coherenceOf, highestLearnt, newestOf } from "../../shared/core/log-view.ts";
import { comparePositions, type Position } from "../../shared/core/position.ts";
import { millis } from "../../shared/core/units.ts";
import { KEY } from "./entries.ts";
import {
  type At,
  atStage,
  broughtNear,
  checked,
  disowned,
  flies,
  fliesAndLoses,
  givingBack,
  handedOver,
  staged,
  withFlight,
} from "./flights.ts";
import { arriving, judged, servedAs, verdictOn } from "./judging.ts";
import { NOW, thawed } from "./knowing.ts";
import { nearby } from "./near.ts";
import type { Flight, Flights, Held, Log, Parts, Search, Shard, Stage, View, Waiting } from "./parts.ts";
import { type Move, rule } from "./rule.ts";
import { type Scope, windowOf } from "./scope.ts";
import { readOrLease } from "./shard.ts";

/** A request arrives that nothing near serves: `board` of `edge/flight.ts`. */
export const boarding = rule(
  ["knowing", "tiers", "flights", "log"],
  flies,
  (scope, { knowing: { view }, tiers, flights, log }) => {
    if (view === null || (scope.calm && view.knownFor > scope.window)) return [];
    const admittedBy = admission(thawed(view), windowOf(scope), NOW)?.position ?? null;
    const request: Waiting = { ...arriving(view, log), admittedBy };
    const at = flights.flights.findIndex(({ listed }) => listed);
    const underWay = flights.flights[at];
    const settled = underWay === undefined ? null : broughtBy(underWay);
    const { serves: served, candidate } = nearby(scope, view, tiers);
    if (served && settled === null) return [];
    if (underWay !== undefined && joins(underWay, view)) {
      if (!scope.followers || hasFollower(flights)) return [];
      const joined =
        settled === null
          ? withFlight(flights, at, { ...underWay, follower: request })
          : { ...flights, follower: { ...request, held: settled } };
      return [{ label: "a request joins {edge}'s fetch", writes: { flights: joined } }];
    }
    if (flights.flights.length >= scope.flights) return [];
    const flight: Flight = {
      ...request,
      asOf: highestLearnt(thawed(view)),
      listed: true,
      holds: false,
      follower: null,
      stage: { kind: "asking", search: search(view, admittedBy, { candidate, not: null }) },
    };
    const all = [...flights.flights.map((other) => ({ ...other, listed: false })), flight];
    return [{ label: "a request makes {edge} ask L2", writes: { flights: { ...flights, flights: all } } }];
  },
);

const hasFollower = ({ flights, follower }: Flights): boolean =>
  follower !== null || flights.some((flight) => flight.follower !== null);

/** Once an answer is there, joining is hitting. */
const broughtBy = ({ stage }: Flight): Held | null =>
  stage.kind === "filling" || stage.kind === "filled" ? stage.held : null;

/** Of a flight the rule reads nothing but its as-of. */
const joins = ({ asOf }: Flight, view: View): boolean =>
  mayJoin({ asOf }, thawed(view), { selectors: [KEY], modes: "hard" });

/** As-of and need as they are when L2 is asked (`acquire` of `edge/lease.ts`). */
function search(
  view: View,
  admittedBy: Position | null,
  { candidate, not }: Pick<Search, "candidate" | "not">,
): Search {
  const learnt = thawed(view);
  const owed = admittedBy === null ? null : { position: admittedBy, knownAge: millis(0) };
  const need = neededBy(owed, newestOf(learnt, [KEY], "hard"));
  return { asOf: highestLearnt(learnt), need, candidate, not };
}

export const readingL2 = rule(["flights", "shard"], flies, (scope, { flights, shard }) =>
  atStage(flights, "asking").map(({ at, flight, stage: { search: sought } }) => {
    const { reply, shard: read } = readOrLease(shard, sought);
    const leased = reply.kind === "leased";
    const after = leased ? { ...read, granted: read.lease } : read;
    const others = leased ? disowned(flights) : flights;
    const told: Flight = { ...flight, holds: leased, stage: { kind: "told", search: sought, reply } };
    return {
      label: `L2 answers {edge}: ${reply.kind}`,
      writes: { flights: withFlight(others, at, told), shard: after },
      disowns: leased,
      broken: leased && scope.calm ? fetchedTwice(shard, sought) : null,
    };
  }),
);

/** Invariant 4: one fetch a lease interval and invalidation, as long as nothing fails. */
function fetchedTwice({ granted, l2 }: Shard, { need }: Search): string | null {
  if (granted !== null && comparePositions(granted.asOf, need) >= 0)
    return "4 one fetch: a second lease is granted while the first one is held";
  return l2 !== null && comparePositions(l2.answer.asOf, need) >= 0
    ? "4 one fetch: a lease is granted for what L2 has"
    : null;
}

/** `giveBackInDoubt` of `edge/lease.ts`: what was granted and not heard of is given back, unless that is lost too. */
export const losingL2 = rule(
  ["knowing", "flights", "log", "shard"],
  fliesAndLoses,
  (_scope, { knowing: { view }, flights, log, shard }) =>
    [...atStage(flights, "asking"), ...atStage(flights, "told")].flatMap(({ at, flight, stage }) => {
      const alone = fetching(view, log, { search: stage.search, leased: false });
      const asks = staged(flights, at, { ...flight, holds: false, stage: alone });
      const what = stage.kind === "asking" ? "{edge}'s question to L2" : "L2's answer to {edge}";
      const lost = {
        label: `${what} is lost: the origin is asked without a lease`,
        writes: { flights: asks },
      };
      if (!flight.holds) return [lost];
      const givenBack = { flights: asks, shard: givingBack(shard, flight) };
      return [lost, { label: `${what} is lost: the lease is given back unheard`, writes: givenBack }];
    }),
);

/** What the search makes of L2's answer: `weigh` of `edge/lease.ts`. */
export const weighing = rule(
  ["knowing", "tiers", "flights", "log", "fates", "shard"],
  flies,
  (scope, parts) => atStage(parts.flights, "told").map((told) => weighed(scope, parts, told)),
);

function weighed(scope: Scope, parts: Parts, told: At<"told">): Move {
  const {
    knowing: { view },
    flights,
    log,
  } = parts;
  const {
    at,
    flight,
    stage: { search: sought, reply },
  } = told;
  if (view === null)
    return {
      label: "{edge} gives its fetch up: it knows nothing",
      writes: { flights: withFlight(flights, at, null) },
    };
  switch (reply.kind) {
    case "taken": {
      const again: Stage = { kind: "asking", search: search(view, flight.admittedBy, sought) };
      return {
        label: "{edge} waits for the lease, and asks L2 again",
        writes: { flights: staged(flights, at, { ...flight, stage: again }) },
      };
    }
    case "leased": {
      const stage = fetching(view, log, { search: sought, leased: true });
      return {
        label: "{edge} has the lease: it asks the origin",
        writes: { flights: staged(flights, at, { ...flight, stage }) },
      };
    }
    case "hit":
      return weighedHit(scope, { ...parts, view }, { ...told, found: { ...reply.found, sentFor: null } });
  }
}

/** `right` of `edge/lease.ts`, and the origin request that follows at once. */
function fetching(
  view: View | null,
  { purges }: Log,
  { search: { asOf, candidate }, leased }: { search: Search; leased: boolean },
): Stage {
  const validator = candidate !== null && mayValidate(view, candidate) ? candidate.answer : null;
  return { kind: "fetching", asOf, leased, sentFor: 0, validator, asked: purges.length };
}

/** `mayValidate` of `edge/lease.ts`. */
function mayValidate(view: View | null, { verifiedTo }: Held): boolean {
  if (view === null) return false;
  const learnt = thawed(view);
  if (highestLearnt(learnt).seq > learnt.cursor) return false;
  const coherence = coherenceOf(learnt, verifiedTo, [KEY]).kind;
  return coherence === "current" || coherence === "soft";
}

/** `weighAnswer` of `edge/lease.ts`. */
function weighedHit(scope: Scope, parts: Parts & { view: View }, told: At<"told"> & { found: Held }): Move {
  const { view, flights, tiers, log, fates } = parts;
  const { at, flight, stage, found } = told;
  const { arrivedFor, included, admittedBy } = flight;
  const { held, shard } = checked(scope, parts, { held: found, arrivedFor, admittedBy });
  const as = held === null ? null : servedAs(scope, view, { held, arrivedFor, admittedBy });
  if (held !== null && as !== null) {
    const broken = verdictOn(scope, { log, fates }, { held, as, arrivedFor, included, from: "from L2" });
    const over = withFlight(handedOver(flights, at, held), at, null);
    return {
      label: "{edge} serves what L2 has",
      writes: {
        flights: over,
        tiers: broughtNear(scope, tiers, { view, of: { held, arrivedFor, admittedBy } }),
        shard,
      },
      broken,
    };
  }
  const revalidates = held !== null && judged(scope, view, { held, arrivedFor }).step.kind === "revalidate";
  const candidate = revalidates ? held : stage.search.candidate;
  const again: Stage = { kind: "asking", search: search(view, admittedBy, { candidate, not: found.answer }) };
  return {
    label: "{edge} can't use what L2 has: it asks for the lease",
    writes: { flights: staged(flights, at, { ...flight, stage: again }), shard },
  };
}
