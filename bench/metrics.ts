// Figures: whether they are what an outside client counts, and what counting costs a hit in memory.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Verdict } from "./claim.ts";
import { alternate, type Side, side, type Target } from "./hit/rounds.ts";
import { startOrigin } from "./hit/stage.ts";
import { type Exactness, measureExactness } from "./metrics/exactness.ts";
import { startSystem } from "./outside/start-system.ts";

export interface MetricsResult {
  readonly name: "metrics";
  readonly exactness: Exactness;
  /** Requests a second of an edge that counts over those of one that doesn't, medians. */
  readonly rateRatio: number;
  /** CPU a request of the one that doesn't over that of the one that does, medians. */
  readonly cpuRatio: number | null;
  readonly rounds: number;
  readonly on: Side;
  readonly off: Side;
  readonly verdict: Verdict;
}

export async function benchMetrics(quick: boolean): Promise<MetricsResult> {
  const cost = await measureCost(quick);
  const exactness = await measureExactness(quick ? 6000 : 200_000);
  return { name: "metrics", exactness, ...cost, verdict: verdictOn(exactness) };
}

export function verdictOn({ answered, missing, crash }: Exactness): Verdict {
  const above = Object.entries(missing).flatMap(([kind, of]) =>
    Object.entries(of).flatMap(([result, count]) => (count === 0 ? [] : [`${kind} ${result}: ${count}`])),
  );
  if (Object.keys(answered).length === 0) above.push("nothing was answered");
  if (crash.missing < 0 || crash.missing > crash.inLastPeriod)
    above.push(`${crash.missing} missing of ${crash.inLastPeriod} that the killed edge gave last`);
  const claim =
    "figures are what an outside client counted, but for what a killed edge gave since its last report";
  return { claim, met: above.length === 0, above };
}

async function measureCost(quick: boolean): Promise<Omit<MetricsResult, "name" | "exactness" | "verdict">> {
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const origin = await startOrigin({ size: 1024 });
  const cluster = await startSystem({ dir, origin, edges: 2, lastUncounted: true });
  try {
    const [counting, silent] = cluster.edges.map(
      (edge): Target => ({ port: Number(new URL(edge.url).port), pid: edge.pid() ?? 0, rounds: [] }),
    );
    if (counting === undefined || silent === undefined) throw new Error("there are fewer than two edges");
    await alternate([counting, silent], {
      rounds: quick ? 3 : 15,
      roundMs: quick ? 1000 : 2000,
      warmMs: 2000,
    });
    const [on, off] = [side(counting.rounds), side(silent.rounds)];
    return {
      rateRatio: on.perSecond / off.perSecond,
      cpuRatio: on.cpuMicros === null || off.cpuMicros === null ? null : off.cpuMicros / on.cpuMicros,
      ...{ rounds: counting.rounds.length, on, off },
    };
  } finally {
    await cluster.stop();
    origin.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
