// Bodies that hold one row, or several under a name, and the pointer to each.

import { invalidBody } from "./problem.ts";

export interface Several {
  readonly values: readonly unknown[];
  readonly at: (index: number) => string;
}

export function severalOf(given: Readonly<Record<string, unknown>>, name: string): Several {
  if (!(name in given)) return { values: [given], at: () => "" };
  const list = given[name];
  if (!Array.isArray(list) || Object.keys(given).length > 1)
    throw invalidBody([{ pointer: `/${name}`, message: "must be a list, and all that there is" }]);
  return { values: list as readonly unknown[], at: (index) => `/${name}/${index}` };
}
