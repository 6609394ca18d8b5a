// A reader, as an edge asks: a view, then L2 or the lease, the origin, the fill; and which step comes next.

import { ask, check, record, saw } from "./asking.ts";
import { fetch, fill, release } from "./filling.ts";
import { since, snapshot } from "./looking.ts";
import type { Move } from "./move.ts";
import type { State, World } from "./state.ts";
import type { Turn } from "./turn.ts";

export function readerMoves(world: World, state: State, number: number): Move[] {
  const reader = state.readers[number];
  const spec = world.scenario.readers[number];
  if (reader === undefined || spec === undefined) return [];
  const turn: Turn = { world, state, number, spec, reader };
  const { step } = reader;
  switch (step.kind) {
    case "look":
      return [reader.view === null ? snapshot(turn) : since(turn, reader.view)];
    case "snapshot":
      return [snapshot(turn)];
    case "ask":
      return [ask(turn)];
    case "wait":
      // What has not changed would be answered the same, and change nothing.
      return saw(turn, state.content) === step.saw ? [] : [ask(turn)];
    case "check":
      return [check(turn, step.copy)];
    case "record":
      return [record(turn, step)];
    case "fetch":
      return [fetch(turn, step)];
    case "fill":
      return [fill(turn, step)];
    case "release":
      return [release(turn, step)];
    case "done":
      return [];
  }
}
