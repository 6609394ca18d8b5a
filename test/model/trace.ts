// A counterexample in words: the steps from the beginning to the state that breaks an invariant.

import type { Scope } from "./scope.ts";
import { type Labelled, type Steps, WIDTH } from "./steps.ts";
import type { TupleSet } from "./tuples.ts";

export interface Counterexample {
  readonly invariant: string;
  readonly steps: readonly string[];
}

export interface Found {
  readonly at: number;
  readonly invariant: string;
  /** The step that broke it, where the state alone doesn't. */
  readonly last: Labelled | null;
}

interface Explored {
  readonly found: Found;
  readonly states: TupleSet;
  readonly parents: Int32Array;
  readonly steps: Steps;
}

export function traceOf(scope: Scope, explored: Explored): Counterexample {
  const { found, parents } = explored;
  const path: number[] = [];
  for (let at = found.at; at >= 0; at = parents[at] ?? -1) path.unshift(at);
  const lines: string[] = [];
  let names = scope.edges === 1 ? ["the edge"] : ["edge A", "edge B"];
  for (let i = 1; i < path.length; i++) {
    const step = stepBetween(explored, path[i - 1] ?? 0, path[i] ?? 0);
    lines.push(worded(step, names));
    if (step.swapped) names = names.toReversed();
  }
  if (found.last !== null) lines.push(worded(found.last, names));
  return { invariant: found.invariant, steps: lines };
}

const worded = ({ label, edge }: Labelled, names: readonly string[]): string =>
  label.replaceAll("{edge}", names[edge] ?? "");

function stepBetween({ states, steps }: Explored, from: number, to: number): Labelled & { swapped: boolean } {
  const [now, target] = [new Int32Array(WIDTH), new Int32Array(WIDTH)];
  states.read(from, now);
  states.read(to, target);
  let found: (Labelled & { swapped: boolean }) | null = null;
  steps.eachLabelled(now, (step) => {
    const swapped = steps.normalise();
    if (steps.next.every((id, i) => id === target[i])) found ??= { ...step, swapped };
  });
  if (found === null) throw new Error("no step leads there");
  return found;
}
