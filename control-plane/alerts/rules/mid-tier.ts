// Rules about what is held: hit ratios by class, the shards, and the database of the log.

import { hours, minutes, seconds } from "../../../shared/core/units.ts";
import { TAKEN } from "../../../shared/mid-tier/takes-writes.ts";
import type { ShardRow } from "../../metrics/show-metrics.ts";
import { foundSince, isSince, known, type Rule, rule, share } from "../rule.ts";

export const MID_TIER_UNREACHABLE = "mid-tier-unreachable";

export const MID_TIER_RULES: readonly Rule[] = [
  rule({
    id: "hit-rate",
    title: "A class is hit less than it should be",
    severity: "ticket",
    unit: "ratio",
    figure: ({ classes }, { targets }) =>
      Object.entries(targets).map(([name, threshold]) => {
        const { hits = 0, stale = 0, requests = 0 } = classes[name] ?? {};
        return { ...share(hits + stale, requests, { class: name }), threshold };
      }),
    // By how much the clearing one lies above the class's target.
    ...{ comparison: "below", threshold: 0, clear: 0.02 },
    ...{ for: minutes(5), clearFor: minutes(2), leastSample: 1000 },
    summary: "{value} of the requests of class {class} are hits, its target is {threshold}",
    prometheus: {
      value:
        '(sum by (class) (rate(tidegate_requests_total{class=~".+",result=~"hit|stale"}[2m])) or 0 * sum by (class) (rate(tidegate_requests_total{class=~".+"}[2m]))) / sum by (class) (rate(tidegate_requests_total{class=~".+"}[2m]))',
      sample: 'sum by (class) (increase(tidegate_requests_total{class=~".+"}[1m]))',
      by: "class",
    },
  }),
  rule({
    id: "shard-memory",
    title: "A shard is nearly full",
    severity: "ticket",
    unit: "ratio",
    figure: ({ shards }) =>
      shards.map(({ id, memoryBytes, memoryLimitBytes }) => {
        const isKnown = memoryBytes !== null && memoryLimitBytes !== null && memoryLimitBytes > 0;
        return known(isKnown ? memoryBytes / memoryLimitBytes : null, { shard: id });
      }),
    ...{ threshold: 0.9, clear: 0.85, for: minutes(2) },
    summary: "shard {shard} uses {value} of its memory, {threshold} is much",
    prometheus: { value: "tidegate_shard_memory_bytes / tidegate_shard_memory_limit_bytes" },
  }),
  rule({
    id: "replication-lag",
    title: "A shard lacks copies",
    severity: "ticket",
    unit: "seconds",
    figure: ({ shards }) =>
      shards.map(({ id, replicationLagMs }) =>
        known(replicationLagMs === null ? null : replicationLagMs / 1000, { shard: id }),
      ),
    ...{ threshold: 10, clear: 2, for: seconds(30) },
    summary: "shard {shard} has lacked a copy for {value}, {threshold} is long",
    prometheus: { value: "max by (shard) (tidegate_shard_replication_lag_seconds)" },
  }),
  rule({
    id: "shard-down",
    title: "A shard does not answer, or takes no writes",
    severity: "page",
    unit: "count",
    figure: ({ shards }) => shards.map((shard) => known(unfit(shard), { shard: shard.id })),
    ...{ threshold: 1, clear: 0, clearFor: seconds(20) },
    summary:
      "shard {shard} does not answer (its keys are then answered by the others, or by the origin), or takes no writes",
    prometheus: {
      value: 'max by (shard) (tidegate_shard_state{state="down"} or (1 - tidegate_shard_takes_writes))',
    },
  }),
  rule({
    id: MID_TIER_UNREACHABLE,
    title: "The log's database does not answer, or takes no writes",
    severity: "page",
    unit: "seconds",
    // Whoever has figures has reached it. While nobody has any, `outage.ts` speaks for this rule.
    figure: () => [known(0)],
    ...{ threshold: 10, clear: 0, clearFor: seconds(20) },
    summary: "the database of the log {said} for {value}",
    prometheus: {
      value: '1 - up{job="tidegate"}',
      instead: {
        ...{ threshold: 1, for: seconds(30) },
        summary: "the control plane can't be scraped: it is away, or the database of its log",
      },
    },
  }),
  rule({
    id: "log-lost",
    title: "The log has lost what it had acknowledged",
    severity: "page",
    unit: "count",
    figure: (metrics, basis) => {
      const since = foundSince(metrics, basis);
      return [known(metrics.log.losses.filter(({ foundAt }) => foundAt >= since).length)];
    },
    ...{ threshold: 1, clear: 0 },
    summary: "{value} times in the last hour the log was found without entries that it had acknowledged",
    prometheus: {
      value:
        "(tidegate_log_last_loss_timestamp_seconds > bool 0) * (time() - tidegate_log_last_loss_timestamp_seconds < bool 3600)",
    },
  }),
  rule({
    id: "journal-lost",
    title: "A journal has lost writes that it had acknowledged",
    severity: "page",
    unit: "count",
    figure: (metrics, basis) => {
      const since = foundSince(metrics, basis);
      const lost = metrics.journal.losses.filter(({ foundAt }) => foundAt >= since);
      return metrics.shards.map(({ id }) =>
        known(lost.filter(({ database }) => database === id).length, { shard: id }),
      );
    },
    ...{ threshold: 1, clear: 0 },
    summary:
      "{value} times in the last hour the journal on {shard} came back without writes that it had acknowledged",
    prometheus: {
      value:
        "(tidegate_journal_last_loss_timestamp_seconds > bool 0) * (time() - tidegate_journal_last_loss_timestamp_seconds < bool 3600)",
    },
  }),
  rule({
    id: "audit-broken",
    title: "The audit log was tampered with, or has lost something",
    severity: "page",
    unit: "count",
    // A loss is found once, and kept by the witness; a record that was changed is found whenever the verification comes by.
    figure: ({ auditLog: { looks, broken, lastBreachAt } }, { since }) => {
      const found = Math.max(broken, isSince(lastBreachAt, since) ? 1 : 0);
      return [known(looks === 0 && found === 0 ? null : found)];
    },
    ...{ threshold: 1, clear: 0, clearFor: hours(1) },
    summary: "the chain of the audit log does not hold: `npx tidegate audit --verify` names the record",
    prometheus: {
      value:
        "(tidegate_audit_faults_total unless tidegate_audit_faults_total offset 10m) or increase(tidegate_audit_faults_total[10m])",
    },
  }),
];

/** What was taken out by an operator may be as it likes. */
function unfit({ state, writes }: ShardRow): number | null {
  if (state === "down" || state === "out") return state === "down" ? 1 : 0;
  return writes === null ? null : writes === TAKEN ? 0 : 1;
}
