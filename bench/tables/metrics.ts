// Figures beside what an outside client counted.

import type { MetricsResult } from "../metrics.ts";
import { claimed, count, fixed, ratio, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const metricsTables = {
  metrics: tableOf<MetricsResult>((result) => {
    const { exactness, rateRatio, cpuRatio } = result;
    const { requests, missing, crash } = exactness;
    const differ = Object.values(missing).flatMap((of) => Object.values(of)).length;
    const rows = [
      [
        `${count(requests)} requests over two edges, the first half: classes and results that differ`,
        String(differ),
      ],
      [
        "one of them killed in the second half: answers that are missing, of those it gave in its last period",
        `${crash.missing} of ${count(crash.inLastPeriod)}`,
      ],
      ["what the figures say of it", `${crash.lost.lives} life, up to ${count(crash.lost.upToMs)} ms`],
      [
        "an edge that counts over one that doesn't: rate, CPU a request",
        `${ratio(rateRatio)}, ${fixed(cpuRatio, 2)}`,
      ],
    ];
    return claimed(result, table(["", ""], rows), [result.verdict]);
  }),
};
