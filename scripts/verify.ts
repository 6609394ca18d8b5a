// Everything that is checked at greater length than npm test has time for (npm run verify), one edition after the other.

import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Edition {
  readonly name: string;
  /** What node runs; it prints what it found, and ends with another code than 0 where that is not as it should be. */
  readonly args: readonly string[];
  /** Tells a test that it has time. */
  readonly long?: true;
}

const EDITIONS: readonly Edition[] = [
  { name: "the model, all of its bounded edition", args: ["test/model/run.ts"] },
  { name: "the model, its long edition", args: ["test/model/run.ts", "--long"] },
  { name: "the model's mutants", args: ["test/model/run.ts", "--mutants"] },
  {
    name: "what of the model stands for scripts",
    args: ["scripts/test.ts", "test/model/twins.test.ts"],
    long: true,
  },
  { name: "all schedules of the scripts", args: ["test/interleavings/run.ts", "--long"] },
  { name: "the scripts' mutants", args: ["test/interleavings/run.ts", "--mutant", "all"] },
  {
    name: "a hundred thousand journalled writes",
    args: ["scripts/test.ts", "test/scenario/journal.redis.test.ts"],
    long: true,
  },
  { name: "the journal's mutants", args: ["test/mutants/run.ts"] },
  {
    name: "a million schedules of the cache, and five thousand fleets",
    args: ["test/fuzz/run.ts", "--schedules", "1000000", "--fleets", "5000", "--subject", "tidegate"],
  },
  { name: "a hundred seeds of the simulator", args: ["test/simulator/run.ts", "--seeds", "100"] },
  { name: "the simulator's mutants", args: ["test/simulator/every-mutant.ts"] },
];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length > 0) {
    console.error("verify: takes no arguments; usage: npm run verify");
    return 2;
  }
  let failed = 0;
  for (const edition of EDITIONS) {
    console.log(`# ${edition.name}`);
    const code = await run(edition);
    if (code === "ended") return 1;
    if (code !== 0) failed += 1;
  }
  console.log(`${EDITIONS.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** Resolves to the exit code, or to "ended" where somebody has ended us: then it is ended too. */
function run({ args, long }: Edition): Promise<number | "ended"> {
  const child = spawn(process.execPath, ["--import", "./scripts/lua-loader.mjs", ...args], {
    cwd: root,
    env: long ? { ...process.env, TIDEGATE_LONG: "1" } : process.env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  let ended = false;
  const end = (): void => {
    ended = true;
    child.kill();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, end);
  return new Promise((done, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      for (const signal of signals) process.off(signal, end);
      done(ended ? "ended" : (code ?? 1));
    });
  });
}
