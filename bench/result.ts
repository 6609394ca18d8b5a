// The one shape of all results: what was found, when, where and by which command.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Figures } from "./benchmarks.ts";
import type { Machine } from "./machine.ts";

export type Result<F extends Figures = Figures> = F & {
  readonly at: string;
  readonly machine: Machine;
  /** What gives these figures again. */
  readonly command: string;
  readonly rounds: number;
};

export const resultOf = <F extends Figures>(
  figures: F,
  ran: { readonly at: string; readonly machine: Machine; readonly command: string },
): Result<F> => ({ ...figures, ...ran, rounds: figures.rounds ?? 1 });

const commandOf = (args: readonly string[]): string =>
  `npm run bench -- ${args.map((arg) => (/^[\w./=-]+$/.test(arg) ? arg : JSON.stringify(arg))).join(" ")}`.trim();

/** The command of one benchmark alone, less what says where its figures go. */
export function commandFor(name: string, options: { readonly quick: boolean; readonly l2: boolean }): string {
  return commandOf(["--only", name, ...(options.l2 ? ["--l2"] : []), ...(options.quick ? ["--quick"] : [])]);
}

/** Where the documentation's tables of that name come from. */
export const resultPath = (name: string): string => `bench/results/${name}.json`;

export function save(result: Result): string {
  const path = resultPath(result.name);
  writeFileSync(
    fileURLToPath(new URL(`../${path}`, import.meta.url)),
    `${JSON.stringify(result, null, 2)}\n`,
  );
  return path;
}

/** Of what was asked for by flags of its own: as it was given, less where its figures go. */
export function commandGiven(args: readonly string[]): string {
  const told = args.filter((arg, at) => !/^--(save|json)$|^--json=/.test(arg) && args[at - 1] !== "--json");
  return commandOf(told);
}
