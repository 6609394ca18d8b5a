// The hot class under purges and losses.

import type { HotClassResult } from "../hot-class.ts";
import { count, fixed, milliseconds, sourced, table } from "./format.ts";
import { tableOf } from "./render.ts";

export const hotClassTables = {
  "hot-class": tableOf<HotClassResult>((result) => {
    const { report, claims, edges, shards, keys, zipf, requestsPerSecond, purgesPerSecond } = result;
    const { all, origin, offload, servedAfterMs, servedAfter } = report;
    const rows = [
      ["hits", `${fixed(100 * all.hitRatio, 2)} %`, verdict(claims[0]?.holds)],
      ["stale answers beyond Δ + 200 ms", report.violations.count, verdict(claims[1]?.holds)],
      ["client errors", all.errors, verdict(claims[2]?.holds)],
      ["fail-overs to another edge", all.failOvers, null],
      [
        "requests to the origin",
        `${count(origin.requests)}, offload ${fixed(100 * offload.requests, 2)} %`,
        null,
      ],
      ["served after a purge's acknowledgement, within Δ", `${servedAfter}${upTo(servedAfterMs?.max)}`, null],
      ["p50, p99, p99.9", percentiles(all.latencyMs), null],
    ];
    const about = `${edges} edges, ${shards} databases, ${count(keys)} keys, Zipf ${zipf}, ${requestsPerSecond} requests and ${purgesPerSecond} purge a second for ${result.seconds} s after a warm-up; an edge killed at ${result.edgeKilledAtSecond} s, a database emptied at ${result.shardFlushedAtSecond} s. Hits in the worst second: ${fixed(100 * Math.min(...result.perSecond.hitRatio), 1)} %.`;
    return sourced(result, `${table(["", "", "claim"], rows)}\n\n${about}`);
  }),
};

const verdict = (holds: boolean | undefined): string => (holds === true ? "met" : "missed");

const upTo = (most: number | undefined): string =>
  most === undefined ? "" : `, up to ${milliseconds(most)} after`;

const percentiles = (of: HotClassResult["report"]["all"]["latencyMs"]): string =>
  of === null ? "–" : [of.p50, of.p99, of.p999].map(milliseconds).join(", ");
