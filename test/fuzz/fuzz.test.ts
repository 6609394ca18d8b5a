// No read gives a deleted value, on any schedule; and the schedules find it where a cache does, this one's mutants included.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { SUBJECTS } from "./names.ts";
import { parse } from "./request.ts";
import { fuzz, fuzzFleets } from "./run.ts";

const root = join(import.meta.dirname, "..", "..");
/** `npm run verify` plays a million. */
const SCHEDULES = 2000;
const FLEETS = 100;

test(`${SCHEDULES} schedules of one process`, { timeout: 60_000 }, async () => {
  const fuzzed = await fuzz("tidegate", { from: 0, to: SCHEDULES });
  expect(fuzzed).toMatchObject({ broken: 0, first: null });
  expect(fuzzed.reads).toBeGreaterThan(5 * SCHEDULES);
});

test.each(SUBJECTS.filter((name) => name !== "tidegate"))("%s gives deleted values", async (name) => {
  const fuzzed = await fuzz(name, { from: 0, to: 100 });
  expect(fuzzed.broken).toBeGreaterThan(0);
});

test(`${FLEETS} fleets of programs, through outages`, { timeout: 60_000 }, async () => {
  const fuzzed = await fuzzFleets({ from: 0, to: FLEETS });
  expect(fuzzed).toMatchObject({ broken: 0, first: null });
  expect(fuzzed.reads).toBeGreaterThan(40 * FLEETS);
});

test.each(Object.entries(MUTANTS))(
  "the mutant %s is noticed",
  { timeout: 60_000 },
  async (name, { by, from }) => {
    const many = by === "schedules" ? ["--schedules", "100"] : ["--schedules", "0", "--fleets", "40"];
    const args = ["--import", "./scripts/lua-loader.mjs", "test/fuzz/run.ts", "--subject", "tidegate"];
    const run = promisify(execFile)(
      process.execPath,
      [...args, "--mutant", name, "--seed", String(from), ...many],
      {
        cwd: root,
      },
    );
    await expect(run).resolves.toMatchObject({
      stdout: expect.stringMatching(/[1-9]\d* gave a deleted value/),
    });
  },
);

test("what would play nothing is wrong usage, by its name", async () => {
  for (const [flags, told] of [
    [["--subject", "nope"], "no such subject: nope; there are tidegate, "],
    [["--schedules", "x"], "--schedules must be a whole number"],
    [["--schedules", "0"], "--schedules or --fleets must be at least 1"],
    [["--fleets=-1"], "--fleets must be a whole number"],
    [["--seed", ""], "--seed must be a whole number"],
    [["--mutant", "toString"], "no such mutant: toString"],
    [
      ["--mutant", "near-without-view", "--subject", "bentocache"],
      "near-without-view is a mutant of tidegate",
    ],
    [["--sched", "1"], "Unknown option '--sched'"],
    [["tidegate"], "Unexpected argument 'tidegate'"],
  ] as const)
    expect(parse([...flags])).toContain(told);
  expect(parse([])).toMatchObject({ from: 0, schedules: 10_000, fleets: 0, subjects: SUBJECTS });
  const args = ["--import", "./scripts/lua-loader.mjs", "test/fuzz/run.ts", "--subject", "nope"];
  const run = promisify(execFile)(process.execPath, args, { cwd: root });
  await expect(run).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^fuzz: no such subject: nope.*; usage: /),
  });
});
