// What `npm run chaos` prints, and the files it leaves: a line a verdict, a report an experiment.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderChaosReport } from "../../control-plane/chaos/report-page.ts";
import type { ChaosReport, ChaosVerdict } from "../../shared/wire/chaos.ts";
import type { Planned, Scheduled } from "./plan.ts";

/** `partition (edge-2, from redis, only replies arrive)` */
export function titleOf({ experiment, target, from, arrives }: Planned): string {
  const what = [
    ...(target === null ? [] : [target]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(arrives === undefined || arrives === "none" ? [] : [`only ${arrives} arrive`]),
  ];
  return what.length === 0 ? experiment : `${experiment} (${what.join(", ")})`;
}

export function linesOf(planned: Planned, report: ChaosReport): string[] {
  const { state, target, verdicts, problem, startedAt, endedAt, seed } = report;
  const seconds = endedAt === null ? "?" : Math.round((endedAt - startedAt) / 1000);
  const title = titleOf({ ...planned, target });
  return [
    `${title}: ${state} in ${seconds} s, seed ${seed}`,
    ...(problem === null ? [] : [`  ${problem}`]),
    ...verdicts.map(verdictLine),
  ];
}

function verdictLine({ name, holds, measured, limit, comparison, unit, text }: ChaosVerdict): string {
  const sign = comparison === "at-most" ? "≤" : "≥";
  const value = measured === null ? "not measured" : String(measured);
  return `  ${holds ? "holds" : "FAILS"} ${name}: ${value} ${sign} ${limit} ${unit}${holds ? "" : ` (${text})`}`;
}

export function scheduleLines(schedule: readonly Scheduled[]): string[] {
  const clock = (ms: number): string =>
    `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, "0")}`;
  return schedule.map(
    ({ atMs, planned }) =>
      `  ${clock(atMs).padStart(6)} ${titleOf(planned)}, ${(planned.durationMs / 1000).toFixed(1)} s, seed ${planned.seed}`,
  );
}

/** Two files, named after the number and the experiment; resolves to their common path without the ending. */
export function keepReport(dir: string, number: number, report: ChaosReport): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${String(number).padStart(2, "0")}-${report.experiment}`);
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${path}.html`, renderChaosReport(report));
  return path;
}
