// Rules about the origin: crowds that wait for it, and whether it can still be asked.

import { minutes, seconds } from "../../../shared/core/units.ts";
import type { Figures } from "../../metrics/show-metrics.ts";
import type { OriginRow } from "../../metrics/show-origin.ts";
import { type Basis, type Reading, type Rule, rule, share } from "../rule.ts";

const requestsOf = ({ classes }: Figures): number =>
  Object.values(classes).reduce((sum, { requests }) => sum + requests, 0);

/** Sent to the origin, whatever became of them. */
const sentTo = ({ answered, failed }: OriginRow): number => answered + failed;

/**
 * One reading a site: an origin that is dead is a small part of what goes to all of them. Sites with too few requests
 * to tell anything of are told of together.
 */
function eachSite(
  { origin: { bySite } }: Figures,
  { leastSample }: Basis,
  read: (row: OriginRow) => { readonly part: number; readonly whole: number },
): Reading[] {
  const rows = Object.entries(bySite).map(([site, row]) => ({ site, ...read(row) }));
  const small = rows.filter(({ whole }) => whole < leastSample);
  const total = (of: "part" | "whole"): number => small.reduce((sum, row) => sum + row[of], 0);
  return [
    ...rows.map(({ site, part, whole }) => share(part, whole, { site })),
    share(total("part"), total("whole"), { site: OTHERS }),
  ];
}

/** No site's name. */
const OTHERS = "all others";

const SENT = 'sum by (site) (rate(tidegate_tier_lookups_total{tier="origin"}[2m]))';
/** What never happened has no series. */
const rate = (series: string): string => `(sum by (site) (rate(${series}[2m])) or 0 * ${SENT})`;
const shed = (reasons: string): string => rate(`tidegate_origin_shed_total{reason=~"${reasons}"}`);

export const ORIGIN_RULES: readonly Rule[] = [
  rule({
    id: "stampede",
    title: "A crowd waits for the origin",
    severity: "ticket",
    unit: "ratio",
    figure: ({ classes }) =>
      Object.entries(classes).map(([name, { coalesced, requests }]) =>
        share(coalesced, requests, { class: name }),
      ),
    ...{ threshold: 0.2, clear: 0.1, for: seconds(30), leastSample: 500 },
    summary:
      "{value} of the requests of class {class} waited for another request's fetch, {threshold} is much",
    prometheus: {
      value:
        'sum by (class) (rate(tidegate_requests_total{result="coalesced"}[2m])) / sum by (class) (rate(tidegate_requests_total[2m]))',
      sample: "sum by (class) (increase(tidegate_requests_total[1m]))",
    },
  }),
  rule({
    id: "lease-waits",
    title: "Edges wait for one another's fetches",
    severity: "ticket",
    unit: "ratio",
    figure: (metrics) => [share(metrics.stampede.leaseWaits, requestsOf(metrics))],
    ...{ threshold: 0.05, clear: 0.02, for: seconds(30), leastSample: 500 },
    summary: "{value} waits for a lease a request, {threshold} is much",
    prometheus: {
      value: "sum(rate(tidegate_lease_waits_total[2m])) / sum(rate(tidegate_requests_total[2m]))",
      sample: "sum(increase(tidegate_requests_total[1m]))",
    },
  }),
  rule({
    id: "origin-saturated",
    title: "The origin gets as much at once as it may",
    severity: "ticket",
    unit: "ratio",
    figure: (metrics, basis) =>
      eachSite(metrics, basis, (row) => {
        const turnedAway = row.shed.concurrency + row.shed.queue;
        return { part: row.queued + turnedAway, whole: sentTo(row) + turnedAway };
      }),
    ...{ threshold: 0.2, clear: 0.05, for: seconds(30), leastSample: 50 },
    summary:
      "{site}: {value} of what is to go to the origin waits for a slot or is turned away, {threshold} is much",
    prometheus: {
      value: `(${rate("tidegate_origin_queued_total")} + ${shed("concurrency|queue")}) / (${SENT} + ${shed("concurrency|queue")})`,
      sample: `60 * (${SENT} + ${shed("concurrency|queue")})`,
    },
  }),
  rule({
    id: "origin-budget-spent",
    title: "The origin's budget is spent",
    severity: "ticket",
    unit: "ratio",
    figure: (metrics, basis) =>
      eachSite(metrics, basis, (row) => ({ part: row.shed.rate, whole: sentTo(row) + row.shed.rate })),
    ...{ threshold: 0.05, clear: 0.01, for: seconds(30), leastSample: 50 },
    summary: "{site}: {value} of what is to go to the origin is beyond its rate, {threshold} is much",
    prometheus: {
      value: `${shed("rate")} / (${SENT} + ${shed("rate")})`,
      sample: `60 * (${SENT} + ${shed("rate")})`,
    },
  }),
  rule({
    id: "origin-failing",
    title: "The origin fails",
    severity: "page",
    unit: "ratio",
    figure: (metrics, basis) =>
      eachSite(metrics, basis, (row) => {
        const { breaker } = row.shed;
        return { part: row.failed + breaker, whole: sentTo(row) + breaker };
      }),
    ...{ threshold: 0.2, clear: 0.05, for: seconds(20), clearFor: minutes(1), leastSample: 20 },
    summary: "{site}: {value} of what is to go to the origin gets no answer, {threshold} is too much",
    prometheus: {
      value: `(${rate('tidegate_tier_lookups_total{tier="origin",outcome="error"}')} + ${shed("breaker")}) / (${SENT} + ${shed("breaker")})`,
      sample: `60 * (${SENT} + ${shed("breaker")})`,
    },
  }),
];
