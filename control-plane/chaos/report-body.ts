// What the report of an experiment says: what was expected, whether it held, how it went, and what was done.

import type { ChaosReport, ChaosSecond, ChaosVerdict } from "../../shared/wire/chaos.ts";
import { formatValue } from "../dashboard/charts/chart.ts";
import { count, dayTime, NOTHING, percent, span } from "../dashboard/frame/format.ts";
import { CATALOGUE } from "./catalogue.ts";
import { type Markup, markup } from "./markup.ts";
import { reportCharts } from "./report-charts.ts";

const WORDS = { running: "Running.", passed: "Passed.", failed: "Failed.", aborted: "Aborted." } as const;
const MOODS = { running: "unknown", passed: "good", failed: "bad", aborted: "fair" } as const;
/** A shape for each mood beside its colour: nobody has to tell colours apart. */
const SHAPES = {
  good: "M3 7.5 6 10.5 11 4",
  fair: "M7 3.5v4M7 10v.5",
  bad: "M4 4l6 6M10 4l-6 6",
  unknown: "M4 7h6",
} as const;

/** What is broken of the experiment's own site needs no name. */
export const reportTitle = ({ experiment, target }: Pick<ChaosReport, "experiment" | "target">): string =>
  target === null || CATALOGUE[experiment].target === null ? experiment : `${experiment}: ${target}`;

/** A page's whole content, its heading included. */
export function reportBody(report: ChaosReport): Markup {
  const { hypothesis, problem, verdicts, timeline } = report;
  return markup`<article class="middle report">
<h1>${reportTitle(report)}</h1>
<p class="outcome" data-state="${report.state}">${sign(MOODS[report.state])} <strong>${WORDS[report.state]}</strong> ${outcome(report)}</p>
${problem === null ? null : markup`<p class="banner fair">${problem}</p>`}
<h2 class="small">Expected</h2>
<p>${hypothesis === "" ? "Not stated yet." : hypothesis}</p>
<h2 class="small">Held?</h2>
${verdicts.length === 0 ? markup`<p class="empty">${report.state === "running" ? "Not judged yet." : "Nothing was judged."}</p>` : verdictTable(verdicts)}
<h2 class="small">How it went</h2>
${reportCharts(report)}
${timeline.length === 0 ? null : phaseTable(timeline)}
<h2 class="small">What was done</h2>
${eventList(report)}
<h2 class="small">Again</h2>
${figures(report)}
</article>`;
}

const sign = (mood: keyof typeof SHAPES): Markup =>
  markup`<svg class="mood ${mood}" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="7"/><path d="${SHAPES[mood]}"/></svg>`;

function outcome({ state, phase, verdicts }: ChaosReport): string {
  if (state === "running") return `Phase: ${phase}.`;
  const held = verdicts.filter(({ holds }) => holds).length;
  return verdicts.length === 0 ? "" : `${held} of ${verdicts.length} bounds held.`;
}

function verdictTable(verdicts: readonly ChaosVerdict[]): Markup {
  const rows = verdicts.map(
    ({ name, text, holds, measured, limit, comparison, unit }) =>
      markup`<tr><th scope="row"><span class="with-sign">${sign(holds ? "good" : "bad")}<span class="unseen">${holds ? "holds: " : "does not hold: "}</span>${name}</span></th><td class="number">${measured === null ? "not measured" : amount(measured, unit)}</td><td class="number">${comparison === "at-most" ? "≤" : "≥"} ${amount(limit, unit)}</td><td class="wraps">${text}</td></tr>`,
  );
  return table("Bounds", ["Bound", "#Measured", "#Limit", "Expected"], rows);
}

const amount = (value: number, unit: string): string => {
  switch (unit) {
    case "ratio":
      return percent(value);
    case "ms":
      return span(value);
    case "per-second":
      return formatValue("perSecond", value);
    default:
      return `${count(value)} ${unit}`;
  }
};

function phaseTable(timeline: readonly ChaosSecond[]): Markup {
  const phases = [...new Set(timeline.map(({ phase }) => phase))];
  const rows = phases.map((phase) => {
    const seconds = timeline.filter((second) => second.phase === phase);
    const sum = (of: (second: ChaosSecond) => number): number =>
      seconds.reduce((total, second) => total + of(second), 0);
    const [requests, hits] = [sum((second) => second.requests), sum((second) => second.hits)];
    const slowest = seconds.flatMap(({ p99Ms }) => (p99Ms === null ? [] : [p99Ms]));
    const cells = [
      span(seconds.length * 1000),
      count(requests),
      percent(requests === 0 ? null : hits / requests),
      count(sum((second) => second.errors)),
      formatValue("perSecond", sum((second) => second.originRequests) / seconds.length),
      span(slowest.length === 0 ? null : Math.max(...slowest)),
    ].map((text) => markup`<td class="number">${text}</td>`);
    return markup`<tr><th scope="row">${phase}</th>${cells}</tr>`;
  });
  const columns = ["Phase", "#Lasted", "#Requests", "#Hit ratio", "#Errors", "#To the origin", "#Worst p99"];
  return table("By phase", columns, rows);
}

/** Columns that begin with `#` hold numbers. */
function table(caption: string, columns: readonly string[], rows: readonly Markup[]): Markup {
  const heads = columns.map(
    (column) =>
      markup`<th scope="col"${column.startsWith("#") ? markup` class="number"` : null}>${column.replace("#", "")}</th>`,
  );
  return markup`<section class="scroll" tabindex="0" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></section>`;
}

function eventList({ events, startedAt }: ChaosReport): Markup {
  if (events.length === 0) return markup`<p class="empty">Nothing yet.</p>`;
  const items = events.map(
    ({ at, text }) =>
      markup`<li><time datetime="${isoOf(at)}">${((at - startedAt) / 1000).toFixed(1)} s</time> <span>${text}</span></li>`,
  );
  return markup`<ol class="done-list">${items}</ol>`;
}

function figures(report: ChaosReport): Markup {
  const { id, seed, startedAt, endedAt, durationMs } = report;
  const rows = [
    ["Started", dayTime(isoOf(startedAt))],
    ["Took", endedAt === null ? NOTHING : span(endedAt - startedAt)],
    ["The fault lasted", span(durationMs)],
    ["Seed", String(seed)],
    ["Id", id],
  ].map(([name = "", value = ""]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return markup`<p><code>${commandOf(report)}</code></p><dl class="figures">${rows}</dl>`;
}

function commandOf({ experiment, target, from, arrives, durationMs, seed }: ChaosReport): string {
  const named = target === null || CATALOGUE[experiment].target === null ? null : target;
  const flags = Object.entries({ target: named, from, arrives }).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`--${name} ${value}`],
  );
  const lasting = durationMs % 1000 === 0 ? `${durationMs / 1000}s` : `${durationMs}ms`;
  return [`tidegate chaos run ${experiment}`, ...flags, `--duration ${lasting} --seed ${seed}`].join(" ");
}

/** What no calendar holds must not take the report with it. */
const isoOf = (at: number): string => {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
};
