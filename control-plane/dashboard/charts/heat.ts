// The load of each shard over time, as a strip a shard: what its cells show.

import type { CacheMetricsSeries } from "../../../client/schemas.ts";
import type { Chart, Line, Mark } from "./chart.ts";
import { fromFirstReport } from "./series-charts.ts";

type Series = Pick<CacheMetricsSeries, "stepSeconds" | "points">;
type SeriesPoint = Series["points"][number];

export interface HeatCell {
  readonly perSecond: number;
  readonly errors: number;
}

export interface HeatRow {
  readonly shard: string;
  /** By column; null where nobody reported. */
  readonly cells: readonly (HeatCell | null)[];
}

export interface Heat {
  /** Seconds since 1970: when each column begins, and how long all but the last are. */
  readonly times: readonly number[];
  readonly step: number;
  readonly until: number;
  readonly rows: readonly HeatRow[];
  /** Requests a second of the hottest cell. */
  readonly most: number;
  readonly marks: readonly Mark[];
}

/** Wider ones could not be told apart on a telephone, and every cell is an element of the page. */
const COLUMNS = 60;
const CELLS = 480;

/** `shards`: those that are in the map, asked for anything or not. */
export function heatOf(
  { stepSeconds, points: all }: Series,
  { shards, marks }: { readonly shards: readonly string[]; readonly marks: readonly Mark[] },
): Heat {
  const points = fromFirstReport(all);
  const names = [...new Set([...shards, ...points.flatMap((point) => Object.keys(point.shards))])];
  const columns = Math.min(COLUMNS, Math.max(1, Math.floor(CELLS / Math.max(1, names.length))));
  const each = Math.max(1, Math.ceil(points.length / columns));
  const groups = Array.from({ length: Math.ceil(points.length / each) }, (_, at) =>
    points.slice(at * each, (at + 1) * each),
  );
  const rows = names.map((shard) => ({
    shard,
    cells: groups.map((group) => cellOf(group, shard, stepSeconds)),
  }));
  return {
    times: groups.map(([first]) => secondsAt(first)),
    step: each * stepSeconds,
    until: secondsAt(points.at(-1)) + stepSeconds,
    rows,
    most: Math.max(0, ...rows.flatMap(({ cells }) => cells.map((cell) => cell?.perSecond ?? 0))),
    marks,
  };
}

const secondsAt = (point: SeriesPoint | undefined): number =>
  point === undefined ? 0 : Date.parse(point.at) / 1000;

function cellOf(group: Series["points"], shard: string, stepSeconds: number): HeatCell | null {
  const heard = group.filter(({ reports }) => reports > 0);
  if (heard.length === 0) return null;
  let [asked, errors] = [0, 0];
  for (const { shards } of heard) {
    const of = shards[shard];
    asked += (of?.hits ?? 0) + (of?.misses ?? 0) + (of?.errors ?? 0);
    errors += of?.errors ?? 0;
  }
  return { perSecond: asked / (heard.length * stepSeconds), errors };
}

/** 0 for nothing, 5 for as much as any cell has. */
export const heatLevel = (cell: HeatCell, most: number): number =>
  most === 0 ? 0 : Math.ceil((cell.perSecond / most) * 5);

/** The same as lines, for its table: of errors only those shards' that had any. */
export function heatAsChart({ rows, times, step, marks }: Heat): Chart {
  const lines = rows.flatMap(({ shard, cells }): Line[] => {
    const load = { name: shard, tone: 0, values: cells.map((cell) => cell?.perSecond ?? null) };
    if (cells.every((cell) => (cell?.errors ?? 0) === 0)) return [load];
    const failed = cells.map((cell) => (cell === null ? null : cell.errors / step));
    return [load, { name: `${shard}, errors`, tone: 4, values: failed }];
  });
  return {
    ...{ id: "heat", title: "Load of each shard", unit: "perSecond", times, step },
    ...{ lines, marks, gaps: [], least: 1 },
  };
}
