// Crowds on keys in four states.

import type { CrowdResult } from "../crowd.ts";
import { median } from "../http-load.ts";
import { claimed, fixed, microseconds, milliseconds, ratio, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const crowdTables = {
  crowd: tableOf<CrowdResult>((result) => {
    const { expiredToFresh, staleToFresh } = result.verdict;
    const row = (name: string, kind: "fresh" | "stale" | "expired" | "cold", toFresh: number | null) => {
      const { p50Ms, p99Ms, p99MsByRound, originRequestsByRound, cpuMicros, failed } = result[kind];
      const asked = [Math.min(...originRequestsByRound), Math.max(...originRequestsByRound)];
      return [
        ...[name, milliseconds(p50Ms), milliseconds(p99Ms), milliseconds(median(p99MsByRound))],
        ...[toFresh === null ? null : ratio(toFresh), microseconds(cpuMicros)],
        ...[asked[0] === asked[1] ? fixed(asked[0] ?? null, 0) : asked.join(" to "), failed],
      ];
    };
    const rows = [
      row("fresh everywhere", "fresh", null),
      row("within its stale window", "stale", staleToFresh.ofMedians),
      row("expired", "expired", expiredToFresh.ofMedians),
      row("held by nobody", "cold", null),
    ];
    const headings = ["key", "p50", "p99", "p99, median of the rounds", "over a fresh key's"];
    const whole = [...headings, "CPU a request", "origin requests a crowd", "failed"];
    return claimed(result, table(whole, rows), [result.verdict]);
  }),
};
