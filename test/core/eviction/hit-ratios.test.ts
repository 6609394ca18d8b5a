// Hit ratios on made traces, against the policies written down plainly: arrays, sums, and nothing else.

import { describe, expect, test } from "vitest";
import { replay } from "../../../bench/eviction/replay.ts";
import { type Access, zipfTrace } from "../../../bench/eviction/trace.ts";
import type { EvictionPolicy } from "../../../shared/core/rules.ts";

const TRACE = zipfTrace({ seed: 7, keys: 3000, length: 30_000, scanEvery: 5500 });
const ENTRIES = [60, 300];

/** Oldest first; `moves` says whether a hit makes a key the newest. */
function naiveQueue(trace: readonly Access[], capacity: number, moves: boolean): number {
  const queue: string[] = [];
  let hits = 0;
  for (const { key } of trace) {
    const at = queue.indexOf(key);
    if (at >= 0) hits += 1;
    if (at >= 0 && !moves) continue;
    if (at >= 0) queue.splice(at, 1);
    else if (queue.length === capacity) queue.shift();
    queue.push(key);
  }
  return hits / trace.length;
}

/** Algorithm 1 of the S3-FIFO paper, counting entries: its ghost queue is exact. */
function naiveS3Fifo(trace: readonly Access[], capacity: number): number {
  const [small, main, ghost]: [string[], string[], string[]] = [[], [], []];
  const uses = new Map<string, number>();
  const evictMain = (): void => {
    for (;;) {
      const key = main.shift() ?? "";
      const used = uses.get(key) ?? 0;
      if (used === 0) return void uses.delete(key);
      uses.set(key, used - 1);
      main.push(key);
    }
  };
  const evictSmall = (): void => {
    for (let key = small.shift(); key !== undefined; key = small.shift()) {
      if ((uses.get(key) ?? 0) < 2) {
        uses.delete(key);
        ghost.push(key);
        if (ghost.length > capacity * 0.9) ghost.shift();
        return;
      }
      uses.set(key, 0);
      main.push(key);
    }
  };
  let hits = 0;
  for (const { key } of trace) {
    const used = uses.get(key);
    if (used !== undefined) {
      hits += 1;
      uses.set(key, Math.min(used + 1, 3));
      continue;
    }
    while (small.length + main.length >= capacity)
      if (main.length > capacity * 0.9 || small.length === 0) evictMain();
      else evictSmall();
    const known = ghost.indexOf(key);
    if (known >= 0) ghost.splice(known, 1);
    (known >= 0 ? main : small).push(key);
    uses.set(key, 0);
  }
  return hits / trace.length;
}

/** As its paper has it: each hit ranks anew, uses count singly and are forgotten with the object. */
function naiveGdsf(trace: readonly Access[], budget: number): number {
  const held = new Map<string, { uses: number; size: number; rank: number }>();
  let [age, used, hits] = [0, 0, 0];
  for (const { key, size } of trace) {
    const weight = size ?? 1;
    const there = held.get(key) ?? { uses: 0, size: weight, rank: 0 };
    if (held.has(key)) hits += 1;
    else if (weight > budget / 4) continue;
    while (!held.has(key) && used + weight > budget) {
      const [name, least] = [...held].reduce((low, one) => (one[1].rank < low[1].rank ? one : low));
      age = least.rank;
      used -= least.size;
      held.delete(name);
    }
    if (!held.has(key)) used += weight;
    there.uses += 1;
    there.rank = age + there.uses / weight;
    held.set(key, there);
  }
  return hits / trace.length;
}

async function hitRatios(
  capacity: number,
  unit: "entries" | "bytes",
): Promise<Record<EvictionPolicy, number>> {
  const { policies } = await replay(TRACE, { amount: capacity, unit });
  return Object.fromEntries(policies.map(({ policy, hitRatio }) => [policy, hitRatio])) as Record<
    EvictionPolicy,
    number
  >;
}

describe.each(ENTRIES)("with room for %i entries, on Zipf with scans", (capacity) => {
  test("lru and ttl, where all live equally long, hit exactly as plain LRU and FIFO do", async () => {
    const { lru, ttl } = await hitRatios(capacity, "entries");
    expect(lru).toBeCloseTo(naiveQueue(TRACE, capacity, true), 4);
    expect(ttl).toBeCloseTo(naiveQueue(TRACE, capacity, false), 4);
  });

  test("s3-fifo hits as the paper's does, within half a point", async () => {
    const ratios = await hitRatios(capacity, "entries");
    expect(Math.abs(ratios["s3-fifo"] - naiveS3Fifo(TRACE, capacity))).toBeLessThan(0.005);
  });

  test("sieve, s3-fifo and gdsf hit more than lru does", async () => {
    const { lru, ...others } = await hitRatios(capacity, "entries");
    for (const policy of ["sieve", "s3-fifo", "gdsf"] as const)
      expect(others[policy]).toBeGreaterThan(lru + 0.03);
  });
});

describe("with a budget of a hundredth of the bytes, objects from 200 octets to 50 KB", () => {
  const sizes = new Map(TRACE.map(({ key, size }) => [key, size ?? 1]));
  const budget = Math.round([...sizes.values()].reduce((sum, size) => sum + size, 0) / 100);

  test("gdsf hits more objects than any other policy, and no fewer than the paper's", async () => {
    const { gdsf, ...others } = await hitRatios(budget, "bytes");
    expect(gdsf).toBeGreaterThan(Math.max(...Object.values(others)) + 0.03);
    expect(gdsf).toBeGreaterThan(naiveGdsf(TRACE, budget) - 0.001);
  });
});
