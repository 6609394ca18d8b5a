// Replacement in L2: hit ratios of the mid-tier's own scripts on a real redis-server, on a trace or on a made one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../dev/ports.ts";
import { launchRedisServer } from "../dev/redis/launch.ts";
import { mixUnit } from "../shared/core/mix.ts";
import type { Capacity } from "./eviction/replay.ts";
import { type Access, readTrace } from "./eviction/trace.ts";
import type { TraceOptions } from "./eviction.ts";
import { type L2Replay, replayThroughL2 } from "./l2-replay.ts";

export interface EvictionL2Result extends L2Replay {
  readonly name: "eviction-l2";
  readonly trace: string;
  /** Of whoever keeps the most popular keys for ever; null where that is unknown. */
  readonly best: number | null;
}

const SEED = 1;
const KEYS = 100_000;
const SKEW = 0.99;
/** Of all keys: for so many answers there is room. */
const SHARE = 0.01;
/** A quarter of a million requests take half a minute. */
const LENGTH = 500_000;
const QUICK_LENGTH = 100_000;

/** Without a trace: Zipf 0.99, room for 1 % of the keys. */
export async function benchEvictionL2(quick: boolean, given: TraceOptions | null): Promise<EvictionL2Result> {
  const length = quick ? QUICK_LENGTH : LENGTH;
  const accesses = given === null ? zipfAccesses(length) : readTrace(given.file);
  const capacity: Capacity = given?.capacity ?? { amount: KEYS * SHARE, unit: "entries" };
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const server = await launchRedisServer({ port: await freePort(), dir });
  try {
    const replayed = await replayThroughL2(server.port, accesses, capacity);
    return {
      name: "eviction-l2",
      trace: given?.file ?? `Zipf ${SKEW}, seed ${SEED}, ${KEYS} keys, ${length} requests`,
      best: given === null ? (cumulated()[KEYS * SHARE - 1] ?? null) : null,
      ...replayed,
    };
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export function* zipfAccesses(length: number): Generator<Access> {
  const shares = cumulated();
  for (let i = 0; i < length; i++) {
    const drawn = mixUnit(String(i), SEED);
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((shares[middle] ?? 1) < drawn) low = middle + 1;
      else high = middle;
    }
    yield { key: `key-${low}`, size: null };
  }
}

/** Of all requests, those for the most popular keys up to each. */
function cumulated(): Float64Array {
  const shares = new Float64Array(KEYS);
  let sum = 0;
  for (let rank = 1; rank <= KEYS; rank++) {
    sum += rank ** -SKEW;
    shares[rank - 1] = sum;
  }
  return shares.map((share) => share / sum);
}
