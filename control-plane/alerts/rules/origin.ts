// Rules about the origin: crowds that wait for it, and whether it can still be asked.

import { minutes, seconds } from "../../../shared/core/units.ts";
import type { CacheMetrics } from "../../metrics/show-metrics.ts";
import { type Rule, rule, share } from "../rule.ts";

const requestsOf = ({ classes }: CacheMetrics): number =>
  Object.values(classes).reduce((sum, { requests }) => sum + requests, 0);

/** Sent to the origin, whatever became of them. */
const sentTo = ({ tiers: { origin } }: CacheMetrics): number => origin.hits + origin.errors;

const SENT = 'sum(rate(tidegate_tier_lookups_total{tier="origin"}[2m]))';
/** What never happened has no series. */
const shed = (reasons: string): string =>
  `(sum(rate(tidegate_origin_shed_total{reason=~"${reasons}"}[2m])) or vector(0))`;

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
    figure: (metrics) => {
      const { concurrency, queue } = metrics.origin.shed;
      const turnedAway = concurrency + queue;
      return [share(metrics.origin.queued + turnedAway, sentTo(metrics) + turnedAway)];
    },
    ...{ threshold: 0.2, clear: 0.05, for: seconds(30), leastSample: 50 },
    summary: "{value} of what is to go to the origin waits for a slot or is turned away, {threshold} is much",
    prometheus: {
      value: `((sum(rate(tidegate_origin_queued_total[2m])) or vector(0)) + ${shed("concurrency|queue")}) / (${SENT} + ${shed("concurrency|queue")})`,
      sample: 'sum(increase(tidegate_tier_lookups_total{tier="origin"}[1m]))',
    },
  }),
  rule({
    id: "origin-budget-spent",
    title: "The origin's budget is spent",
    severity: "ticket",
    unit: "ratio",
    figure: (metrics) => {
      const { rate } = metrics.origin.shed;
      return [share(rate, sentTo(metrics) + rate)];
    },
    ...{ threshold: 0.05, clear: 0.01, for: seconds(30), leastSample: 50 },
    summary: "{value} of what is to go to the origin is beyond its rate, {threshold} is much",
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
    figure: (metrics) => {
      const { breaker } = metrics.origin.shed;
      return [share(metrics.tiers.origin.errors + breaker, sentTo(metrics) + breaker)];
    },
    ...{ threshold: 0.2, clear: 0.05, for: seconds(20), clearFor: minutes(1), leastSample: 20 },
    summary: "{value} of what is to go to the origin gets no answer, {threshold} is too much",
    prometheus: {
      value: `((sum(rate(tidegate_tier_lookups_total{tier="origin",outcome="error"}[2m])) or vector(0)) + ${shed("breaker")}) / (${SENT} + ${shed("breaker")})`,
      sample: `60 * (${SENT} + ${shed("breaker")})`,
    },
  }),
];
