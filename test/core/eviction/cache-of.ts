// Caches as these tests make them: a policy by its name, values that may say when they expire.

import { array, constantFrom, integer, oneof, record } from "fast-check";
import { expect } from "vitest";
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

/** `expect(is).toBe(should)`, which takes longer than the step that it is about: made only where it fails. */
export function same(is: unknown, should: unknown): void {
  if (!Object.is(is, should)) expect(is).toBe(should);
}

/** What may be done to a cache: mostly reads and writes, now and then a deletion or a look. */
export const operationsOn = (
  keys: string,
  { largest, least, most }: { readonly largest: number; readonly least: number; readonly most: number },
) => {
  const key = constantFrom(...keys);
  const size = oneof(integer({ min: 1, max: largest }), constantFrom(0, 5));
  const operation = oneof(
    { weight: 4, arbitrary: record({ kind: constantFrom("get" as const), key }) },
    { weight: 6, arbitrary: record({ kind: constantFrom("set" as const), key, size }) },
    { weight: 2, arbitrary: record({ kind: constantFrom("delete" as const, "peek" as const), key }) },
  );
  return array(operation, { minLength: least, maxLength: most, size: "max" });
};
