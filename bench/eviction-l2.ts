// Replacement in L2: hit ratios of the mid-tier's own scripts on a real redis-server, on a trace or on a made one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, launchRedisServer } from "../dev/redis/launch.ts";
import { mixUnit } from "../shared/core/mix.ts";
import { type Access, type L2Capacity, type L2Replay, replayThroughL2 } from "./l2-replay.ts";

export interface L2Trace {
  readonly name: string;
  readonly accesses: Iterable<Access> | AsyncIterable<Access>;
  readonly capacity: L2Capacity;
}

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

/** Without a trace: Zipf 0.99, room for 1 % of the keys. */
export async function benchEvictionL2(
  quick: boolean,
  given: L2Trace | null = null,
): Promise<EvictionL2Result> {
  const length = quick ? 100_000 : 1_000_000;
  const trace = given ?? zipf(length);
  const dir = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  const server = await launchRedisServer({ port: await freePort(), dir });
  try {
    const replayed = await replayThroughL2(server.port, trace.accesses, trace.capacity);
    const best = given === null ? cumulated()[KEYS * SHARE - 1] : undefined;
    return { name: "eviction-l2", trace: trace.name, best: best ?? null, ...replayed };
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function zipf(length: number): L2Trace {
  return {
    name: `Zipf ${SKEW}, seed ${SEED}, ${KEYS} keys, ${length} requests`,
    accesses: zipfAccesses(length),
    capacity: { amount: KEYS * SHARE, unit: "objects" },
  };
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
