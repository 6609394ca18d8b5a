// Charts as somebody can point at them: drawn by uPlot in the place of the server's own drawings.

import uPlot from "uplot";
import { type Chart, formatTime, formatValue, type Line, topOf } from "../charts/chart.ts";
import { gapsAndMarks } from "./ground.ts";
import { pointedAt } from "./pointed-at.ts";

const HEIGHT = 150;

interface Drawn {
  readonly plot: uPlot;
  chart: Chart;
}

const drawn = new Map<string, Drawn>();

export function draw(charts: readonly Chart[]): void {
  for (const chart of charts) {
    const known = drawn.get(chart.id);
    if (known !== undefined && sameLines(known.chart, chart)) {
      known.chart = chart;
      known.plot.setData(dataOf(chart));
    } else {
      known?.plot.destroy();
      const place = document.querySelector<HTMLElement>(`[data-chart="${chart.id}"] [data-plot]`);
      if (place !== null) drawn.set(chart.id, plotIn(place, chart));
    }
  }
}

/** Colours are read when lines are drawn: another look draws them anew. */
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { plot } of drawn.values()) plot.redraw(false);
});

const widths = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries)
    for (const { plot } of drawn.values())
      if (plot.root.parentElement === target && contentRect.width > 0)
        plot.setSize({ width: contentRect.width, height: HEIGHT });
});

const sameLines = (a: Chart, b: Chart): boolean =>
  a.lines.length === b.lines.length && a.lines.every(({ name }, index) => b.lines[index]?.name === name);

const dataOf = ({ times, step, lines }: Chart): uPlot.AlignedData =>
  [times.map((at) => at + step / 2), ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;

function plotIn(place: HTMLElement, chart: Chart): Drawn {
  const current = (): Chart => drawn.get(chart.id)?.chart ?? chart;
  place.replaceChildren();
  place.closest(".plot")?.classList.add("drawn");
  const plot = new uPlot(optionsFor(place, chart, current), dataOf(chart), place);
  widths.observe(place);
  return { plot, chart };
}

function optionsFor(place: HTMLElement, chart: Chart, current: () => Chart): uPlot.Options {
  const font = '11px system-ui, "Noto Sans", sans-serif';
  const axis: uPlot.Axis = {
    ...{ font, stroke: () => colour("--muted"), ticks: { show: false }, gap: 4 },
    grid: { stroke: () => colour("--line"), width: 1 },
  };
  return {
    ...{ width: place.clientWidth, height: HEIGHT, legend: { show: false }, padding: [8, 20, 0, 0] },
    // In pixels of the canvas's own: times are shown as UTC, whatever the clock of whoever looks.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    cursor: { sync: { key: "tidegate" }, drag: { setScale: false, x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: () => rangeOf(current()) },
      y: { range: () => [0, topOf(current())] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        gap: 8,
        values: (_, splits) => splits.map((at) => formatTime(at, current().step)),
        space: 70,
      },
      {
        ...axis,
        size: 52,
        space: 34,
        values: (_, splits) => splits.map((value) => formatValue(current().unit, value)),
      },
    ],
    series: [{}, ...chart.lines.map(seriesOf)],
    plugins: [gapsAndMarks(current, colour), pointedAt(place, current)],
  };
}

function rangeOf({ times, step }: Chart): [number, number] {
  return [times[0] ?? 0, (times.at(-1) ?? 0) + step];
}

const seriesOf = ({ name, tone, filled }: Line): uPlot.Series => ({
  label: name,
  stroke: () => colour(`--tone-${tone}`),
  width: 1.6,
  ...(tone === 5 ? { dash: [4, 3] } : {}),
  ...(filled === true ? { fill: () => `${colour(`--tone-${tone}`)}28` } : {}),
  points: { show: false, filter: lonePoints, size: 4, fill: () => colour(`--tone-${tone}`) },
  spanGaps: false,
});

/** Between two gaps there is no line to be drawn. */
function lonePoints({ data }: uPlot, index: number): number[] {
  const values = data[index] ?? [];
  const isNothing = (at: number): boolean => (values[at] ?? null) === null;
  return [...values.keys()].filter((at) => !isNothing(at) && isNothing(at - 1) && isNothing(at + 1));
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
