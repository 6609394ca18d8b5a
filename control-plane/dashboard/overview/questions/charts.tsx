// The charts beside a question: drawn from the series, or why there are none.

import type { Chart } from "../../charts/chart.ts";
import { DrawnChart } from "../../charts/drawn-chart.tsx";
import type { ChartName } from "../../charts/series-charts.ts";

export type Charts = Readonly<Record<ChartName, Chart>> | null;

/** Two lie beside each other where there is room. */
export const ChartsOf = ({
  charts,
  names,
}: {
  readonly charts: Charts;
  readonly names: readonly ChartName[];
}) =>
  charts === null ? null : (
    <div class={names.length > 1 ? "pair" : undefined}>
      {names.map((name) => (
        <DrawnChart chart={charts[name]} />
      ))}
    </div>
  );
