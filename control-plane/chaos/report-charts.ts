// The course of an experiment as charts: what was asked, hit, failed and fetched, second by second, over its phases.

import type { ChaosReport, ChaosSecond } from "../../shared/wire/chaos.ts";
import { type Chart, formatValue, type Line, topOf } from "../dashboard/charts/chart.ts";
import { type Markup, markup } from "./markup.ts";

const WIDTH = 640;
const HEIGHT = 120;

type Drawn = Pick<Chart, "title" | "unit" | "lines" | "least">;

/** From one second to another, the last one included. */
interface Band {
  readonly phase: ChaosReport["phase"];
  readonly from: number;
  readonly to: number;
}

export function reportCharts({ timeline }: Pick<ChaosReport, "timeline">): Markup {
  if (timeline.length === 0) return markup`<p class="empty">No request has been answered yet.</p>`;
  const bands = bandsIn(timeline);
  const charts = chartsOf(timeline).map((chart) => drawn(chart, timeline, bands));
  return markup`<div class="course">${legend(bands)}<div class="pair">${charts}</div></div>`;
}

function chartsOf(timeline: readonly ChaosSecond[]): Drawn[] {
  const line = (name: string, tone: number, value: (second: ChaosSecond) => number | null): Line => ({
    ...{ name, tone, values: timeline.map(value) },
  });
  const ratio = ({ requests, hits }: ChaosSecond): number | null => (requests === 0 ? null : hits / requests);
  const chart = (title: string, unit: Chart["unit"], drawn: Line): Drawn => ({
    ...{ title, unit, lines: [drawn], least: 1 },
  });
  return [
    chart(
      "Requests",
      "perSecond",
      line("requests", 0, ({ requests }) => requests),
    ),
    chart("Hit ratio", "ratio", line("hit ratio", 0, ratio)),
    chart(
      "Errors that clients saw",
      "perSecond",
      line("errors", 4, ({ errors }) => errors),
    ),
    chart(
      "Asked of the origin",
      "perSecond",
      line("fetches", 1, ({ originRequests }) => originRequests),
    ),
    chart(
      "Slowest of a hundred, p99",
      "ms",
      line("p99", 2, ({ p99Ms }) => p99Ms),
    ),
  ];
}

function bandsIn(timeline: readonly ChaosSecond[]): Band[] {
  const bands: Band[] = [];
  for (const { phase, second } of timeline) {
    const last = bands.at(-1);
    if (last?.phase === phase) bands[bands.length - 1] = { ...last, to: second };
    else bands.push({ phase, from: second, to: second });
  }
  return bands;
}

const legend = (bands: readonly Band[]): Markup =>
  markup`<ul class="legend phases">${bands.map(
    ({ phase, from, to }) =>
      markup`<li><svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true"><rect class="phase-ground" width="14" height="12"/><rect class="phase-${phase}" width="14" height="12"/></svg>${phase}, ${from} to ${to + 1} s</li>`,
  )}</ul>`;

function drawn(chart: Drawn, timeline: readonly ChaosSecond[], bands: readonly Band[]): Markup {
  const { title, unit, lines } = chart;
  const top = topOf({ ...chart, id: "", times: [], step: 1, marks: [], gaps: [] });
  const [first = 0, end = 1] = [timeline[0]?.second, (timeline.at(-1)?.second ?? 0) + 1];
  const x = (second: number): number => rounded(((second - first) / (end - first)) * WIDTH);
  const y = (value: number): number => rounded(HEIGHT - (value / top) * HEIGHT);
  const grounds = bands.map(
    ({ phase, from, to }) =>
      markup`<rect class="phase-${phase}" x="${x(from)}" y="0" width="${rounded(x(to + 1) - x(from))}" height="${HEIGHT}"><title>${phase}</title></rect>`,
  );
  const grid = [0, 0.5, 1].map(
    (part) => markup`<line class="grid" x1="0" x2="${WIDTH}" y1="${HEIGHT * part}" y2="${HEIGHT * part}"/>`,
  );
  const paths = lines.map(
    ({ tone, values }) => markup`<path class="line tone-${tone}" d="${pathOf(values, timeline, { x, y })}"/>`,
  );
  return markup`<figure class="chart">
<figcaption><span class="title">${title}</span></figcaption>
<div class="plot">
<div class="scale" aria-hidden="true"><span>${formatValue(unit, top)}</span><span>${formatValue(unit, 0)}</span></div>
<div class="canvas"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}: ${said(chart)}">${grounds}${grid}${paths}</svg></div>
<div class="scale times" aria-hidden="true"><span>${first} s</span><span>${rounded((first + end) / 2)} s</span><span>${end} s</span></div>
</div>
</figure>`;
}

function said({ unit, lines }: Drawn): string {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  if (values.length === 0) return "nothing to tell";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `from ${formatValue(unit, least)} to ${formatValue(unit, most)}. The table by phase says more.`;
}

/** Interrupted where there is nothing to tell. A lone point is a line too short to be seen but for its round ends. */
function pathOf(
  values: readonly (number | null)[],
  timeline: readonly ChaosSecond[],
  { x, y }: { readonly x: (second: number) => number; readonly y: (value: number) => number },
): string {
  const parts: string[] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const goesOn = (values[index - 1] ?? null) !== null;
    const isLone = !goesOn && (values[index + 1] ?? null) === null;
    const place = `${x((timeline[index]?.second ?? 0) + 0.5)} ${y(value)}`;
    parts.push(`${goesOn ? "L" : "M"}${place}${isLone ? "h0.1" : ""}`);
  }
  return parts.join("");
}

const rounded = (value: number): number => Number(value.toFixed(1));
