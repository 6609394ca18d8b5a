// The series of the figures as charts: which lines answer which question.

import type { CacheMetricsSeries } from "../../../client/schemas.ts";
import { mebibytes } from "../../../shared/core/units.ts";
import type { Chart, Line, Mark, Unit } from "./chart.ts";
import { toneOf } from "./tone.ts";

type Series = Pick<CacheMetricsSeries, "stepSeconds" | "points">;
type SeriesPoint = Series["points"][number];

/** Fewer requests than these in one step make no ratio: three misses of four are no drop. */
const FEW_IN_A_STEP = 5;

export type ChartName =
  | "ratio"
  | "requests"
  | "latency"
  | "origin"
  | "stampede"
  | "stale"
  | "convergence"
  | "journal"
  | "memory"
  | "lag";

export function chartsOf(
  { stepSeconds: step, points: all }: Series,
  { marks, only }: { readonly marks: readonly Mark[]; readonly only: string | null },
): Record<ChartName, Chart> {
  const points = fromFirstReport(all);
  const times = points.map(({ at }) => Date.parse(at) / 1000);
  const frame = { times, step, marks, gaps: gapsIn(points, times, step) };
  const line = (
    name: string,
    tone: number,
    value: (point: SeriesPoint) => number | null,
    filled = false,
  ): Line => ({
    ...{ name, tone, filled },
    values: points.map((point) => (point.reports === 0 ? null : value(point))),
  });
  const chart = (id: ChartName, title: string, unit: Unit, lines: readonly Line[], least = 1): Chart => ({
    ...{ ...frame, id, title, unit, lines, least },
  });
  return {
    ratio: chart("ratio", "Hit ratio", "ratio", ratioLines(points, line, only)),
    requests: chart("requests", "Requests a second", "perSecond", requestLines(line, step, only)),
    latency: chart("latency", "Latency at the edge", "ms", [
      line("p99", 1, ({ p99Ms }) => p99Ms),
      line("p50", 0, ({ p50Ms }) => p50Ms),
    ]),
    origin: chart("origin", "Asked of the origin, and spared", "count", [
      line("coalesced", 0, ({ coalesced }) => coalesced, true),
      line("fetches", 1, ({ originFetches }) => originFetches),
      line("turned away", 4, ({ shed }) => shed),
    ]),
    stampede: chart("stampede", "At once, and waiting", "count", [
      line("at the origin at once", 1, ({ originConcurrencyMax }) => originConcurrencyMax),
      line("waits for a lease", 2, ({ leaseWaits }) => leaseWaits),
    ]),
    stale: chart("stale", "Reads judged, and violations", "count", [
      line("judged", 0, ({ sampled }) => sampled, true),
      line("violations", 4, ({ violations }) => violations),
    ]),
    convergence: chart("convergence", "From acceptance to every edge, p99", "ms", [
      line("p99", 0, ({ convergenceP99Ms }) => convergenceP99Ms),
    ]),
    journal: chart("journal", "Writes that wait for the origin", "count", [
      line("waiting", 0, ({ journalPending }) => journalPending, true),
    ]),
    memory: chart(
      "memory",
      "Memory of all shards",
      "bytes",
      [line("memory", 0, ({ memoryBytes }) => memoryBytes, true)],
      mebibytes(1),
    ),
    lag: chart("lag", "Replication lag", "ms", [line("lag", 1, ({ replicationLagMs }) => replicationLagMs)]),
  };
}

/** Points that a chart shows at least, however lately the first edge reported. */
const LEAST_SHOWN = 18;

/** What came before anybody reported for the first time is no gap: a new cluster's charts begin where it does. */
export function fromFirstReport(points: Series["points"]): Series["points"] {
  const first = points.findIndex(({ reports }) => reports > 0);
  return points.slice(Math.max(0, Math.min(first - 1, points.length - LEAST_SHOWN)));
}

type MakeLine = (
  name: string,
  tone: number,
  value: (point: SeriesPoint) => number | null,
  filled?: boolean,
) => Line;

function ratioLines(points: readonly SeriesPoint[], line: MakeLine, only: string | null): Line[] {
  const names = [...new Set(points.flatMap(({ classes }) => Object.keys(classes)))].sort();
  const ofClass = (name: string): Line =>
    line(name, toneOf(name), ({ classes }) => {
      const figures = classes[name];
      return figures === undefined || figures.requests < FEW_IN_A_STEP ? null : figures.hitRatio;
    });
  if (only !== null) return [ofClass(only)];
  const all = line("all", 5, ({ requests, hitRatio }) => (requests < FEW_IN_A_STEP ? null : hitRatio));
  return [...names.map(ofClass), ...(names.length > 1 ? [all] : [])];
}

function requestLines(line: MakeLine, step: number, only: string | null): Line[] {
  if (only !== null)
    return [line(only, toneOf(only), ({ classes }) => (classes[only]?.requests ?? 0) / step, true)];
  return [
    line("requests", 0, ({ requests }) => requests / step, true),
    line("errors", 4, ({ errors }) => errors / step),
  ];
}

function gapsIn(points: readonly SeriesPoint[], times: readonly number[], step: number): [number, number][] {
  const gaps: [number, number][] = [];
  for (const [index, { reports }] of points.entries()) {
    const from = times[index] ?? 0;
    if (reports > 0) continue;
    const last = gaps.at(-1);
    if (last !== undefined && last[1] >= from) last[1] = from + step;
    else gaps.push([from, from + step]);
  }
  return gaps;
}
