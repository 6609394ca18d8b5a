// Hunts every mutant of the simulator, each in a process of its own: all of them have to be caught.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { MUTANTS } from "./mutants.ts";

const root = join(import.meta.dirname, "..", "..");
/** As many as each is given from the seed on that caught it last. */
const SEEDS = 300;

process.exitCode = await main();

async function main(): Promise<number> {
  let failed = 0;
  for (const [name, { from }] of Object.entries(MUTANTS)) {
    const { code, printed } = await hunt(name, from);
    console.log(printed.split("\n")[0]);
    if (code !== 0) failed += 1;
  }
  console.log(`${Object.keys(MUTANTS).length - failed} caught, ${failed} not`);
  return failed > 0 ? 1 : 0;
}

async function hunt(name: string, from: number): Promise<{ code: number; printed: string }> {
  const run = ["--import", "./scripts/lua-loader.mjs", "test/simulator/run.ts"];
  const args = [...run, "--mutant", name, "--seed", String(from), "--seeds", String(SEEDS)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    return { code: 0, printed: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, printed: `${stdout}${stderr}` };
  }
}
