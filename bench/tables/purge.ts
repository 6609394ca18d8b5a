// Purges and changes of policy under load.

import type { PoliciesResult } from "../policies.ts";
import type { PurgeResult } from "../purge.ts";
import type { Spread } from "../spread.ts";
import { claimed, count, milliseconds, table } from "./format.ts";
import { tableOf } from "./render.ts";

const row = (name: string, { p50, p99, max }: Spread) => [name, ...[p50, p99, max].map(milliseconds)];
const HEADINGS = ["", "p50", "p99", "most"];

export const purgeTables = {
  purge: tableOf<PurgeResult>((result) => {
    const { edges, requestsPerSecond, purgesPerSecond, purges, servedOld, receiptsThatLied } = result;
    const rows = [
      row("the slowest edge had applied it, by the receipt", result.convergenceMs),
      row("the purge was acknowledged", result.acknowledgedMs),
      row("requests, from the instant at which they were due", result.requestMs),
    ];
    const about = `${edges} edges, ${requestsPerSecond} requests and ${purgesPerSecond} purges a second, ${count(purges)} purges. Answers with purged content to requests sent after the acknowledgement: ${servedOld.count}; receipts that an outside client's answers contradict: ${receiptsThatLied}; requests that failed: ${result.requestsFailed}.`;
    return claimed(result, `${table(HEADINGS, rows)}\n\n${about}`, [result.verdict]);
  }),
  policies: tableOf<PoliciesResult>((result) => {
    const { edges, requestsPerSecond, changesPerSecond, changes, appliedByAll, wentBack } = result;
    const rows = [
      row("an edge answered by it", result.firstSeenMs),
      row("all had", result.reachedAllMs),
      row("it was acknowledged, naming its position", result.acknowledgedMs),
    ];
    const about = `${edges} edges, ${requestsPerSecond} requests and ${changesPerSecond} changes a second, ${changes} changes: ${appliedByAll} answers named all edges as having applied it; answers by an older policy than before: ${wentBack}; requests to the origin meanwhile: ${result.originRequests}.`;
    const headings = ["from sending the change", ...HEADINGS.slice(1)];
    return claimed(result, `${table(headings, rows)}\n\n${about}`, [result.verdict]);
  }),
};
