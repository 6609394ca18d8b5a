// What a chart says of the point that somebody points at: its values, and what happened just then.

import type uPlot from "uplot";
import { type Chart, formatTime, formatValue } from "../charts/chart.ts";

export function pointedAt(place: HTMLElement, current: () => Chart): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "told";
  box.hidden = true;
  return {
    hooks: {
      init: () => place.append(box),
      setCursor(plot) {
        const { idx, left = -1 } = plot.cursor;
        // Charts move their cursors together; only the one that is pointed at says anything.
        box.hidden = idx === null || idx === undefined || left < 0 || !place.matches(":hover");
        if (box.hidden || idx === null || idx === undefined) return;
        box.replaceChildren(...linesAt(current(), idx));
        const width = box.offsetWidth;
        const at = left + plot.over.offsetLeft;
        box.style.left = `${at + width + 24 > place.clientWidth ? at - width - 12 : at + 12}px`;
        box.style.top = "0";
      },
    },
  };
}

function linesAt({ times, step, unit, lines, marks }: Chart, index: number): HTMLElement[] {
  const begin = times[index] ?? 0;
  const values = lines.map(({ name, values }) => row(name, formatValue(unit, values[index] ?? null)));
  const happened = marks
    .filter(({ at }) => at >= begin && at < begin + step)
    .map(({ at, text }) => row(formatTime(at, 1), text));
  return [row(formatTime(begin, step), ""), ...values, ...happened];
}

function row(name: string, value: string): HTMLElement {
  const line = document.createElement("div");
  for (const text of [name, value]) {
    const part = document.createElement("span");
    part.textContent = text;
    line.append(part);
  }
  return line;
}
