// `npm run bench`: side-by-side benchmarks, printed as ratios, judged by what they claim and written as JSON where asked.

import { writeFileSync } from "node:fs";
import { writePerformanceTables } from "../scripts/performance-tables.ts";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { BENCHMARKS, type BenchmarkName, TELL_THEMSELVES } from "./benchmarks.ts";
import { TraceError } from "./eviction/trace.ts";
import { described, machine } from "./machine.ts";
import { commandFor, commandGiven, type Result, resultOf, save } from "./result.ts";
import { type AnyFigures, concluded, EXIT } from "./verdicts.ts";

async function main(options: Arguments): Promise<number> {
  console.log(described(machine()));
  const results: Result<AnyFigures>[] = [];
  try {
    for (const name of options.only) {
      const result = await run(name, options);
      results.push(result);
      if (!TELL_THEMSELVES.has(name)) console.log(JSON.stringify(result, null, 2));
      // A load is what somebody asked for: no table of the documentation is made of it.
      if (options.save && name !== "load")
        for (const path of [save(result), ...writePerformanceTables()]) console.log(`${path} is written`);
    }
    if (options.json !== null)
      writeFileSync(options.json, `${JSON.stringify({ machine: described(machine()), results }, null, 2)}\n`);
  } finally {
    // Also where one of them could not be run: what the others have shown took its time.
    for (const line of concluded(results, options.quick).lines) console.log(line);
  }
  return concluded(results, options.quick).code;
}

async function run(name: BenchmarkName, options: Arguments): Promise<Result<AnyFigures>> {
  const at = new Date().toISOString();
  const isOwn = name === "load" || options.trace !== null;
  const command =
    isOwn && options.only.length === 1 ? commandGiven(process.argv.slice(2)) : commandFor(name, options);
  const began = { at, machine: machine(), command };
  return resultOf(await BENCHMARKS[name](options), began);
}

function told(): Arguments | null {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    return failed(error, EXIT.usage);
  }
}

function failed(error: unknown, code: number): never {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(code);
}

const options = told();
if (options === null) console.log(USAGE);
else
  try {
    process.exitCode = await main(options);
  } catch (error) {
    failed(error, error instanceof TraceError ? EXIT.usage : EXIT.broken);
  }
