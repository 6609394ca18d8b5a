// How often sieve in Redis finds what is asked for, beside what replaces the least recently used.

import { afterAll, beforeAll, expect, test } from "vitest";
import { zipfAccesses } from "../../bench/eviction-l2.ts";
import { replayThroughL2 } from "../../bench/l2-replay.ts";
import { type ServerFixture, startServerRest } from "../support/redis-server.ts";

const REQUESTS = 15_000;
/** Of a hundred thousand keys. */
const OBJECTS = 1000;

let rest: ServerFixture;
beforeAll(async () => {
  rest = await startServerRest();
});
afterAll(() => rest?.stop());

function hitsOfLru(): number {
  const kept = new Map<string, true>();
  let hits = 0;
  for (const { key } of zipfAccesses(REQUESTS)) {
    if (kept.delete(key)) hits += 1;
    else if (kept.size >= OBJECTS) kept.delete(kept.keys().next().value ?? "");
    kept.set(key, true);
  }
  return hits;
}

test("on Zipf 0.99, with room for 1 % of the keys, sieve in Redis beats LRU by 3 points, from cold", async () => {
  const replayed = await replayThroughL2(rest.port, zipfAccesses(REQUESTS), {
    amount: OBJECTS,
    unit: "entries",
  });
  expect(replayed.requests).toBe(REQUESTS);
  expect(replayed.keys).toBe(OBJECTS);
  expect(replayed.chargedBytes).toBeLessThanOrEqual(replayed.budgetBytes);
  expect(replayed.hitRatio).toBeGreaterThan(hitsOfLru() / REQUESTS + 0.03);
}, 60_000);
