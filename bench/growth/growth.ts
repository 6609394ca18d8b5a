// How cost grows with policies, tags, the log, the index, keys and edges: on the way of a hit nothing may grow faster than a logarithm.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Axis, measureAxis } from "./axis.ts";
import { CORE_AXES } from "./core.ts";
import { type EdgesGrowth, measureEdges } from "./edges.ts";
import { type LiveGrowth, measureLive } from "./live.ts";
import { type Grown, grown, type Point } from "./verdict.ts";

export interface GrowthResult {
  readonly name: "growth";
  readonly rounds: number;
  readonly axes: readonly GrownAxis[];
  readonly live: LiveGrowth & { readonly ratio: number | null };
  readonly edges: readonly EdgesGrowth[];
  readonly verdict: { readonly claim: string; readonly met: boolean; readonly above: readonly string[] };
}

export interface GrownAxis extends Omit<Axis, "prepare" | "sizes" | "batch">, Grown {
  readonly points: readonly Point[];
}

/** Of a hit's CPU in an edge that has much of everything, over that in one that has little. */
const MOST_LIVE = 1.25;

export async function benchGrowth(quick: boolean): Promise<GrowthResult> {
  const rounds = quick ? 5 : 11;
  const axes = CORE_AXES.map(({ prepare, sizes, batch, ...axis }): GrownAxis => {
    const points = measureAxis({ ...axis, prepare, sizes, ...(batch !== undefined && { batch }) }, rounds);
    return { ...axis, points, ...grown(points) };
  });
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  try {
    const live = await measureLive(dir, quick);
    const edges: EdgesGrowth[] = [];
    for (const count of quick ? [1, 4] : [1, 2, 4, 8, 16])
      edges.push(await measureEdges(dir, count, quick ? 10 : 30));
    return resultOf(rounds, { axes, live, edges });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function resultOf(
  rounds: number,
  { axes, live, edges }: { axes: readonly GrownAxis[]; live: LiveGrowth; edges: readonly EdgesGrowth[] },
): GrowthResult {
  const ratio = liveRatio(live.sides);
  return {
    ...{ name: "growth", rounds, axes, edges, live: { ...live, ratio } },
    verdict: verdictOf(axes, ratio),
  };
}

/** Of the dearest side over the first; null where the CPU of one of them could not be told. */
export function liveRatio(sides: LiveGrowth["sides"]): number | null {
  const [little, ...much] = sides.map(({ cpuMicros }) => cpuMicros);
  const told = much.filter((cpu) => cpu !== null);
  return little == null || told.length === 0 || told.length < much.length ? null : Math.max(...told) / little;
}

/** What was not measured is not met, and said to be above. */
export function verdictOf(
  axes: readonly Pick<GrownAxis, "name" | "what" | "when" | "growth">[],
  ratio: number | null,
): GrowthResult["verdict"] {
  const above = axes
    .filter(({ when, growth }) => when === "hit" && growth === "faster")
    .map(({ name, what }) => `${name}: ${what}`);
  if (ratio === null) above.push("a hit in a running edge: its CPU could not be told");
  else if (ratio > MOST_LIVE) above.push("a hit in an edge that has much of everything");
  return {
    claim: `on the way of a hit nothing grows faster than a logarithm, and much of everything costs a hit at most ${MOST_LIVE} times the CPU`,
    ...{ met: above.length === 0, above },
  };
}
