// The system under virtual time: seeds pass, a seed repeats byte by byte, and every mutant is found out.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { simulate } from "./simulate.ts";

const root = join(import.meta.dirname, "..", "..");

/** What the command line prints, and how it ends. */
async function sim(...flags: string[]): Promise<{ code: number; printed: string; complained: string }> {
  const args = ["--import", "./scripts/lua-loader.mjs", "test/simulator/run.ts", ...flags];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
    return { code: 0, printed: stdout, complained: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, printed: stdout, complained: stderr };
  }
}

test("forty seeds keep the invariants", { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { violations } = await simulate(seed);
    expect(violations, `npm run sim -- --seed ${seed}`).toEqual([]);
  }
});

test("a seed has one trace, byte by byte, and another seed another", async () => {
  const first = await simulate(7);
  const again = await simulate(7);
  const other = await simulate(8);
  expect(again.trace).toEqual(first.trace);
  expect(again.digest).toBe(first.digest);
  expect(other.digest).not.toBe(first.digest);
});

describe("the simulator notices", { concurrent: true, timeout: 120_000 }, () => {
  test.each(Object.entries(MUTANTS))("the mutant %s", async (name, { from }) => {
    const { code, printed, complained } = await sim(
      "--mutant",
      name,
      "--seed",
      String(from),
      "--seeds",
      "300",
    );
    expect(printed + complained).toMatch(new RegExp(`^${name}: caught at seed \\d+ by invariant \\d+`));
    expect(code).toBe(0);
  });
});

describe("the command line", () => {
  test("closes with a line that counts", async () => {
    const { code, printed } = await sim("--seeds", "2");
    expect(printed).toMatch(/^2 passed, 0 failed\n$/);
    expect(code).toBe(0);
  });

  test.each([
    [["--seeds", "many"], "--seeds must be a whole number"],
    [["--seeds", "0"], "--seeds must be at least 1"],
    [["--mutant", "none"], "no such mutant: none"],
    [["--speed"], "Unknown option '--speed'"],
    [["7"], "Unexpected argument '7'"],
  ])("refuses %s in one line", async (flags, complaint) => {
    const { code, printed, complained } = await sim(...flags);
    expect(complained).toContain(`sim: ${complaint}`);
    expect(complained.trimEnd().split("\n")).toHaveLength(1);
    expect(printed).toBe("");
    expect(code).toBe(2);
  });
});
