// What `/metrics` tells: every counter's name there, and what it is.

import type { Counted } from "./exposition.ts";

const OF_ROUTE = ["site", "class"];

/** Since ever, over all lives of all edges. */
export const COUNTERS: readonly Counted[] = [
  {
    name: "tidegate_requests_total",
    help: "Answers to clients, by result and by the tier that gave them (none: the edge itself).",
    ...{ kind: "requests", parts: [...OF_ROUTE, "result", "tier"] },
  },
  {
    name: "tidegate_served_bytes_total",
    help: "Octets of bodies that clients were sent.",
    ...{ kind: "bytes", parts: [...OF_ROUTE, "=served"] },
  },
  {
    name: "tidegate_origin_bytes_total",
    help: "Octets of bodies that origins sent.",
    ...{ kind: "bytes", parts: [...OF_ROUTE, "=origin"] },
  },
  {
    name: "tidegate_origin_requests_total",
    help: "Requests to origins, by why they were asked.",
    ...{ kind: "asked", parts: [...OF_ROUTE, "reason"] },
  },
  {
    name: "tidegate_lease_waits_total",
    help: "Requests that waited for somebody else's lease.",
    ...{ kind: "leaseWaits", parts: OF_ROUTE },
  },
  {
    name: "tidegate_origin_shed_total",
    help: "Requests turned away before they reached the origin.",
    ...{ kind: "shed", parts: [...OF_ROUTE, "reason"] },
  },
  {
    name: "tidegate_refreshes_total",
    help: "Fetches that nobody waited for: behind a client, or due.",
    ...{ kind: "refresh", parts: [...OF_ROUTE, "cause", "outcome"] },
  },
  {
    name: "tidegate_not_stored_total",
    help: "Answers that were not stored.",
    ...{ kind: "notStored", parts: [...OF_ROUTE, "reason"] },
  },
  {
    name: "tidegate_shard_events_total",
    help: "Calls, errors, look-ups found and not, spared calls and damaged values, as edges saw them.",
    ...{ kind: "shard", parts: ["shard", "event"] },
  },
  {
    name: "tidegate_auditor_sampled_total",
    help: "Reads that the auditor took at random and judged.",
    ...{ kind: "audit", parts: ["class", "tier", "=sampled"] },
  },
  {
    name: "tidegate_auditor_stale_total",
    help: "Judged reads that arrived after a hard invalidation of their answer, within the bound or not.",
    ...{ kind: "audit", parts: ["class", "tier", "=stale"] },
  },
  {
    name: "tidegate_auditor_violations_total",
    help: "Judged reads that broke the bound.",
    ...{ kind: "audit", parts: ["class", "tier", "=violations"] },
  },
  {
    name: "tidegate_access_refused_total",
    help: "Requests to the control plane that were turned away for who asked, by why.",
    ...{ kind: "access", parts: ["reason"] },
  },
  {
    name: "tidegate_audit_faults_total",
    help: "Looks at the chain of the audit log that found it broken.",
    ...{ kind: "auditChain", parts: ["=broken"] },
  },
  {
    name: "tidegate_invalidations_total",
    help: "Invalidations in the log.",
    ...{ kind: "invalidations", parts: ["=accepted"] },
  },
  {
    name: "tidegate_origin_tokens_total",
    help: "Tokens of origins' budgets, by who gave them.",
    ...{ kind: "tokens", parts: ["by"] },
  },
  {
    name: "tidegate_origin_queued_total",
    help: "Requests that waited for a slot to the origin.",
    ...{ kind: "queued", parts: OF_ROUTE },
  },
  {
    name: "tidegate_origin_queued_seconds_total",
    help: "How long they waited in all.",
    ...{ kind: "origin", parts: ["=queuedMs"], per: 1000 },
  },
  {
    name: "tidegate_origin_retries_total",
    help: "Requests sent again because the connection had failed.",
    ...{ kind: "origin", parts: ["=retries"] },
  },
  {
    name: "tidegate_log_events_total",
    help: "Pulls, pushes and gossip, as edges saw them.",
    ...{ kind: "log", parts: ["event"] },
  },
  {
    name: "tidegate_memory_evictions_total",
    help: "Answers that gave way in edges' memory.",
    ...{ kind: "memory", parts: ["=evictions"] },
  },
  {
    name: "tidegate_reports_total",
    help: "Reports of edges that were taken in.",
    ...{ kind: "reports", parts: [] },
  },
  {
    name: "tidegate_lives_lost_total",
    help: "Lives of edges that ended.",
    ...{ kind: "lost", parts: ["=lives"] },
  },
  {
    name: "tidegate_lost_seconds_total",
    help: "At most so long was counted in lives that ended, and never told.",
    ...{ kind: "lost", parts: ["=upToMs"], per: 1000 },
  },
];

export const HISTOGRAMS: readonly (Counted & { readonly sum: string })[] = [
  {
    name: "tidegate_request_duration_seconds",
    help: "From a request's arrival at an edge until its answer begins.",
    ...{ kind: "took", sum: "tookMs", parts: OF_ROUTE },
  },
  {
    name: "tidegate_shard_call_duration_seconds",
    help: "Calls of the mid-tier's databases, as edges saw them.",
    ...{ kind: "shardTook", sum: "shardTookMs", parts: ["shard"] },
  },
  {
    name: "tidegate_convergence_seconds",
    help: "From an invalidation's acceptance until no edge was left that had not applied it and was not fenced.",
    ...{ kind: "converged", sum: "convergedMs", parts: [] },
  },
];

/** What was noted a moment ago, by its name there. */
export const GAUGES: readonly (Counted & { readonly type?: "counter" })[] = [
  {
    name: "tidegate_shard_memory_bytes",
    help: "Memory that a database uses.",
    ...{ kind: "shardMemory", parts: ["shard"] },
  },
  {
    name: "tidegate_shard_memory_limit_bytes",
    help: "Memory that a database may use; none where there is no limit.",
    ...{ kind: "shardMemoryLimit", parts: ["shard"] },
  },
  { name: "tidegate_shard_keys", help: "Keys in a database.", ...{ kind: "shardKeys", parts: ["shard"] } },
  {
    name: "tidegate_shard_evictions_total",
    help: "Answers that gave way in a database since it began.",
    ...{ kind: "shardEvictions", parts: ["shard"], type: "counter" },
  },
  {
    name: "tidegate_shard_replication_lag_seconds",
    help: "Age of the oldest copy that a shard is known to lack.",
    ...{ kind: "shardLag", parts: ["shard"], per: 1000 },
  },
  {
    name: "tidegate_shard_takes_writes",
    help: "1 where a database takes writes, 0 where it refuses them: it is full, its disk fails, it lacks replicas or is one.",
    ...{ kind: "shardTakesWrites", parts: ["shard"] },
  },
  {
    name: "tidegate_shard_state",
    help: "1 for the state that a shard is in.",
    ...{ kind: "shardState", parts: ["shard", "state"] },
  },
  {
    name: "tidegate_journal_pending_operations",
    help: "Writes that wait for the origin.",
    ...{ kind: "journalPending", parts: [] },
  },
  {
    name: "tidegate_journal_dead_lettered_operations",
    help: "Writes that were given up for now.",
    ...{ kind: "journalDeadLettered", parts: [] },
  },
  {
    name: "tidegate_journal_accepted_total",
    help: "Writes that the journal took.",
    ...{ kind: "journalAccepted", parts: [], type: "counter" },
  },
  {
    name: "tidegate_journal_delivered_total",
    help: "Writes that the origin has.",
    ...{ kind: "journalDelivered", parts: [], type: "counter" },
  },
  {
    name: "tidegate_journal_last_loss_timestamp_seconds",
    help: "When a journal's database was last found without writes that it had acknowledged.",
    ...{ kind: "journalLastLoss", parts: ["shard"], per: 1000 },
  },
  {
    name: "tidegate_receipts_open",
    help: "Invalidations that some edge has not applied yet.",
    ...{ kind: "receiptsOpen", parts: [] },
  },
  {
    name: "tidegate_receipts_oldest_seconds",
    help: "How long the oldest of them has been open.",
    ...{ kind: "receiptsOldest", parts: [], per: 1000 },
  },
  {
    name: "tidegate_receipts_oldest_overdue_seconds",
    help: "How long that is beyond the bound.",
    ...{ kind: "receiptsOverdue", parts: [], per: 1000 },
  },
  {
    name: "tidegate_log_last_loss_timestamp_seconds",
    help: "When the log was last found to have lost acknowledged entries.",
    ...{ kind: "logLastLoss", parts: [], per: 1000 },
  },
  {
    name: "tidegate_origin_concurrency_max",
    help: "Requests to origins at once, the greatest of any edge in the last seconds.",
    ...{ kind: "originConcurrencyMax", parts: [] },
  },
];
