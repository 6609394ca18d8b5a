// Behind and above a chart's lines: when nobody reported, and what happened.

import type uPlot from "uplot";
import type { Chart } from "../charts/chart.ts";

/** By the kind of what happened, the name of a colour. */
const COLOURS: Readonly<Record<string, string>> = {
  purge: "--tone-2",
  policy: "--tone-3",
  deployment: "--ink",
  chaos: "--bad",
  alert: "--bad",
};

export function gapsAndMarks(current: () => Chart, colour: (name: string) => string): uPlot.Plugin {
  return {
    hooks: {
      drawClear(plot) {
        const { ctx, bbox } = plot;
        ctx.fillStyle = colour("--rail");
        for (const [from, to] of current().gaps) {
          const [begin, end] = [plot.valToPos(from, "x", true), plot.valToPos(to, "x", true)];
          ctx.fillRect(begin, bbox.top, end - begin, bbox.height);
        }
      },
      draw(plot) {
        const { ctx, bbox } = plot;
        const { times, step, marks } = current();
        const [first = 0, last = 0] = [times[0], (times.at(-1) ?? 0) + step];
        ctx.save();
        ctx.lineWidth = devicePixelRatio;
        for (const { at, kind } of marks) {
          if (at < first || at > last) continue;
          const x = Math.round(plot.valToPos(at, "x", true));
          ctx.strokeStyle = colour(COLOURS[kind] ?? "--unknown");
          ctx.setLineDash(kind === "deployment" ? [] : [3 * devicePixelRatio, 2 * devicePixelRatio]);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}
