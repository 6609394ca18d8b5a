// What a resident costs beside its key and value: the heap's growth, over the number of keys.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LRUCache } from "lru-cache";
import type { EvictionPolicy } from "../../shared/core/rules.ts";
import { median } from "../http-load.ts";
import { cacheOf, POLICIES } from "./replay.ts";

export interface Overhead {
  readonly cache: EvictionPolicy | "lru-cache";
  /** Bytes a key once the cache is full, ghosts included where it evicts from its small queue. */
  readonly filled: number;
  /** The same after twice as many more have come and others gone: a `Map` of V8's, as `lru-cache` has, then stays half empty. */
  readonly churned: number;
}

interface Settable {
  set(key: string, size: number): void;
  readonly size: number;
}

export function measureOverhead(keys: number): Overhead[] {
  const names = Array.from({ length: 3 * keys }, (_, index) => `k${index}`);
  // Strings carry their hash once they were a key; that is none of a cache's doing.
  new Set(names).clear();
  const sides: [Overhead["cache"], () => Settable][] = [
    ["lru-cache", () => lruCache(keys)],
    ...POLICIES.map((policy): [EvictionPolicy, () => Settable] => [policy, () => ours(policy, keys)]),
  ];
  return sides.map(([cache, make]) => ({
    cache,
    filled: measured(make, names.slice(0, keys), keys),
    churned: measured(make, names, keys),
  }));
}

/** The median of three: what an earlier cache leaves behind is at times freed only while the next is measured. */
function measured(make: () => Settable, names: readonly string[], keys: number): number {
  return median([0, 1, 2].map(() => bytesAKey(make, names, keys)));
}

function bytesAKey(make: () => Settable, names: readonly string[], keys: number): number {
  const before = heapInUse();
  const cache = make();
  for (const name of names) cache.set(name, 1);
  const bytes = heapInUse() - before;
  if (cache.size !== keys) throw new Error(`the cache holds ${cache.size} keys, not ${keys}`);
  return Math.round(bytes / keys);
}

const lruCache = (keys: number): Settable => {
  const cache = new LRUCache<string, number>({ maxSize: keys });
  return {
    set: (key, size) => void cache.set(key, 1, { size }),
    get size() {
      return cache.size;
    },
  };
};

const ours = (policy: EvictionPolicy, keys: number): Settable => {
  const cache = cacheOf(policy, { amount: keys, unit: "entries" });
  return {
    set: (key, size) => void cache.set(key, 1, size),
    get size() {
      return cache.size;
    },
  };
};

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapInUse(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
