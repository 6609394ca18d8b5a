// Keys that are seldom asked for, with the refresher and without.

import type { RefreshResult } from "../refresh.ts";
import { count, fixed, milliseconds, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const refreshTables = {
  refresh: tableOf<RefreshResult>((result) => {
    const { with: on, without: off, renewals, edges, keys, lifeSeconds } = result;
    const both = (of: (side: RefreshResult["with"]) => string): string[] => [of(on), of(off)];
    const rows = [
      ["requests that found an answer", ...both(({ hitRatio }) => `${fixed(100 * hitRatio, 1)} %`)],
      [
        "p50, p99",
        ...both(({ requestMs }) => `${milliseconds(requestMs.p50)}, ${milliseconds(requestMs.p99)}`),
      ],
      [
        "requests to the origin, answered by 304",
        ...both(({ originRequests, notModified }) => `${count(originRequests)}, ${count(notModified)}`),
      ],
    ];
    const renewed = Object.entries(renewals).map(([name, number]) => `${name} ${count(number)}`);
    const about = `${edges} edges, ${keys} keys that live for ${lifeSeconds} s, each asked for every ${result.secondsBetweenRequests} s; ${result.measuredSeconds} s after ${result.learningSeconds}. Renewals: ${renewed.join(", ")}.`;
    return sourced(result, `${table(["", "with the refresher", "without"], rows)}\n\n${about}`);
  }),
};
