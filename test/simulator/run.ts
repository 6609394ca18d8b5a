// The simulator's command line (npm run sim): so many seeds, all of which must pass, or a mutant that must be caught.

import { parseArgs } from "node:util";
import { MUTANTS } from "./mutants.ts";
import { mutate } from "./mutate.ts";

const usage = "usage: npm run sim -- [--seeds N] [--seed S] [--mutant NAME] [--trace]";

interface Request {
  readonly first: number;
  readonly count: number;
  readonly mutant: string | null;
  readonly trace: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") {
    console.error(`sim: ${request}; ${usage}`);
    return 2;
  }
  if (request.mutant !== null) mutate(request.mutant);
  // Loaded only now, so that a mutant's text is what gets loaded.
  const { simulate } = await import("./simulate.ts");
  return request.mutant === null ? runSeeds(request, simulate) : hunt(request, simulate);
}

function parse(argv: string[]): Request | string {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        seeds: { type: "string" },
        seed: { type: "string" },
        mutant: { type: "string" },
        trace: { type: "boolean" },
      },
    });
    for (const name of ["seeds", "seed"] as const)
      if (values[name] !== undefined && !/^\d{1,9}$/.test(values[name]))
        return `--${name} must be a whole number`;
    const count = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
    if (count === 0) return "--seeds must be at least 1";
    if (values.mutant !== undefined && !(values.mutant in MUTANTS))
      return `no such mutant: ${values.mutant}; there are ${Object.keys(MUTANTS).join(", ")}`;
    return {
      first: Number(values.seed ?? 1),
      count,
      mutant: values.mutant ?? null,
      trace: values.trace ?? false,
    };
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

type Simulate = typeof import("./simulate.ts")["simulate"];

async function runSeeds({ first, count, trace }: Request, simulate: Simulate): Promise<number> {
  const failed: number[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(seed);
    if (trace || (result.violations.length > 0 && failed.length === 0)) console.log(result.trace.join("\n"));
    if (trace) console.log(`seed ${seed}: trace ${result.digest}, ${result.exchanges} requests`);
    if (result.violations.length === 0) continue;
    failed.push(seed);
    for (const { invariant, at, text } of result.violations.slice(0, 5))
      console.log(`seed ${seed}: broken: invariant ${invariant}, at ${at}: ${text}`);
  }
  if (failed.length > 0) console.log(`again: npm run sim -- --seed ${failed[0]}`);
  console.log(`${count - failed.length} passed, ${failed.length} failed`);
  return failed.length > 0 ? 1 : 0;
}

/** Good when the mutant is found out: the simulator would notice that fault. */
async function hunt({ first, count, mutant, trace }: Request, simulate: Simulate): Promise<number> {
  for (let seed = first; seed < first + count; seed++) {
    const { violations, trace: lines } = await simulate(seed);
    const [violation] = violations;
    if (violation === undefined) continue;
    if (trace) console.log(lines.join("\n"));
    console.log(`${mutant}: caught at seed ${seed} by invariant ${violation.invariant}`);
    console.log(violation.text);
    return 0;
  }
  console.log(`${mutant}: not caught in ${count} seeds`);
  return 1;
}
