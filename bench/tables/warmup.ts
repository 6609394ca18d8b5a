// A warm-up whose control plane is killed.

import type { WarmupResult } from "../warmup.ts";
import { claimed, count, fixed, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const warmupTables = {
  warmup: tableOf<WarmupResult>((result) => {
    const { job, origin, killed, seconds, urls, budget, afterwards } = result;
    const rows = [
      ["fetched, failed", `${count(job.done)}, ${job.failed}`],
      ["asked for twice, left out", `${origin.askedAgain}, ${origin.missing}`],
      [`most in any second (${budget.rate + budget.burst} allowed)`, count(origin.mostInASecond)],
      ["from the kill until the job went on", `${fixed(killed.wentOnAfterMs / 1000, 1)} s`],
      ["in all", `${fixed(seconds, 0)} s, ${fixed(urls / seconds, 0)} a second`],
      [
        "asked for afterwards at every edge: held in its memory; asked of the origin",
        `${afterwards.held} of ${afterwards.asked}; ${afterwards.originRequests}`,
      ],
    ];
    return claimed(result, table(["", ""], rows), [result.verdict]);
  }),
};
