// What the command line asks of the simulator.

import { parseFlags } from "../../dev/flags.ts";
import { MUTANTS } from "./mutants.ts";
import { type KeptFault, parseFaults, parseWork } from "./plan/reduction.ts";

export const USAGE =
  "usage: npm run sim -- [--seeds N] [--seed S] [--mutant NAME] [--trace] [--faults LIST] [--work LIST]";

export interface Request {
  readonly first: number;
  readonly count: number;
  readonly mutant: string | null;
  readonly trace: boolean;
  /** Of one seed: only these; null = all. */
  readonly faults: readonly KeptFault[] | null;
  readonly work: readonly number[] | null;
}

/** A complaint where it makes no sense. */
export function parse(argv: string[]): Request | string {
  try {
    const values = parseFlags(argv, {
      seeds: { type: "string" },
      seed: { type: "string" },
      mutant: { type: "string" },
      trace: { type: "boolean" },
      faults: { type: "string" },
      work: { type: "string" },
    });
    return read(values);
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

interface Given {
  readonly seeds?: string;
  readonly seed?: string;
  readonly mutant?: string;
  readonly trace?: boolean;
  readonly faults?: string;
  readonly work?: string;
}

function read(given: Given): Request | string {
  for (const name of ["seeds", "seed"] as const)
    if (given[name] !== undefined && !/^\d{1,9}$/.test(given[name]))
      return `--${name} must be a whole number`;
  const count = Number(given.seeds ?? (given.seed === undefined ? 100 : 1));
  if (count === 0) return "--seeds must be at least 1";
  if (given.mutant !== undefined && !(given.mutant in MUTANTS))
    return `no such mutant: ${given.mutant}; there are ${Object.keys(MUTANTS).join(", ")}`;
  const faults = given.faults === undefined ? null : parseFaults(given.faults);
  const work = given.work === undefined ? null : parseWork(given.work);
  if (given.faults !== undefined && faults === null) return "--faults must be a list such as 3,17/250";
  if (given.work !== undefined && work === null) return "--work must be a list such as 1-40,77";
  if ((faults !== null || work !== null) && count !== 1) return "--faults and --work are of one seed";
  const { mutant = null, trace = false } = given;
  return { first: Number(given.seed ?? 1), count, mutant, trace, faults, work };
}
