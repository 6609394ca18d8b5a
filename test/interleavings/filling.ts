// What a reader does with the right to ask the origin: it fetches, fills, or gives the right back.

import { LIMITS } from "../../edge/config.ts";
import { answerKey } from "../../shared/mid-tier/keys.ts";
import type { LeaseMarker } from "../../shared/ports/mid-tier.ts";
import { THERE } from "../support/one-shard.ts";
import { answerId, fillCall, filledKey, releaseCall } from "./exchange.ts";
import { calling, doing, type Landing, type Move } from "./move.ts";
import type { ReaderSpec } from "./scenario.ts";
import type { Reader, ReaderStep, Right, State } from "./state.ts";
import { storedOf } from "./store-judge.ts";
import { breach, judgeFill, released } from "./truth.ts";
import { at, finished, landing, nameOf, type StepOf, type Turn } from "./turn.ts";

export function fetch(turn: Turn, { right }: StepOf<"fetch">): Move {
  const { state } = turn;
  return doing(`${nameOf(turn)} fetches version ${state.truth.version}`, fetched(turn, state, right));
}

/**
 * The origin answers as it is at the instant at which it is asked: the oldest that it may answer. For the same reason it
 * may be asked at the instant at which the lease is granted, in one step (unless steps stand apart): no script looks at
 * what was fetched, and what was fetched later has missed no more invalidations, so whatever holds of this holds of it.
 */
export function fetched(turn: Turn, state: State, right: Right): State {
  const { spec } = turn;
  const { version, purges, newest } = state.truth;
  const answer = { version, purgesBefore: purges.length, newest, grantedAt: right.grantedAt };
  const step: ReaderStep =
    spec.origin === "answers"
      ? { kind: "fill", right, fetched: answer, first: null }
      : { kind: "release", right, marker: MARKERS[spec.origin] };
  return { ...state, readers: state.readers.with(turn.number, { ...readerOf(turn, state), step }) };
}

const readerOf = ({ number, reader }: Turn, state: State): Reader => state.readers[number] ?? reader;

const MARKERS: Record<Exclude<ReaderSpec["origin"], "answers">, LeaseMarker> = {
  "is unshareable": { kind: "uncacheable", for: LIMITS.uncacheableFor },
  fails: { kind: "failing", for: LIMITS.failingFor },
};

export function fill(turn: Turn, step: StepOf<"fill">): Move {
  const { world, state, spec } = turn;
  const { right, fetched, first } = step;
  const call = fillCall(spec, { right, fetched, of: "later" });
  const [key, id] = [filledKey(spec, right), answerId(right)];
  const there = storedOf(world.database.hash(state.content, answerKey(key)));
  return calling(world, state, {
    call,
    happened: ({ outcome, content }) => {
      const { token, leaseKey, asOf } = right;
      const kept = world.database.hash(content, answerKey(key)).get("id") === id;
      const by = { leaseKey, token, asOf, outcome, kept, now: state.now };
      const repeated = there?.copy.id === id;
      const { truth, breaches } = judgeFill(state.truth, { ...by, repeated, there: there?.asOf ?? null });
      const turned = first === "refused" && outcome.kind === "stored";
      const late = turned ? [breach("retries repeat", "stored what was refused before")] : [];
      return { state: { ...state, truth }, breaches: [...breaches, ...late] };
    },
    heard: (after, outcome) => landing(turn, `fills: ${outcome.kind}`, { state: finished(turn, after) }),
    // Production gives the lease back; who would rather fill again does so with the same token.
    unheard: (after, outcome) => {
      const again: ReaderStep = { ...step, first: outcome.kind };
      const back: ReaderStep = { kind: "release", right, marker: null };
      return [again, back].map((next) =>
        landing(turn, `fills: ${outcome.kind}`, { state: at(turn, after, next) }),
      );
    },
  });
}

export function release(turn: Turn, { right, marker }: StepOf<"release">): Move {
  const { world, state } = turn;
  const { token, leaseKey } = right;
  const done = (after: State): Landing =>
    landing(turn, `releases, leaving ${marker?.kind ?? "nothing"}`, { state: finished(turn, after) });
  return calling(world, state, {
    call: releaseCall({ key: leaseKey, token, marker, at: THERE }),
    happened: () => ({
      state: { ...state, truth: released(state.truth, { leaseKey, token, marker, now: state.now }) },
      breaches: [],
    }),
    heard: done,
    unheard: (after) => [done(after)],
  });
}
