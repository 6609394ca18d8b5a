// Plays schedules on a cache until there are as many as were asked for: `node test/fuzz/run.ts --schedules N [--subject NAME]`.

import { parseArgs } from "node:util";
import { Chance } from "../simulator/chance.ts";
import { mutate } from "../simulator/mutate.ts";
import { MUTANTS } from "./mutants.ts";
import { play, randomSchedule } from "./schedule.ts";
import type { SubjectName } from "./subjects.ts";

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

/** Ends with 1 where this library broke a promise; of a mutant, where it did not. */
async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      schedules: { type: "string", default: "10000" },
      fleets: { type: "string", default: "0" },
      subject: { type: "string" },
      seed: { type: "string", default: "0" },
      mutant: { type: "string" },
    },
  });
  if (values.mutant !== undefined) mutate(values.mutant, MUTANTS);
  // Loaded only now: what is broken has to be broken before.
  const { SUBJECTS } = await import("./subjects.ts");
  const from = Number(values.seed);
  let ours = 0;
  for (const name of SUBJECTS) {
    if (values.subject !== undefined && name !== values.subject) continue;
    const fuzzed = await fuzz(name, { from, to: from + Number(values.schedules) });
    console.log(describe(fuzzed));
    if (name === "tidegate") ours += fuzzed.broken;
  }
  const fleets = await fuzzFleets({ from, to: from + Number(values.fleets) });
  if (fleets.schedules > 0) console.log(`fleets: ${describe(fleets)}`);
  ours += fleets.broken;
  return ours > 0 === (values.mutant === undefined) ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.slice(2));
