// The whole of one configuration: where it begins, every rule, and what time does.

import type { Position } from "../../shared/core/position.ts";
import type { Selector } from "../../shared/core/units.ts";
import { asking } from "./asking-peers.ts";
import { beginningOf, KEY, type Mode, modeOf, OTHER } from "./entries.ts";
import { answering, failing, filling, following, landing, losingFill } from "./fetching.ts";
import { answeringCheck, hitting, sendingCheck, servingBlob, takingCheck } from "./near.ts";
import type {
  Age,
  Answer,
  Flights,
  HeldEntry,
  Knowing,
  Lease,
  Log,
  Parts,
  Shard,
  Tiers,
  View,
} from "./parts.ts";
import { EMPTY_LOG } from "./parts.ts";
import { placeOf, pullAtOnce, pulling, pushing } from "./pulling.ts";
import { append } from "./redis-log.ts";
import { failingRedis, replicating } from "./replicas.ts";
import { always, type Move, type Rule, rule } from "./rule.ts";
import { capOf, type Scope } from "./scope.ts";
import { boarding, losingL2, readingL2, weighing } from "./searching.ts";

export const FIRST_EPOCH = 10;
const START = { epoch: FIRST_EPOCH, seq: 0 };
const FIRST: Answer = { asOf: START, asked: 0, generated: 0 };

const KNOWS_NOTHING: Knowing = {
  view: null,
  highestEpoch: 0,
  unproven: null,
  pulls: [],
  question: null,
  stood: null,
};
const HOLDS_NOTHING: Tiers = { memory: null, blob: null, noted: null, check: null };
const FETCHES_NOTHING: Flights = { flights: [], follower: null };

/** Every edge is warm: it knows the log as it begins; tiers may hold an answer from before all purges. */
export function beginning(scope: Scope): Parts {
  const log: Log = {
    ...EMPTY_LOG,
    chain: beginningOf(FIRST_EPOCH),
    lastEpoch: FIRST_EPOCH,
    begunFor: capOf(scope),
  };
  const held = { answer: FIRST, verifiedTo: START };
  return {
    knowing: pullAtOnce(scope, { knowing: KNOWS_NOTHING, log }).knowing,
    tiers: {
      ...HOLDS_NOTHING,
      memory: scope.memory && scope.filled ? { ...held, sentFor: null, vouched: false } : null,
      blob: scope.blob && scope.filled ? FIRST : null,
    },
    flights: FETCHES_NOTHING,
    log,
    fates: [],
    shard: { l2: scope.filled ? held : null, lease: null, granted: null },
  };
}

const crashing = rule(
  ["tiers", "log"],
  ({ crashes }) => crashes > 0,
  (scope, { tiers, log }) => {
    if (log.crashes >= scope.crashes) return [];
    const crashed = (survives: string, noted: Position | null): Move => ({
      label: `{edge} crashes; its Cache API survives${survives}`,
      writes: {
        knowing: KNOWS_NOTHING,
        tiers: { ...HOLDS_NOTHING, blob: tiers.blob, noted },
        flights: FETCHES_NOTHING,
        log: { ...log, crashes: log.crashes + 1 },
      },
    });
    const { noted } = tiers;
    return noted === null
      ? [crashed("", null)]
      : [crashed(", and what checks found of it", noted), crashed("", null)];
  },
);

/** What an edge can do, or have done to it. */
export const EDGE_RULES: readonly Rule[] = [
  pulling,
  pushing,
  asking,
  hitting,
  servingBlob,
  sendingCheck,
  answeringCheck,
  takingCheck,
  boarding,
  readingL2,
  losingL2,
  weighing,
  answering,
  failing,
  filling,
  losingFill,
  landing,
  following,
  crashing,
];

/**
 * Accepted, appended, acknowledged: each a step of its own, or all at once. The later a purge is acknowledged, the less
 * is asked for it, and nothing else depends on it: so a configuration that takes them together asks for more.
 */
const purging = rule(["log", "fates"], always, (scope, { log, fates }) => {
  if (scope.purgesAtOnce) return purgedAtOnce(scope, { log, fates });
  return [...accepted(scope, { log, fates }), ...appended({ log, fates }), ...acknowledged({ log, fates })];
});

function purgedAtOnce({ replicas, ...scope }: Scope, { log, fates }: Told): Move[] {
  if (log.purges.length >= scope.purges) return [];
  return kinds(scope).map(({ mode, selector }) => {
    const after = append(log, { mode, selector, replicas });
    const fate = { acknowledgedFor: selector === KEY && !replicas ? 0 : null, lost: false };
    const label = `a ${mode} purge${selector === KEY ? "" : " of something else"} is appended as ${placeOf(after.chain)}${replicas ? "" : ", and acknowledged"}`;
    return { label, writes: { log: after, fates: [...fates, fate] } };
  });
}

/** Of something else the mode is no matter. */
const kinds = ({
  modes,
  others,
}: Pick<Scope, "modes" | "others">): { readonly mode: Mode; readonly selector: Selector }[] => [
  ...modes.map((mode) => ({ mode, selector: KEY })),
  ...(others ? [{ mode: "hard", selector: OTHER } as const] : []),
];

type Told = Pick<Parts, "log" | "fates">;

function accepted(scope: Scope, { log, fates }: Told): Move[] {
  if (log.accepted !== null || log.purges.length >= scope.purges) return [];
  return kinds(scope).map(({ mode, selector }) => ({
    label: `a ${mode} purge${selector === KEY ? "" : " of something else"} is accepted`,
    writes: {
      log: { ...log, accepted: { mode, selector } },
      fates: [...fates, { acknowledgedFor: null, lost: false }],
    },
  }));
}

function appended({ log }: Told): Move[] {
  if (log.accepted === null) return [];
  const after = append({ ...log, accepted: null }, { ...log.accepted, replicas: false });
  return [{ label: `the purge is appended as ${placeOf(after.chain)}`, writes: { log: after } }];
}

function acknowledged({ log, fates }: Told): Move[] {
  return log.purges.flatMap((purge, at) => {
    const fate = fates[at];
    // Whatever cannot hit the key is waited for by nobody here.
    if (fate === undefined || fate.acknowledgedFor !== null || fate.lost || modeOf(purge, KEY) === null)
      return [];
    const label = `the purge ${placeOf(purge)} is acknowledged`;
    return [{ label, writes: { fates: fates.with(at, { ...fate, acknowledgedFor: 0 }) } }];
  });
}

export const SHARED_RULES: readonly Rule[] = [purging, replicating, failingRedis];

/** What a tick makes of each part. Whoever has been under way for as long as a request may be is gone. */
export const LATER: { readonly [Name in keyof Parts]: (scope: Scope, part: Parts[Name]) => Parts[Name] } = {
  knowing: (scope, knowing) => ({
    ...knowing,
    view: knowing.view === null ? null : laterView(scope, knowing.view),
    pulls: knowing.pulls.map((pull) => ({ ...pull, sentFor: older(scope, pull.sentFor) })),
    question: knowing.question === null ? null : sent(scope, knowing.question),
  }),
  tiers: (scope, tiers) => ({
    ...tiers,
    memory: tiers.memory === null ? null : sent(scope, tiers.memory),
    check: underWay(scope, tiers.check),
  }),
  flights: laterFlights,
  log: (scope, log) => ({ ...log, begunFor: older(scope, log.begunFor) }),
  fates: (scope, fates) =>
    fates.map((fate) =>
      fate.acknowledgedFor === null ? fate : { ...fate, acknowledgedFor: older(scope, fate.acknowledgedFor) },
    ),
  shard: laterShard,
};

const older = (scope: Scope, age: Age): Age => Math.min(capOf(scope), age + 1);

const sent = <T extends { readonly sentFor: Age | null }>(scope: Scope, one: T): T =>
  one.sentFor === null ? one : { ...one, sentFor: older(scope, one.sentFor) };

const underWay = <T extends { readonly arrivedFor: Age }>(scope: Scope, one: T | null): T | null =>
  one === null || one.arrivedFor >= scope.delay ? null : { ...one, arrivedFor: one.arrivedFor + 1 };

function laterView(scope: Scope, view: View): View {
  const held = (entries: readonly HeldEntry[]): readonly HeldEntry[] =>
    scope.gossip ? entries.map(([chain, heldFor]) => [chain, older(scope, heldFor)]) : entries;
  return {
    ...view,
    knownFor: older(scope, view.knownFor),
    ahead: held(view.ahead),
    recent: held(view.recent),
  };
}

function laterFlights(scope: Scope, { flights, follower }: Flights): Flights {
  const followed = underWay(scope, follower);
  return {
    flights: flights.flatMap((flight) => {
      const { stage, arrivedFor } = flight;
      const waits = stage.kind === "asking" || stage.kind === "told";
      if (waits && arrivedFor >= scope.delay) return [];
      const aged =
        stage.kind === "fetching"
          ? sent(scope, stage)
          : waits
            ? stage
            : { ...stage, held: sent(scope, stage.held) };
      return [
        {
          ...flight,
          arrivedFor: Math.min(scope.delay, arrivedFor + 1),
          follower: underWay(scope, flight.follower),
          stage: aged,
        },
      ];
    }),
    follower: followed === null ? null : { ...followed, held: sent(scope, followed.held) },
  };
}

function laterShard(scope: Scope, shard: Shard): Shard {
  const held = (lease: Lease | null): Lease | null =>
    lease === null || lease.heldFor >= scope.leaseFor ? null : { ...lease, heldFor: lease.heldFor + 1 };
  return { ...shard, lease: held(shard.lease), granted: held(shard.granted) };
}
