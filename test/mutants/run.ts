// Hunts the journal's mutants, all or those that are named: each has to be caught by its own test.

import { hunt } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const unknown = argv.find((name) => MUTANTS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`mutants: there is no "${unknown}"; there are ${Object.keys(MUTANTS).join(", ")}`);
    return 2;
  }
  const names = argv.length > 0 ? argv : Object.keys(MUTANTS);
  let escaped = 0;
  for (const name of names) {
    const status = await hunt(name);
    if (status !== "failed") escaped += 1;
    console.log(`${name}: ${status === "failed" ? "caught" : `not caught, its test ${status ?? "is gone"}`}`);
  }
  console.log(`${names.length - escaped} caught, ${escaped} not`);
  return escaped > 0 ? 1 : 0;
}
