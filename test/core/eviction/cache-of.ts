// Caches as these tests make them: a policy by its name, values that may say when they expire.

import { BoundedCache, type Evicted } from "../../../shared/core/eviction/bounded-cache.ts";
import { replacementOf } from "../../../shared/core/eviction/policies.ts";
import type { EvictionPolicy } from "../../../shared/core/rules.ts";
import { bytes } from "../../../shared/core/units.ts";

export const POLICIES: readonly EvictionPolicy[] = ["sieve", "s3-fifo", "lru", "gdsf", "ttl"];

/** Numbers are taken for the instants at which they expire. */
export function cacheOf<V>(policy: EvictionPolicy, budget: number, onEvict?: Evicted<V>): BoundedCache<V> {
  const replacement = replacementOf<V>(policy, (value) => (typeof value === "number" ? value : 0));
  return new BoundedCache<V>({ budget: bytes(budget), replacement, ...(onEvict && { onEvict }) });
}

/** The same counting entries: every object has size 1, and none is too large. */
export function cacheOfEntries(policy: EvictionPolicy, entries: number): BoundedCache<number> {
  const replacement = replacementOf<number>(policy, (value) => value);
  return new BoundedCache({ budget: bytes(entries), replacement, largest: bytes(entries) });
}
