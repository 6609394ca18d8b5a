// What a benchmark's tables are: functions of its result, by the name of their place in the documentation.

import type { Figures } from "../benchmarks.ts";
import type { Result } from "../result.ts";

export type Tables = Readonly<Record<string, (result: unknown) => string>>;

/** A table of results that this benchmark wrote: the file is its own, so its shape is not checked again. */
export const tableOf =
  <F extends Figures>(render: (result: Result<F>) => string) =>
  (result: unknown): string =>
    render(result as Result<F>);
