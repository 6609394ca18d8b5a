// What the command line asks of the fuzzer.

import { parseArgs } from "node:util";
import { MUTANTS } from "./mutants.ts";
import { SUBJECTS, type SubjectName } from "./names.ts";

export const USAGE =
  "usage: npx node --import ./scripts/lua-loader.mjs test/fuzz/run.ts [--schedules N] [--fleets N] [--seed S] [--subject NAME] [--mutant NAME]";

export interface Request {
  readonly from: number;
  readonly schedules: number;
  readonly fleets: number;
  readonly subjects: readonly SubjectName[];
  readonly mutant: string | null;
}

/** A complaint where it makes no sense, or would play nothing. */
export function parse(argv: string[]): Request | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        schedules: { type: "string", default: "10000" },
        fleets: { type: "string", default: "0" },
        seed: { type: "string", default: "0" },
        subject: { type: "string" },
        mutant: { type: "string" },
      },
    });
    return read(values);
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

interface Given {
  readonly schedules: string;
  readonly fleets: string;
  readonly seed: string;
  readonly subject?: string;
  readonly mutant?: string;
}

function read(given: Given): Request | string {
  for (const name of ["schedules", "fleets", "seed"] as const)
    if (!/^\d{1,9}$/.test(given[name])) return `--${name} must be a whole number`;
  const { subject, mutant = null } = given;
  const subjects = SUBJECTS.filter((name) => subject === undefined || name === subject);
  if (subjects.length === 0) return `no such subject: ${subject}; there are ${SUBJECTS.join(", ")}`;
  if (mutant !== null && !Object.hasOwn(MUTANTS, mutant))
    return `no such mutant: ${mutant}; there are ${Object.keys(MUTANTS).join(", ")}`;
  if (mutant !== null && !subjects.includes("tidegate")) return `${mutant} is a mutant of tidegate`;
  const [schedules, fleets] = [Number(given.schedules), Number(given.fleets)];
  if (schedules + fleets === 0) return "--schedules or --fleets must be at least 1";
  return { from: Number(given.seed), schedules, fleets, subjects, mutant };
}
