// A writer: it changes what the origin answers, then appends the invalidation, and has done so when the log says so.

import { comparePositions } from "../../shared/core/position.ts";
import type { AppendOutcome } from "../../shared/ports/mid-tier.ts";
import { appendCall } from "./exchange.ts";
import { calling, doing, type Move } from "./move.ts";
import type { WriterSpec } from "./scenario.ts";
import type { State, World, Writer } from "./state.ts";
import { breach, type Judged, type Truth } from "./truth.ts";

export function writerMoves(world: World, state: State, number: number): Move[] {
  const writer = state.writers[number];
  const spec = world.scenario.writers[number];
  if (writer === undefined || spec === undefined) return [];
  const to = (from: State, next: Writer): State => ({ ...from, writers: from.writers.with(number, next) });
  const name = `writer ${number + 1}`;
  switch (writer.step) {
    case "write": {
      const written = withVersion(state);
      const label = `${name} makes version ${written.truth.version}`;
      return [doing(label, to(written, { step: "append", operation: null }))];
    }
    case "append": {
      // Unless steps stand apart, a write is taken together with its append: no property asks for a version, only for
      // whether an answer was asked for before the append, so that the write can be moved past everybody else's steps.
      const written = world.scenario.apart ? state : withVersion(state);
      const made = world.scenario.apart ? "" : ` makes version ${written.truth.version} and`;
      const operation = `operation-${state.truth.purges.length + 1}`;
      const label = `${name}${made} appends (${spec.mode})`;
      return [append(world, written, { spec, operation, label, to })];
    }
    case "again": {
      const operation = writer.operation ?? "";
      return [append(world, state, { spec, operation, label: `${name} appends again`, to })];
    }
    case "done":
      return [];
  }
}

const withVersion = (state: State): State => ({
  ...state,
  truth: { ...state.truth, version: state.truth.version + 1 },
});

function append(
  world: World,
  state: State,
  given: {
    spec: WriterSpec;
    operation: string;
    label: string;
    to: (from: State, next: Writer) => State;
  },
): Move {
  const { spec, operation, label, to } = given;
  return calling(world, state, {
    call: appendCall(spec, operation),
    happened: ({ outcome }) => {
      const { truth, breaches } = judgeAppend(state, { spec, operation, outcome });
      return { state: { ...state, truth }, breaches };
    },
    heard: (after) => ({ label, state: to(after, { step: "done", operation: null }), breaches: [] }),
    unheard: (after) => [{ label, state: to(after, { step: "again", operation }), breaches: [] }],
  });
}

function judgeAppend(
  { truth, now }: State,
  given: { spec: WriterSpec; operation: string; outcome: AppendOutcome },
): Judged {
  const { spec, operation, outcome } = given;
  if (outcome.kind !== "appended")
    return { truth, breaches: [breach("replies make sense", `an append ends ${outcome.kind}`)] };
  const { position } = outcome;
  const before = truth.purges.find((purge) => purge.operation === operation && !purge.forgotten);
  if (before !== undefined) {
    const same = comparePositions(before.position, position) === 0;
    return { truth, breaches: same ? [] : [breach("retries repeat", `${operation} appended twice`)] };
  }
  const purge = { operation, position, mode: spec.mode, selector: spec.selector, at: now, forgotten: false };
  const next: Truth = { ...truth, purges: [...truth.purges, purge] };
  return { truth: next, breaches: [] };
}
