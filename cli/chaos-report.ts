// An experiment as text: how far it is, what came of each bound, and the exit code that says it.

import type { ChaosExperiment, ListedChaosExperiment } from "../client/schemas.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Colour, Output } from "./output.ts";
import type { Column } from "./table.ts";
import { grouped, moment, percent, plain, span } from "./wording.ts";

type State = ListedChaosExperiment["state"];

const COLOURS: Readonly<Record<State, Colour>> = {
  ...{ running: "cyan", passed: "green", failed: "red", aborted: "yellow" },
};

/** What failed, or was not judged to its end, is not done. */
export const exitFor = ({ state }: { readonly state: State }): ExitCode =>
  state === "failed" || state === "aborted" ? EXIT.partial : EXIT.done;

export function showExperiment(out: Output, shown: ChaosExperiment, url: string): void {
  const { id, state, hypothesis, verdicts, problem, report, seed, durationMs } = shown;
  const word = out.paint(COLOURS[state], state === "running" ? `running, ${shown.phase}` : state);
  out.line(`${out.paint("bold", plain(whatOf(shown)))}: ${word}`);
  if (hypothesis !== "") out.line(`  ${plain(hypothesis)}`);
  if (problem !== null) out.line(out.paint("yellow", `  ${plain(problem)}`));
  out.line(out.paint("grey", `  ${plain(id)}, seed ${seed}, fault of ${span(durationMs)}${tookOf(shown)}`));
  if (verdicts.length > 0) {
    out.line();
    showVerdicts(out, verdicts);
  }
  out.line();
  out.line(plain(`report: ${url.replace(/\/+$/, "")}${report}`));
}

export const whatOf = ({
  experiment,
  target,
}: Pick<ListedChaosExperiment, "experiment" | "target">): string =>
  target === null ? experiment : `${experiment} ${target}`;

function tookOf({ startedAt, endedAt }: Pick<ListedChaosExperiment, "startedAt" | "endedAt">): string {
  return endedAt === null ? "" : `, ${span(Date.parse(endedAt) - Date.parse(startedAt))} in all`;
}

function showVerdicts(out: Output, verdicts: ChaosExperiment["verdicts"]): void {
  const holds: Column = {
    title: "HOLDS",
    paint: (padded, text) => out.paint(text === "yes" ? "green" : "red", padded),
  };
  out.table(
    [
      ...[{ title: "BOUND" }, holds, { title: "MEASURED", align: "right" } as const],
      ...[{ title: "LIMIT", align: "right" } as const, { title: "EXPECTED" }],
    ],
    verdicts.map(({ name, holds, measured, comparison, limit, unit, text }) => [
      ...[name, holds ? "yes" : "NO", measured === null ? "not measured" : amount(measured, unit)],
      ...[`${comparison === "at-most" ? "≤" : "≥"} ${amount(limit, unit)}`, text],
    ]),
  );
}

function amount(value: number, unit: string): string {
  switch (unit) {
    case "ratio":
      return percent(value);
    case "ms":
      return span(value);
    case "per-second":
      return `${grouped(Math.round(value * 10) / 10)}/s`;
    default:
      return `${grouped(value)} ${unit}`;
  }
}

export function showExperiments(out: Output, items: readonly ListedChaosExperiment[]): void {
  const state: Column = {
    title: "STATE",
    paint: (padded, text) => out.paint(COLOURS[text as State] ?? "grey", padded),
  };
  out.table(
    [
      ...[{ title: "STARTED" }, { title: "EXPERIMENT" }, state, { title: "HELD", align: "right" } as const],
      ...[{ title: "TOOK", align: "right" } as const, { title: "BY" }, { title: "ID" }],
    ],
    items.map(({ id, startedAt, endedAt, verdicts, actor, ...item }) => [
      ...[moment(startedAt), whatOf(item), item.state],
      verdicts.length === 0 ? "–" : `${verdicts.filter(({ holds }) => holds).length}/${verdicts.length}`,
      ...[endedAt === null ? "–" : span(Date.parse(endedAt) - Date.parse(startedAt)), actor ?? "–", id],
    ]),
  );
}

const PHASES = ["preparing", "steady", "fault", "recovery", "verifying", "over"] as const;
const WIDTH = 20;

/** By phases, since how long most of them take shows only then; within the fault by its duration. */
export function experimentBar({ phase, timeline, durationMs }: ChaosExperiment, columns: number): string {
  const inFault = timeline.filter((second) => second.phase === "fault").length;
  const within = phase === "fault" ? Math.min(0.9, (inFault * 1000) / durationMs) : 0;
  const full = Math.round(((PHASES.indexOf(phase) + within) / (PHASES.length - 1)) * WIDTH);
  const last = timeline.at(-1);
  const errors = timeline.reduce((sum, second) => sum + second.errors, 0);
  const text = [
    phase,
    ...(last === undefined
      ? []
      : [
          `${last.second + 1} s`,
          `${grouped(last.requests)} req/s`,
          `${percent(last.requests === 0 ? null : last.hits / last.requests)} hits`,
          `${grouped(errors)} errors`,
        ]),
  ].join("  ");
  return columns < WIDTH + text.length + 4
    ? text
    : `[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${text}`;
}
