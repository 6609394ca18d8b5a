// Runs the tests (npm test) and closes with one plain line that counts them.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureChromium } from "./ensure-chromium.ts";
import { ensurePromtool } from "./ensure-promtool.ts";
import { ensureRedis } from "./ensure-redis.ts";

const usage = "usage: npm test -- [--without redis|browser]… [-t NAME] [FILE]…";
const optional = ["redis", "browser"];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

type Request = { without: string[]; vitest: string[] };
type Count = { passed: number; failed: number; skipped: number };
type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  const request = parse(argv);
  if (typeof request === "string") return complain(request, 2);
  try {
    if (!request.without.includes("redis")) {
      ensureRedis();
      ensurePromtool();
    }
    if (!request.without.includes("browser")) ensureChromium();
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), 1);
  }
  const folder = mkdtempSync(join(tmpdir(), "tidegate-test-"));
  try {
    const report = join(folder, "report.json");
    const code = await runVitest(request, report);
    for (const name of request.without) console.log(`left out by --without: ${name}`);
    const count = countTests(readReport(report), code);
    console.log(closingLine(count));
    return count.failed > 0 ? code || 1 : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function parse(argv: string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        without: { type: "string", multiple: true },
        testNamePattern: { type: "string", short: "t" },
      },
    });
    const without = [...new Set((values.without ?? []).flatMap((names) => names.split(",")))];
    const unknown = without.find((name) => !optional.includes(name));
    if (unknown !== undefined) return `cannot leave out "${unknown}"`;
    const named = values.testNamePattern === undefined ? [] : ["-t", values.testNamePattern];
    return { without, vitest: [...positionals, ...named] };
  } catch (error) {
    return error instanceof Error ? (error.message.split(". ")[0] ?? error.message) : String(error);
  }
}

function complain(message: string, code: number): number {
  console.error(code === 2 ? `test: ${message}; ${usage}` : message);
  return code;
}

/** Resolves to vitest's exit code. */
function runVitest({ without, vitest }: Request, report: string): Promise<number> {
  const cli = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const reporting = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [cli, "run", ...reporting, ...vitest], {
    cwd: root,
    env: { ...process.env, TIDEGATE_WITHOUT: without.join(",") },
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Leaving first would orphan the workers; vitest ends them, then we close.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done, reject) => {
    child.once("error", reject);
    child.once("close", (code) => done(code ?? 1));
  });
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined; // vitest died before it reported: counted as one failure below.
  }
}

/** Counts a file that could not be run, and an error outside any test, as a failure each. */
function countTests(report: Report | undefined, code: number): Count {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function closingLine({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
