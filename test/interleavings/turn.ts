// One reader's turn: where it stands, and where a step leaves it.

import { RESOURCE } from "./exchange.ts";
import type { Landing } from "./move.ts";
import type { ReaderSpec } from "./scenario.ts";
import type { Reader, ReaderStep, State, World } from "./state.ts";
import { type Breach, breach } from "./truth.ts";
import type { View } from "./views.ts";

/** One reader in one state. */
export interface Turn {
  readonly world: World;
  readonly state: State;
  readonly number: number;
  readonly spec: ReaderSpec;
  readonly reader: Reader;
}

export type StepOf<Kind extends ReaderStep["kind"]> = Extract<ReaderStep, { kind: Kind }>;

export const nameOf = ({ number }: Turn): string => `reader ${number + 1}`;

export function moved({ number, reader }: Turn, state: State, changes: Partial<Reader>): State {
  return { ...state, readers: state.readers.with(number, { ...reader, ...changes }) };
}

/** It has its answer: what it held is of no use any more. */
export function finished(turn: Turn, state: State, view: View | null = turn.reader.view): State {
  const readsLeft = turn.reader.readsLeft - 1;
  const again = readsLeft > 0;
  return moved(turn, state, {
    step: { kind: again ? "look" : "done" },
    view: again ? view : null,
    key: RESOURCE,
    not: null,
    stale: null,
    token: null,
    readsLeft,
  });
}

export function landing(
  turn: Turn,
  said: string,
  to: { state: State; breaches?: readonly Breach[] },
): Landing {
  return { label: `${nameOf(turn)} ${said}`, state: to.state, breaches: to.breaches ?? [] };
}

export const at = (turn: Turn, state: State, step: ReaderStep): State => moved(turn, state, { step });

export function failed(turn: Turn, after: State, reason: string): Landing {
  const breaches = [breach("replies make sense", reason)];
  return landing(turn, `is told "${reason}"`, { state: finished(turn, after), breaches });
}
