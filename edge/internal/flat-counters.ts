// An isolate's counters as flat names and numbers, the form in which the control plane folds them.

import type { Edge } from "../edge.ts";

export function flatCounters(edge: Edge): Record<string, number> {
  const { counters } = edge;
  const flat: Record<string, number> = {};
  for (const [name, of] of counters.classes) {
    for (const [result, count] of Object.entries(of.results)) flat[`class|${name}|${result}`] = count;
    flat[`class|${name}|originFetches`] = of.originFetches;
    for (const [bucket, count] of of.latency.entries())
      if (count > 0) flat[`latency|${name}|${bucket}`] = count;
  }
  for (const [name, of] of Object.entries(counters.tiers)) {
    for (const [what, count] of Object.entries(of)) flat[`tier|${name}|${what}`] = count;
  }
  for (const shard of edge.shards()) {
    for (const [what, count] of Object.entries(shard.counts)) flat[`shard|${shard.id}|${what}`] = count;
    for (const [bucket, count] of shard.latency.entries())
      if (count > 0) flat[`shardLatency|${shard.id}|${bucket}`] = count;
    flat[`gauge|shardLag|${shard.id}`] = shard.lag;
  }
  flat["bytes|served"] = counters.bytesServed;
  flat["bytes|origin"] = counters.bytesFromOrigin;
  flat["stampede|leaseWaits"] = counters.leaseWaits;
  flat["gauge|originConcurrencyMax"] = counters.originConcurrentMax;
  const { shed, ...guarded } = counters.originGuard;
  for (const [what, count] of Object.entries(guarded)) flat[`origin|${what}`] = count;
  for (const [reason, count] of Object.entries(shed)) flat[`shed|${reason}`] = count;
  for (const [why, outcomes] of Object.entries(counters.refreshes))
    for (const [outcome, count] of Object.entries(outcomes)) flat[`refresh|${why}|${outcome}`] = count;
  flat["memory|evictions"] = edge.memory.evictions;
  flat["variants|displaced"] = counters.variantsDisplaced;
  for (const [reason, count] of counters.notStored) flat[`notStored|${reason}`] = count;
  flat["auditor|dropped"] = edge.sampler.dropped;
  for (const [name, { same, differs, unknown }] of edge.originChecks.counts) {
    flat[`audit|${name}|originSame`] = same;
    flat[`audit|${name}|originDiffers`] = differs;
    flat[`audit|${name}|originUnknown`] = unknown;
  }
  flat["log|pulls"] = counters.pulls;
  flat["log|pushes"] = counters.pushes;
  flat["log|gossipRounds"] = counters.gossipRounds;
  flat["log|gossipHeard"] = counters.gossipHeard;
  flat["log|gossipTold"] = counters.gossipTold;
  return flat;
}
