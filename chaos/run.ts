// `npm run chaos`: runs experiments one after the other, prints their verdicts, and fails where one of them did not hold.

import { writeFileSync } from "node:fs";
import { UsageError } from "../dev/options.ts";
import { pause } from "./pause.ts";
import { BROKEN_BUILDS, type BrokenBuild } from "./run/broken-builds.ts";
import { type ChaosOptions, readChaosOptions, USAGE } from "./run/options.ts";
import { NotRun, type Orderer, runOrder, whyNotThere } from "./run/orders.ts";
import { EXIT, exitCode, isFoundOut, type Outcome } from "./run/outcome.ts";
import { OWN, startOwnCluster } from "./run/own-cluster.ts";
import { planGameDay, planSuite, type Scheduled } from "./run/plan.ts";
import { keepReport, linesOf, scheduleLines, titleOf } from "./run/tell.ts";

const say = (line: string): void => console.log(line);

function brokenBuild({ broken }: ChaosOptions): BrokenBuild | null {
  return broken === null ? null : (BROKEN_BUILDS[broken] ?? null);
}

function scheduleFor(options: ChaosOptions): readonly Scheduled[] {
  const { only, gameDay, seed, duration } = options;
  const wanted = { only: only.length > 0 ? only : (brokenBuild(options)?.only ?? []), seed, duration };
  if (gameDay !== null) return planGameDay(gameDay, wanted);
  return planSuite(wanted).map((planned) => ({ atMs: 0, planned }));
}

/** Each in its time, or as soon as the one before it is over. */
async function runAll(
  schedule: readonly Scheduled[],
  { by, out, signal }: { by: Orderer; out: string; signal: AbortSignal },
): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, notRun: 0, reports: [] };
  const beganAt = performance.now();
  for (const [at, { atMs, planned }] of schedule.entries()) {
    await pause(Math.max(0, beganAt + atMs - performance.now()), signal);
    if (signal.aborted) break;
    try {
      const report = await runOrder(by, planned, signal);
      outcome.reports.push(report);
      outcome[report.state === "passed" ? "passed" : "failed"] += 1;
      for (const line of linesOf(planned, report)) say(line);
      say(`  ${keepReport(out, at + 1, report)}.html`);
    } catch (error) {
      if (!(error instanceof NotRun)) throw error;
      outcome.notRun += 1;
      say(`${titleOf(planned)}: could not be run\n  ${error.message}`);
    }
  }
  return outcome;
}

async function main(): Promise<number> {
  const options = readChaosOptions(process.argv.slice(2), Math.floor(Math.random() * 0x1_0000_0000));
  if (options === null) {
    say(USAGE);
    return 0;
  }
  const abort = new AbortController();
  // The first one heals and ends in order; whoever can't wait sends another.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort());
  const why = options.given === null ? null : await whyNotThere(options.given);
  if (why !== null) throw new Error(why);
  const schedule = scheduleFor(options);
  const build = brokenBuild(options);
  say(`seed ${options.seed}: ${schedule.length} experiments`);
  if (options.gameDay !== null) for (const line of scheduleLines(schedule)) say(line);
  if (options.given === null) say(`starting ${OWN.edges} edges and ${OWN.databases} databases`);
  const own = options.given === null ? await startOwnCluster(build) : null;
  const by = options.given ?? own;
  if (by === null) throw new Error("there is no cluster");
  try {
    const outcome = await runAll(schedule, { by, out: options.out, signal: abort.signal });
    const found = build === null ? null : isFoundOut(build, outcome.reports);
    if (build !== null)
      say(
        `the broken build ${options.broken} was ${found === true ? "" : "NOT "}found out by ${build.breaks}`,
      );
    if (options.json !== null)
      writeFileSync(
        options.json,
        `${JSON.stringify({ seed: options.seed, reports: outcome.reports }, null, 2)}\n`,
      );
    const { passed, failed, notRun } = outcome;
    say(`${passed} passed, ${failed} failed${notRun === 0 ? "" : `, ${notRun} could not be run`}`);
    return exitCode(outcome, { planned: schedule.length, found });
  } finally {
    await own?.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(error instanceof UsageError ? EXIT.usage : EXIT.broken);
}
