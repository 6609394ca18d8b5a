// The charts beside a question: drawn from the series, or why there are none.

import type { Chart, Mark } from "../../charts/chart.ts";
import { DrawnChart, markClass } from "../../charts/drawn-chart.tsx";
import type { ChartName } from "../../charts/series-charts.ts";
import { safeLink } from "../../frame/format.ts";
import { Short, When } from "../../frame/parts.tsx";

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

/** What happened last, in words: the lines on the charts are these. */
export function Happened({ marks }: { readonly marks: readonly Mark[] }) {
  const last = marks.toReversed().slice(0, SHOWN);
  if (last.length === 0) return null;
  return (
    <div class="happened">
      <h3>Marked on the charts</h3>
      <ul>
        {last.map(({ at, kind, text, link }) => (
          <li>
            <svg width="8" height="14" viewBox="0 0 8 14" aria-hidden="true">
              <line class={`mark-line ${markClass(kind)}`} x1="4" x2="4" y1="0" y2="14" />
            </svg>
            <When at={new Date(at * 1000).toISOString()} /> <Linked link={safeLink(link)} text={text} />
          </li>
        ))}
      </ul>
    </div>
  );
}

const SHOWN = 6;

const Linked = ({ link, text }: { readonly link: string | null; readonly text: string }) =>
  link === null ? (
    <Short text={text} />
  ) : (
    <a href={link}>
      <Short text={text} />
    </a>
  );
