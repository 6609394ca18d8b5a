// An isolate's counters as flat names and numbers, the form in which the control plane folds them.

import type { RouteCounters } from "../counters.ts";
import type { Edge } from "../edge.ts";

/** Whether all is told already of the requests of one site and class, whose counts have such a sum. */
export type IsTold = (of: string, sum: number) => boolean;

export interface FlatCounters {
  readonly counters: Readonly<Record<string, number>>;
  /** Of each site and class in them, the sum of its counts. */
  readonly sums: ReadonlyMap<string, number>;
}

/**
 * What is nought is left out, mostly, and so is each site and class of which all is told: of hundreds, most have had no
 * request since. No site, class or reason has `|` in its name.
 */
export function flatCounters(edge: Edge, isTold: IsTold = () => false): FlatCounters {
  const { counters } = edge;
  const flat: Record<string, number> = {};
  const sums = new Map<string, number>();
  const add = (name: string, count: number): void => {
    if (count > 0) flat[name] = count;
  };
  for (const [site, classes] of counters.sites)
    for (const [name, route] of classes) {
      const of = `${site}|${name}`;
      const sum = sumOf(route);
      if (isTold(of, sum)) continue;
      sums.set(of, sum);
      addRoute(of, route, add);
    }
  for (const shard of edge.shards()) {
    for (const [what, count] of Object.entries(shard.counts)) add(`shard|${shard.id}|${what}`, count);
    addHistogram(`shardTook|${shard.id}`, shard.took, add);
    add(`shardTookMs|${shard.id}`, shard.tookMs);
    flat[`gauge|shardLag|${shard.id}`] = shard.lag;
  }
  flat["gauge|originConcurrencyMax"] = counters.originConcurrency.report();
  for (const [what, count] of Object.entries(counters.originGuard)) add(`origin|${what}`, count);
  add("memory|evictions", edge.memory.evictions);
  add("variants|displaced", counters.variantsDisplaced);
  add("auditor|dropped", edge.sampler.dropped);
  for (const [name, { same, differs, unknown }] of edge.originChecks.counts) {
    flat[`audit|${name}|originSame`] = same;
    flat[`audit|${name}|originDiffers`] = differs;
    flat[`audit|${name}|originUnknown`] = unknown;
  }
  add("log|pulls", counters.pulls);
  for (const [what, count] of Object.entries(edge.sharedView?.counts ?? {})) add(`log|shared-${what}`, count);
  add("log|pushes", counters.pushes);
  add("log|gossipRounds", counters.gossipRounds);
  add("log|gossipHeard", counters.gossipHeard);
  add("log|gossipTold", counters.gossipTold);
  return { counters: flat, sums };
}

/** Counts only grow: where their sum is what it was, so is each of them. */
function sumOf(counts: object): number {
  let sum = 0;
  for (const count of counts instanceof Map ? counts.values() : Object.values(counts))
    sum += typeof count === "number" ? count : sumOf(count);
  return sum;
}

type Add = (name: string, count: number) => void;

function addRoute(of: string, route: RouteCounters, add: Add): void {
  for (const [result, by] of Object.entries(route.requests))
    for (const [tier, count] of Object.entries(by)) add(`requests|${of}|${result}|${tier}`, count);
  addHistogram(`took|${of}`, route.took, add);
  add(`tookMs|${of}`, route.tookMs);
  add(`bytes|${of}|served`, route.bytesServed);
  add(`bytes|${of}|origin`, route.bytesFromOrigin);
  for (const [reason, count] of Object.entries(route.asked)) add(`asked|${of}|${reason}`, count);
  for (const [tier, counts] of Object.entries(route.tiers))
    for (const [what, count] of Object.entries(counts)) add(`tier|${of}|${tier}|${what}`, count);
  add(`leaseWaits|${of}`, route.leaseWaits);
  for (const [reason, count] of Object.entries(route.shed)) add(`shed|${of}|${reason}`, count);
  add(`queued|${of}`, route.queued);
  for (const [why, outcomes] of Object.entries(route.refreshes))
    for (const [outcome, count] of Object.entries(outcomes)) add(`refresh|${of}|${why}|${outcome}`, count);
  for (const [reason, count] of route.notStored) add(`notStored|${of}|${reason}`, count);
}

function addHistogram(name: string, histogram: readonly number[], add: Add): void {
  for (const [bucket, count] of histogram.entries()) add(`${name}|${bucket}`, count);
}
