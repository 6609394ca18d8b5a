// `npm run bench`: side-by-side benchmarks, printed as ratios and written as JSON where asked.

import { writeFileSync } from "node:fs";
import { writePerformanceTables } from "../scripts/performance-tables.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { BENCHMARKS, type BenchmarkName, TELL_THEMSELVES } from "./benchmarks.ts";
import { described, machine } from "./machine.ts";
import { commandFor, commandGiven, type Result, resultOf, save } from "./result.ts";

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  console.log(described(machine()));
  const results: Result[] = [];
  for (const name of options.only) {
    const result = await run(name, options);
    if (!TELL_THEMSELVES.has(name)) console.log(JSON.stringify(result, null, 2));
    // A load is what somebody asked for: no table of the documentation is made of it.
    if (options.save && name !== "load")
      for (const path of [save(result), ...writePerformanceTables()]) console.log(`${path} is written`);
    results.push(result);
  }
  if (options.json !== null)
    writeFileSync(options.json, `${JSON.stringify({ machine: described(machine()), results }, null, 2)}\n`);
}

async function run(name: BenchmarkName, options: Arguments): Promise<Result> {
  const at = new Date().toISOString();
  const isOwn = name === "load" || options.trace !== null;
  const command =
    isOwn && options.only.length === 1 ? commandGiven(process.argv.slice(2)) : commandFor(name, options);
  const began = { at, machine: machine(), command };
  return resultOf(await BENCHMARKS[name](options), began);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof TypeError ? 2 : 1);
}
