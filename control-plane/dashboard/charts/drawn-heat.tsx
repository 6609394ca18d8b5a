// The strips of the shards' load as the server draws them: a row a shard, a column a span of time.

import type { Child } from "hono/jsx";
import { formatTime, formatValue } from "./chart.ts";
import { ChartTable, markClass } from "./drawn-chart.tsx";
import { type Heat, type HeatRow, heatAsChart, heatLevel } from "./heat.ts";

interface DrawnHeatProps {
  readonly heat: Heat;
  /** What stands beside a shard's name. */
  readonly beside: (shard: string) => Child;
}

export function DrawnHeat({ heat, beside }: DrawnHeatProps) {
  const [from, step] = [heat.times[0] ?? 0, heat.step];
  return (
    <figure class="chart heat">
      <figcaption>
        <span class="title">Load of each shard</span>
        <Legend most={heat.most} />
      </figcaption>
      <div class="strips">
        {heat.rows.map((row) => (
          <>
            <div class="name">{beside(row.shard)}</div>
            <Strip row={row} heat={heat} />
          </>
        ))}
        <div class="scale times" aria-hidden="true">
          <span>{formatTime(from, step)}</span>
          <span>{formatTime((from + heat.until) / 2, step)}</span>
          <span>{formatTime(heat.until, step)}</span>
        </div>
      </div>
      <ChartTable chart={heatAsChart(heat)} />
    </figure>
  );
}

const Legend = ({ most }: { readonly most: number }) => (
  <ul class="legend" aria-hidden="true">
    <li>
      <svg width="60" height="10" viewBox="0 0 5 1" preserveAspectRatio="none" aria-hidden="true">
        {[1, 2, 3, 4, 5].map((level) => (
          <rect class={`heat-${level}`} x={level - 1} width="1" height="1" />
        ))}
      </svg>
      up to {formatValue("perSecond", most)}
    </li>
    <li>
      <svg width="12" height="10" viewBox="0 0 12 10" aria-hidden="true">
        <rect class="failed" y="7" width="12" height="3" />
      </svg>
      errors
    </li>
    <li>
      <svg width="12" height="10" viewBox="0 0 12 10" aria-hidden="true">
        <rect class="unheard" y="4.5" width="12" height="1" />
      </svg>
      no report
    </li>
  </ul>
);

const HEIGHT = 20;

function Strip({ row, heat }: { readonly row: HeatRow; readonly heat: Heat }) {
  const { times, step, most, marks, until } = heat;
  const from = times[0] ?? 0;
  const width = (until - from) / step || 1;
  const x = (at: number): number => Number(((at - from) / step).toFixed(2));
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${Number(width.toFixed(2))} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary(row, heat)}
    >
      {row.cells.map((cell, at) => {
        // The last column may be of fewer steps than the others.
        const wide = Number(Math.min(1, width - at).toFixed(2));
        if (cell === null) return <rect class="unheard" x={at} y="9" width={wide} height="2" />;
        const level = heatLevel(cell, most);
        if (level === 0) return null;
        const said = [formatTime(times[at] ?? 0, step), formatValue("perSecond", cell.perSecond)];
        if (cell.errors > 0) said.push(`${formatValue("count", cell.errors)} errors`);
        return (
          <g>
            <title>{said.join(", ")}</title>
            <rect class={`heat-${level}`} x={at} width={wide} height={HEIGHT} />
            {cell.errors > 0 ? <rect class="failed" x={at} y="14" width={wide} height="6" /> : null}
          </g>
        );
      })}
      {marks
        .filter(({ at }) => at >= from && at <= until)
        .map(({ at, kind }) => (
          <line class={`mark-line ${markClass(kind)}`} x1={x(at)} x2={x(at)} y1="0" y2={HEIGHT} />
        ))}
    </svg>
  );
}

function summary({ shard, cells }: HeatRow, { times, step }: Heat): string {
  const loads = cells.map((cell) => cell?.perSecond ?? 0);
  const most = Math.max(0, ...loads);
  if (most === 0) return `${shard}: asked for nothing.`;
  const failed = cells.filter((cell) => (cell?.errors ?? 0) > 0).length;
  const unheard = cells.filter((cell) => cell === null).length;
  return [
    `${shard}: at most ${formatValue("perSecond", most)}, at ${formatTime(times[loads.indexOf(most)] ?? 0, step)}`,
    failed === 0 ? "no errors" : `errors in ${failed} of ${cells.length} columns`,
    ...(unheard === 0 ? [] : [`no report in ${unheard}`]),
  ].join("; ");
}
