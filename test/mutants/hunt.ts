// Runs the test that has to notice a mutant, over sources that are broken while they are loaded.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MUTANTS } from "./mutants.ts";

const root = join(import.meta.dirname, "..", "..");
const WITHIN_MS = 120_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** What became of its test: "passed" is a mutant that escaped, null one whose test is not there. */
export async function hunt(name: string): Promise<string | null> {
  const mutant = MUTANTS[name];
  if (mutant === undefined) throw new Error(`no such mutant: ${name}`);
  const { caughtBy } = mutant;
  const folder = mkdtempSync(join(tmpdir(), "tidegate-mutant-"));
  try {
    const report = join(folder, "report.json");
    const cli = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
    const args = [
      "run",
      "--reporter=json",
      `--outputFile=${report}`,
      caughtBy.file,
      "-t",
      pattern(caughtBy.test),
    ];
    const env = { ...process.env, TIDEGATE_MUTANT: name };
    // It ends with an error where a test fails, which is what is hoped for.
    await promisify(execFile)(process.execPath, [cli, ...args], { cwd: root, env, timeout: WITHIN_MS }).catch(
      () => undefined,
    );
    return statusIn(JSON.parse(readFileSync(report, "utf8")) as Report, caughtBy.test);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const pattern = (title: string): string => `${title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;

const statusIn = ({ testResults }: Report, title: string): string | null =>
  testResults.flatMap(({ assertionResults }) => assertionResults).find((one) => one.title === title)
    ?.status ?? null;
