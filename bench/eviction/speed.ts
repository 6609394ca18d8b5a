// Operations a second of each policy and of `lru-cache` by bytes, on one trace in alternating rounds.

import { LRUCache } from "lru-cache";
import type { EvictionPolicy } from "../../shared/core/rules.ts";
import { median } from "../http-load.ts";
import { cacheOf } from "./replay.ts";
import type { Access } from "./trace.ts";

/** What an edge runs by default: where five policies have run in one process, calls to them cost a fifth more. */
const COMPARED: readonly EvictionPolicy[] = ["sieve", "s3-fifo", "gdsf"];

export interface Speed {
  readonly cache: EvictionPolicy | "lru-cache";
  /** Requests of the trace a second of CPU time: a look-up each, and an insertion where it missed. */
  readonly perCpuSecond: number;
  /** The median of each round's own ratio. */
  readonly overLruCache: number;
}

/** Whether it was there; it is in either case from then on. */
type Ask = (key: string, size: number) => boolean;

interface Side {
  readonly cache: Speed["cache"];
  readonly begin: () => Ask;
  readonly rates: number[];
}

export function compareSpeed(trace: readonly Access[], budget: number, rounds: number): Speed[] {
  const sides: Side[] = [
    { cache: "lru-cache", begin: () => throughLruCache(budget), rates: [] },
    ...COMPARED.map((policy) => ({ cache: policy, begin: () => throughOurs(policy, budget), rates: [] })),
  ];
  const keys = trace.map(({ key }) => key);
  const sizes = Uint32Array.from(trace, ({ size }) => size ?? 1);
  for (const { begin } of sides) run({ keys, sizes }, begin());
  for (let round = 0; round < rounds; round++)
    for (const { begin, rates } of sides) rates.push(run({ keys, sizes }, begin()));
  const [reference] = sides;
  return sides.map(({ cache, rates }) => ({
    cache,
    perCpuSecond: Math.round(median(rates)),
    overLruCache: median(rates.map((rate, round) => rate / (reference?.rates[round] ?? Number.NaN))),
  }));
}

/** CPU time of the whole process: what the garbage collector does for a cache counts, what others do on the machine does not. */
function run({ keys, sizes }: { keys: readonly string[]; sizes: Uint32Array }, ask: Ask): number {
  const before = process.cpuUsage();
  for (let at = 0; at < keys.length; at++) ask(keys[at] ?? "", sizes[at] ?? 1);
  const { user, system } = process.cpuUsage(before);
  return (keys.length / (user + system)) * 1e6;
}

function throughOurs(policy: EvictionPolicy, budget: number): Ask {
  const cache = cacheOf(policy, { amount: budget, unit: "bytes" });
  return (key, size) => {
    if (cache.get(key) !== undefined) return true;
    cache.set(key, 1, size);
    return false;
  };
}

/** By `maxSize` alone: with `max` as well it is slower. */
function throughLruCache(budget: number): Ask {
  const cache = new LRUCache<string, number>({ maxSize: budget });
  return (key, size) => {
    if (cache.get(key) !== undefined) return true;
    cache.set(key, 1, { size });
    return false;
  };
}
