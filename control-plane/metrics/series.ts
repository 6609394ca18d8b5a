// Figures over a window as points of time, oldest first: what a chart is drawn from.

import type { Millis } from "../../shared/core/units.ts";
import { bucketsOver, type MetricBucket } from "../../shared/mid-tier/metric-buckets.ts";
import type { Unavailable } from "../../shared/ports/mid-tier.ts";
import { LIMITS } from "../config.ts";
import type { ControlPlane } from "../control-plane.ts";
import { countsOf } from "./counts.ts";
import { type SeriesPoint, type StepFigures, stepFigures } from "./series-point.ts";
import { shardPoints } from "./shard-points.ts";

export interface Series {
  readonly at: string;
  readonly windowSeconds: number;
  readonly stepSeconds: number;
  readonly points: readonly SeriesPoint[];
}

export type SeriesOutcome = { readonly kind: "series"; readonly series: Series } | Unavailable;

type Ports = Pick<ControlPlane, "edges" | "metrics" | "settledSteps">;

export async function readSeries(plane: Ports, window: Millis, site: string | null): Promise<SeriesOutcome> {
  const known = await plane.edges.read();
  if (known.kind === "unavailable") return known;
  const { now } = known.directory;
  const { step, buckets } = bucketsOver(window, now);
  const outcome = await readSteps(plane, { buckets, settledBefore: now - step - LIMITS.bucketSettles, site });
  if (outcome.kind === "unavailable") return outcome;
  const shards = shardPoints(outcome.steps.map((each) => each.shards));
  const series = {
    at: new Date(now).toISOString(),
    windowSeconds: window / 1000,
    stepSeconds: step / 1000,
    points: outcome.steps.map(({ point }, at) => ({ ...point, shards: shards[at] ?? {} })),
  };
  return { kind: "series", series };
}

interface Steps {
  readonly buckets: readonly MetricBucket[];
  /** Redis TIME: nobody adds to what began before. */
  readonly settledBefore: number;
  readonly site: string | null;
}

async function readSteps(
  { metrics, settledSteps }: Ports,
  { buckets, settledBefore, site }: Steps,
): Promise<{ readonly kind: "steps"; readonly steps: readonly StepFigures[] } | Unavailable> {
  const found = new Map<string, StepFigures>();
  for (const { key } of buckets) {
    const settled = settledSteps.of(key, site);
    if (settled !== null) found.set(key, settled);
  }
  const lacking = buckets.filter(({ key }) => !found.has(key));
  const outcome = await metrics.read(lacking, ({ key, start }, counts) => {
    const figures = stepFigures(start, countsOf(counts, site));
    found.set(key, figures);
    if (start < settledBefore) settledSteps.keep(key, site, figures);
  });
  if (outcome.kind === "unavailable") return outcome;
  return { kind: "steps", steps: buckets.flatMap(({ key }) => found.get(key) ?? []) };
}
