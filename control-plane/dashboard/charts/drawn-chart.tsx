// A chart as the server draws it: for whoever runs no script, and until the script has drawn its own.

import { type Chart, formatTime, formatValue, hasValues, type Line, topOf } from "./chart.ts";

const WIDTH = 640;
const HEIGHT = 120;

export function DrawnChart({ chart, note }: { readonly chart: Chart; readonly note?: string }) {
  const { id, title, times, step, unit } = chart;
  const top = topOf(chart);
  const [first = 0, last = 0] = [times[0], (times.at(-1) ?? 0) + step];
  const showsValues = hasValues(chart);
  return (
    <figure class="chart" id={`chart-${id}`} data-chart={id}>
      <figcaption>
        <span class="title">{title}</span>
        <Legend chart={chart} />
      </figcaption>
      <div class="plot">
        <div class="scale" aria-hidden="true">
          <span>{formatValue(unit, top)}</span>
          <span>{formatValue(unit, 0)}</span>
        </div>
        <div class="canvas" data-plot>
          <svg
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${summary(chart)}`}
          >
            <Ground chart={chart} from={first} to={last} />
            {chart.lines.map((line) => (
              <Drawn chart={chart} line={line} top={top} />
            ))}
          </svg>
          {showsValues ? null : <p class="empty">{note ?? "Nothing in this range."}</p>}
        </div>
        <div class="scale times" aria-hidden="true">
          <span>{formatTime(first, step)}</span>
          <span>{formatTime((first + last) / 2, step)}</span>
          <span>{formatTime(last, step)}</span>
        </div>
      </div>
      <ChartTable chart={chart} />
    </figure>
  );
}

const Legend = ({ chart }: { readonly chart: Chart }) => (
  <ul class="legend" aria-hidden="true">
    {chart.lines.map(({ name, tone }) => (
      <li>
        <svg width="14" height="8" viewBox="0 0 14 8" aria-hidden="true">
          <line x1="0" y1="4" x2="14" y2="4" class={`line tone-${tone}`} />
        </svg>
        {name}
      </li>
    ))}
  </ul>
);

function summary(chart: Chart): string {
  const said = chart.lines.map(({ name, values }) => {
    const last = values.findLast((value) => value !== null) ?? null;
    return `${name} ${last === null ? "nothing to tell" : formatValue(chart.unit, last)}`;
  });
  return `at last ${said.join(", ")}. The table below has it all.`;
}

const scaled = ({ times, step }: Chart): ((at: number) => number) => {
  const from = times[0] ?? 0;
  const length = (times.at(-1) ?? 0) + step - from || 1;
  return (at) => Number((((at - from) / length) * WIDTH).toFixed(1));
};

function Ground({ chart, from, to }: { readonly chart: Chart; readonly from: number; readonly to: number }) {
  const x = scaled(chart);
  return (
    <>
      {chart.gaps.map(([begin, end]) => (
        <rect class="gap" x={x(begin)} y="0" width={x(end) - x(begin)} height={HEIGHT}>
          <title>No edge reported</title>
        </rect>
      ))}
      {[0, 0.5, 1].map((part) => (
        <line class="grid" x1="0" x2={WIDTH} y1={HEIGHT * part} y2={HEIGHT * part} />
      ))}
      {chart.marks
        .filter(({ at }) => at >= from && at <= to)
        .map(({ at, kind, text }) => (
          <line class={`mark-line ${markClass(kind)}`} x1={x(at)} x2={x(at)} y1="0" y2={HEIGHT}>
            <title>{`${formatTime(at, 1)} ${text}`}</title>
          </line>
        ))}
    </>
  );
}

const KINDS = ["purge", "policy", "deployment", "chaos", "warmup", "shards", "alert"];

/** A kind of a later release has no look of its own yet. */
export const markClass = (kind: string): string => (KINDS.includes(kind) ? `mark-${kind}` : "mark-other");

function Drawn({ chart, line, top }: { readonly chart: Chart; readonly line: Line; readonly top: number }) {
  const x = scaled(chart);
  const runs = runsOf(line.values);
  const y = (value: number): number => Number((HEIGHT - (value / top) * HEIGHT).toFixed(1));
  const place = (index: number): number => x((chart.times[index] ?? 0) + chart.step / 2);
  return (
    <>
      {runs.map((run) => {
        const points = run.map(([index, value]) => `${place(index)} ${y(value)}`);
        const [begin, end] = [place(run[0]?.[0] ?? 0), place(run.at(-1)?.[0] ?? 0)];
        const path = `M${points.join("L")}`;
        // A lone point is a line too short to be seen, unless its ends are round.
        const shown = run.length === 1 ? `${path}h0.1` : path;
        return (
          <>
            {line.filled ? (
              <path class={`area tone-${line.tone}`} d={`${path}L${end} ${HEIGHT}L${begin} ${HEIGHT}Z`} />
            ) : null}
            <path class={`line tone-${line.tone}`} d={shown} />
          </>
        );
      })}
    </>
  );
}

/** Points that follow one another without a gap. */
function runsOf(values: readonly (number | null)[]): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  for (const [index, value] of values.entries()) {
    if (value !== null) run.push([index, value]);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return run.length > 0 ? [...runs, run] : runs;
}

/** No longer than somebody reads: every so-manieth point. */
const ROWS = 30;

export function ChartTable({ chart }: { readonly chart: Chart }) {
  const every = Math.max(1, Math.ceil(chart.times.length / ROWS));
  const shown = [...chart.times.entries()].filter(([index]) => index % every === 0);
  return (
    <details class="figures-table">
      <summary>
        As a table<span class="unseen">: {chart.title}</span>
      </summary>
      <section class="scroll" tabindex={0} aria-label={`${chart.title}, as a table`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {chart.lines.map(({ name }) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(([index, at]) => (
              <tr>
                <th scope="row">{formatTime(at, chart.step)}</th>
                {chart.lines.map(({ values }) => (
                  <td class="number">{formatValue(chart.unit, values[index] ?? null)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
