// A trace through every replacement policy at once, counting hits.

import { BoundedCache } from "../../shared/core/eviction/bounded-cache.ts";
import { replacementOf } from "../../shared/core/eviction/policies.ts";
import type { EvictionPolicy } from "../../shared/core/rules.ts";
import { bytes } from "../../shared/core/units.ts";
import { type Access, TraceError } from "./trace.ts";

export const POLICIES: readonly EvictionPolicy[] = ["sieve", "s3-fifo", "lru", "gdsf", "ttl"];

export interface Ratios {
  readonly policy: EvictionPolicy;
  readonly hitRatio: number;
  readonly byteHitRatio: number;
}

export interface Replay {
  readonly requests: number;
  readonly bytes: number;
  readonly policies: readonly Ratios[];
}

export interface Capacity {
  readonly amount: number;
  /** `bytes`: a budget as an edge has it; `entries`: every object counts one, and none is too large. */
  readonly unit: "entries" | "bytes";
}

/** The value is when it was stored: every object lives equally long, so `ttl` evicts first in, first out. */
type Stored = number;

/** An edge's cache for one policy, or the same counting entries. */
export function cacheOf(policy: EvictionPolicy, { amount, unit }: Capacity): BoundedCache<Stored> {
  const replacement = replacementOf<Stored>(policy, (storedAt) => storedAt);
  const budget = bytes(amount);
  return new BoundedCache(
    unit === "bytes" ? { budget, replacement } : { budget, replacement, largest: budget },
  );
}

export async function replay(
  trace: AsyncIterable<Access> | Iterable<Access>,
  capacity: Capacity,
): Promise<Replay> {
  const sides = POLICIES.map((policy) => ({
    policy,
    cache: cacheOf(policy, capacity),
    hits: 0,
    hitBytes: 0,
  }));
  let requests = 0;
  let total = 0;
  for await (const { key, size } of trace) {
    if (size === null && capacity.unit === "bytes")
      throw new TraceError(`--bytes: request ${requests + 1} of the trace names no size`);
    const weight = size ?? 1;
    for (const side of sides) {
      if (side.cache.get(key) === undefined)
        side.cache.set(key, requests, capacity.unit === "bytes" ? weight : 1);
      else {
        side.hits += 1;
        side.hitBytes += weight;
      }
    }
    requests += 1;
    total += weight;
  }
  const policies = sides.map(({ policy, hits, hitBytes }) => ({
    policy,
    hitRatio: rounded(hits / requests),
    byteHitRatio: rounded(hitBytes / total),
  }));
  return { requests, bytes: total, policies };
}

const rounded = (ratio: number): number => Math.round(ratio * 1e4) / 1e4;
