// Plays schedules on a cache until there are as many as were asked for: `node test/fuzz/run.ts --schedules N [--subject NAME]`.

import { Chance } from "../simulator/chance.ts";
import { mutate } from "../simulator/mutate.ts";
import { MUTANTS } from "./mutants.ts";
import type { SubjectName } from "./names.ts";
import { parse, USAGE } from "./request.ts";
import { play, randomSchedule } from "./schedule.ts";

export interface Fuzzed {
  readonly subject: SubjectName;
  readonly schedules: number;
  readonly reads: number;
  /** Schedules in which a read gave a deleted value, and the first of them. */
  readonly broken: number;
  readonly first: number | null;
}

const STEPS = 14;

export async function fuzz(
  subject: SubjectName,
  { from, to }: { from: number; to: number },
): Promise<Fuzzed> {
  const { subjectNamed } = await import("./subjects.ts");
  let [broken, reads] = [0, 0];
  let first: number | null = null;
  for (let seed = from; seed < to; seed++) {
    const chance = new Chance(`schedule ${seed}`);
    const steps = randomSchedule(() => chance.unit(), STEPS);
    const verdict = await play(subjectNamed(subject, seed), steps);
    reads += verdict.reads;
    if (verdict.stale === 0) continue;
    broken += 1;
    first ??= seed;
  }
  return { subject, schedules: to - from, reads, broken, first };
}

export const describe = ({ subject, schedules, reads, broken, first }: Fuzzed): string =>
  `${subject.padEnd(20)} ${schedules} schedules, ${reads} reads: ${broken} gave a deleted value${first === null ? "" : ` (first: ${first})`}`;

/** Whether any read of a fleet of programs, or any call's end, breaks what it was promised. */
export async function fuzzFleets({ from, to }: { from: number; to: number }): Promise<Fuzzed> {
  const { playFleet } = await import("./fleet.ts");
  let [broken, reads] = [0, 0];
  let first: number | null = null;
  for (let seed = from; seed < to; seed++) {
    const verdict = await playFleet(new Chance(`fleet ${seed}`), seed);
    reads += verdict.reads;
    if (verdict.faults.length === 0) continue;
    broken += 1;
    if (first === null) console.log(verdict.faults.slice(0, 3).join("\n"));
    first ??= seed;
  }
  return { subject: "tidegate", schedules: to - from, reads, broken, first };
}

/** Ends with 1 where this library broke a promise; of a mutant, where it did not; with 2 where a flag is wrong. */
async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`fuzz: ${request}; ${USAGE}`);
    return 2;
  }
  const { from, schedules, fleets, subjects, mutant } = request;
  if (mutant !== null) mutate(mutant, MUTANTS);
  let ours = 0;
  if (schedules > 0)
    for (const name of subjects) {
      const fuzzed = await fuzz(name, { from, to: from + schedules });
      console.log(describe(fuzzed));
      if (name === "tidegate") ours += fuzzed.broken;
    }
  if (fleets > 0) {
    const fuzzed = await fuzzFleets({ from, to: from + fleets });
    console.log(`fleets: ${describe(fuzzed)}`);
    ours += fuzzed.broken;
  }
  return ours > 0 === (mutant === null) ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
