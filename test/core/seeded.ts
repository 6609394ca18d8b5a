// Property runs that are the same every time: a fixed seed, and so many cases.

import { assert, type IProperty } from "fast-check";

export const assertSeeded = <Ts>(property: IProperty<Ts>, numRuns: number): void =>
  assert(property, { numRuns, seed: 1 });
