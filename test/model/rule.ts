// A rule says what may happen next, and reads no more of a state than it names: the less, the seldomer it has to be asked.

import type { Parts } from "./parts.ts";
import type { Scope } from "./scope.ts";

export type PartName = keyof Parts;

export interface Move {
  readonly label: string;
  readonly writes: Partial<Parts>;
  /** The view's generation has changed: no verdict remembered in memory counts any more. */
  readonly voids?: boolean;
  /** A lease was granted: nobody else holds it any more. */
  readonly disowns?: boolean;
  /** The invariant that this breaks. */
  readonly broken?: string | null;
}

export interface Rule {
  readonly reads: readonly PartName[];
  /** Whether a configuration has to do with it at all. */
  readonly applies: (scope: Scope) => boolean;
  readonly moves: (scope: Scope, parts: Parts) => Move[];
}

export function rule<Name extends PartName>(
  reads: readonly Name[],
  applies: (scope: Scope) => boolean,
  moves: (scope: Scope, parts: Pick<Parts, Name>) => Move[],
): Rule {
  return { reads, applies, moves };
}

export const always = (): boolean => true;
