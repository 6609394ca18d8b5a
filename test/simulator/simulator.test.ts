// The system under virtual time: seeds pass, a seed repeats byte by byte, and every mutant is found out.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { formatFaults, formatWork, parseFaults, parseWork } from "./plan/reduction.ts";
import { smallest } from "./shrink.ts";
import { simulate } from "./simulate.ts";

const root = join(import.meta.dirname, "..", "..");

/** A seed leaves everything behind: with room for it less of it is copied. */
const FAST = "--max-semi-space-size=32";

/** What the command line prints, and how it ends. */
async function sim(...flags: string[]): Promise<{ code: number; printed: string; complained: string }> {
  const args = [FAST, "--import", "./scripts/lua-loader.mjs", "test/simulator/run.ts", ...flags];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, printed: stdout, complained: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, printed: stdout, complained: stderr };
  }
}

test.each(Object.entries(MUTANTS))(
  "what the mutant %s breaks stands in its file, once",
  (_name, { file, find }) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    expect(text.split(find)).toHaveLength(2);
  },
);

describe("the simulator notices", { concurrent: true, timeout: 120_000 }, () => {
  // Every twenty-fifth in each run; `npm run verify` hunts all of them.
  const some = Object.entries(MUTANTS).filter((_, index) => index % 25 === 0);
  test.each(some)("the mutant %s", async (name, { from }) => {
    const { code, printed, complained } = await sim(
      "--mutant",
      name,
      "--seed",
      String(from),
      "--seeds",
      "300",
    );
    expect(printed + complained).toMatch(new RegExp(`^${name}: caught at seed \\d+ by invariant \\S+`));
    expect(code).toBe(0);
  });
});

test("delta debugging finds the few that matter", async () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  let least: readonly number[] = items;
  let tries = 0;
  await smallest(items, async (some) => {
    tries += 1;
    const fails = [17, 50, 83].every((one) => some.includes(one));
    if (fails) least = some;
    return fails;
  });
  expect(least).toEqual([17, 50, 83]);
  expect(tries).toBeLessThan(60);
});

test("a failing seed is shrunk to a few of its faults, which fail again", { timeout: 120_000 }, async () => {
  const mutant = ["--mutant", "variants-cross"];
  const { printed } = await sim(...mutant, "--seed", String(MUTANTS["variants-cross"]?.from), "--trace");
  const [, kept, of] = /shrunk in \d+ runs to (\d+) of (\d+) faults/.exec(printed) ?? [];
  expect(Number(kept)).toBeLessThan(Number(of) / 2);
  const again = /shrunk, again: npm run sim -- (.*)/.exec(printed)?.[1]?.split(" ") ?? [];
  expect((await sim(...again)).printed).toMatch(/^variants-cross: caught at seed \d+ by invariant 8/);
});

test("a part of a plan can be written down and read again", () => {
  const faults = [
    { index: 3, for: null },
    { index: 17, for: 250 },
  ];
  expect(formatFaults(faults)).toBe("3,17/250");
  expect(parseFaults("3,17/250")).toEqual(faults);
  expect(formatWork([1, 2, 3, 9])).toBe("1-3,9");
  expect(parseWork("1-3,9")).toEqual([1, 2, 3, 9]);
  for (const text of ["", "x", "1,", "1-", "-1", "1/"]) expect(parseWork(text), text).toBeNull();
  expect(parseFaults(formatFaults([]))).toEqual([]);
});

describe("the command line", () => {
  test("runs many seeds on all cores, in their order, each with one trace, byte by byte", {
    timeout: 120_000,
  }, async () => {
    const many = await sim("--seeds", "5", "--trace");
    const seeds = [...many.printed.matchAll(/^seed (\d+): trace (\w+),/gm)];
    expect(seeds.map(([, seed]) => Number(seed))).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(seeds.map(([, , digest]) => digest)).size).toBe(5);
    const first = await simulate(3);
    const again = await simulate(3);
    expect(again.trace).toEqual(first.trace);
    expect([first.digest, again.digest]).toEqual([seeds[2]?.[2], seeds[2]?.[2]]);
    expect(many.printed).toMatch(/\n5 passed, 0 failed\n$/);
  });

  test("closes with a line that counts", async () => {
    const { code, printed } = await sim("--seed", "9");
    expect(printed).toMatch(/^1 passed, 0 failed\n$/);
    expect(code).toBe(0);
  });

  test.each([
    [["--seeds", "many"], "--seeds must be a whole number"],
    [["--seeds", "0"], "--seeds must be at least 1"],
    [["--mutant", "none"], "no such mutant: none"],
    [["--seed", "1", "--faults", "x"], "--faults must be a list"],
    [["--seeds", "2", "--work", "1"], "--faults and --work are of one seed"],
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
