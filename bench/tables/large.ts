// Reads of a large body.

import type { LargeResult } from "../large.ts";
import { claimed, fixed, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const largeTables = {
  large: tableOf<LargeResult>((result) => {
    const { steps, mebibytes, beforeMiB, grownMiB, verdict } = result;
    const rows = steps.map(({ step, originRequests, originMiB, seconds, mostMiB }) => [
      ...[step, originRequests, originMiB === 0 ? 0 : `${fixed(originMiB, originMiB < 10 ? 2 : 0)} MiB`],
      ...[`${fixed(seconds, seconds < 10 ? 2 : 0)} s`, mostMiB === null ? "–" : `${mostMiB} MiB`],
    ]);
    const headings = ["", "origin requests", "origin sent", "time", "memory at most"];
    const memory = `workerd began with ${beforeMiB ?? "–"} MiB, and took ${grownMiB ?? "–"} MiB more for the whole than for a quarter`;
    const about = `A file of ${mebibytes} MiB; ${memory}.`;
    return claimed(result, `${table(headings, rows)}\n\n${about}`, [verdict]);
  }),
};
