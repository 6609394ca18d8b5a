// Replacement in L1 memory: hit ratios on a trace; without one, on a made one, with speed and memory beside `lru-cache`.

import { measureOverhead, type Overhead } from "./eviction/overhead.ts";
import { type Capacity, type Replay, replay } from "./eviction/replay.ts";
import { compareSpeed, type Speed } from "./eviction/speed.ts";
import { readTrace, zipfTrace } from "./eviction/trace.ts";

export interface TraceOptions {
  readonly file: string;
  readonly capacity: Capacity;
}

export interface EvictionResult extends Replay {
  readonly name: "eviction";
  readonly trace: string;
  readonly capacity: Capacity;
  readonly speed?: readonly Speed[];
  readonly overhead?: readonly Overhead[];
}

const SEED = 1;
const KEYS = 100_000;
/** Of the bytes of all keys. */
const BUDGET_SHARE = 0.1;
const SCAN_EVERY = 55_000;
const OVERHEAD_KEYS = 100_000;

export async function benchEviction(quick: boolean, given: TraceOptions | null): Promise<EvictionResult> {
  const result = given === null ? await onMadeTrace(quick) : await onFile(given);
  print(result);
  return result;
}

async function onFile({ file, capacity }: TraceOptions): Promise<EvictionResult> {
  return { name: "eviction", trace: file, capacity, ...(await replay(readTrace(file), capacity)) };
}

async function onMadeTrace(quick: boolean): Promise<EvictionResult> {
  const length = quick ? 300_000 : 1_000_000;
  const trace = zipfTrace({ seed: SEED, keys: KEYS, length, scanEvery: SCAN_EVERY });
  const sizes = new Map(trace.map(({ key, size }) => [key, size ?? 1]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const capacity = { amount: Math.round(total * BUDGET_SHARE), unit: "bytes" } as const;
  const speed = compareSpeed(trace, capacity.amount, quick ? 5 : 11);
  return {
    name: "eviction",
    trace: `Zipf 0.99, seed ${SEED}, ${KEYS} keys, ${length} requests, a scan of 5000 every ${SCAN_EVERY}`,
    capacity,
    ...(await replay(trace, capacity)),
    speed,
    overhead: measureOverhead(OVERHEAD_KEYS),
  };
}

function print({ trace, capacity, requests, policies, speed, overhead }: EvictionResult): void {
  console.log(`${trace}: ${requests} requests, ${capacity.amount} ${capacity.unit}`);
  console.log("policy     hit ratio  byte-hit ratio");
  for (const { policy, hitRatio, byteHitRatio } of policies)
    console.log(
      `${policy.padEnd(10)} ${hitRatio.toFixed(4).padStart(9)}  ${byteHitRatio.toFixed(4).padStart(14)}`,
    );
  for (const { cache, perCpuSecond, overLruCache } of speed ?? [])
    console.log(
      `${cache.padEnd(10)} ${perCpuSecond} operations a CPU second, ${overLruCache.toFixed(2)} × lru-cache`,
    );
  for (const { cache, filled, churned } of overhead ?? [])
    console.log(`${cache.padEnd(10)} ${filled} bytes a key when filled, ${churned} after keys came and went`);
}
