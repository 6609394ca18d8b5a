// What the command line tells of a seed that failed: what broke, what it takes to break it, and how to see it again.

import { describe } from "./plan/faults.ts";
import { faultOf, formatFaults, formatWork } from "./plan/reduction.ts";
import { shrink } from "./shrink.ts";
import { type Simulated, seededPlan } from "./simulate.ts";

/** Shown of one seed. */
const MOST_VIOLATIONS = 5;

export function tellViolations({ seed, violations }: Simulated): void {
  for (const { invariant, at, text } of violations.slice(0, MOST_VIOLATIONS))
    console.log(`seed ${seed}: broken: invariant ${invariant}, at ${at}: ${text}`);
}

/** The shrunk failure: its trace up to where it breaks, its faults, and the command that plays it. */
export async function tellShrunk(failing: Simulated, mutant: string | null): Promise<void> {
  const { reduction, result, broken, runs } = await shrink(failing);
  const plan = seededPlan(failing.seed);
  const upTo = (line: string): boolean => Number(line.split(" ", 1)[0]) <= broken.at;
  console.log(result.trace.filter(upTo).join("\n"));
  console.log(`broken: invariant ${broken.invariant}, at ${broken.at}: ${broken.text}`);
  const { faults, work } = reduction;
  console.log(
    `shrunk in ${runs} runs to ${faults.length} of ${plan.faults.length} faults, ${work.length} of ${plan.work.length} events`,
  );
  for (const kept of faults) {
    const fault = faultOf(plan, kept);
    if (fault !== null) console.log(`  ${describe(fault)}`);
  }
  const flags = `--faults ${formatFaults(faults)} --work ${formatWork(work)}`;
  const broke = mutant === null ? "" : ` --mutant ${mutant}`;
  console.log(`shrunk, again: npm run sim -- --seed ${failing.seed}${broke} ${flags}`);
}
