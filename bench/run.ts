// `npm run bench`: side-by-side benchmarks, printed as ratios and written as JSON where asked.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchHit } from "./hit.ts";
import { benchPurge } from "./purge.ts";

const BENCHMARKS = { hit: benchHit, purge: benchPurge } as const;
type Name = keyof typeof BENCHMARKS;

const isName = (text: string): text is Name => Object.hasOwn(BENCHMARKS, text);

function readArguments(args: readonly string[]): { only: Name[]; json: string | null; quick: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string" }, json: { type: "string" }, quick: { type: "boolean" } },
    strict: true,
  });
  const names = Object.keys(BENCHMARKS) as Name[];
  if (values.only !== undefined && !isName(values.only))
    throw new TypeError(`--only must be one of ${names.join(", ")}`);
  return {
    only: values.only === undefined ? names : [values.only],
    json: values.json ?? null,
    quick: values.quick === true,
  };
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2));
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.version}`;
  console.log(machine);
  const results = [];
  for (const name of options.only) {
    const result = await BENCHMARKS[name](options.quick);
    console.log(JSON.stringify(result, null, 2));
    results.push(result);
  }
  if (options.json !== null)
    writeFileSync(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof TypeError ? 2 : 1);
}
