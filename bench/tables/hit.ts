// The hit in memory beside the bare worker.

import type { HitResult } from "../hit.ts";
import { count, microseconds, milliseconds, ratio, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const hitTables = {
  hit: tableOf<HitResult>((result) => {
    const { edge, bare, rateRatio, cpuRatio } = result;
    const rows = [
      ["requests a second", count(edge.perSecond), count(bare.perSecond), ratio(rateRatio)],
      ["CPU a request", microseconds(edge.cpuMicros), microseconds(bare.cpuMicros), ratio(cpuRatio)],
      ["p50", milliseconds(edge.p50Ms), milliseconds(bare.p50Ms), null],
    ];
    return sourced(result, table(["", "edge", "bare worker", "ratio"], rows));
  }),
};
