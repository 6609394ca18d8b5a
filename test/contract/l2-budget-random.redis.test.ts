// Whatever befalls a shard, no class takes up more of it than its budget, and what is dirty or leased stays.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BACKENDS, type RestFixture } from "../support/redis-server.ts";
import { budgetOf, TestShard } from "./l2-harness.ts";

const BUDGET = 40_000;
const KEYS = 24;

const key = fc.integer({ min: 0, max: KEYS - 1 }).map((i) => `k${i}`);
const budget = fc
  .tuple(fc.constantFrom("hot", "standard"), fc.constantFrom("sieve" as const, "ttl" as const))
  .map(([name, eviction]) => budgetOf(BUDGET, { class: name, eviction }));
const act = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("fill" as const),
      key,
      budget,
      size: fc.integer({ min: 0, max: 4000 }),
      keepFor: fc.integer({ min: 60_000, max: 600_000 }),
      of: fc.option(fc.constantFrom("page", "k1"), { freq: 4, nil: undefined }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("read" as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("dirty" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lease" as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("tend" as const) }) },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** What must be there still. */
interface Kept {
  readonly dirty: Set<string>;
  readonly leased: Set<string>;
}

async function play(shard: TestShard, step: Act, kept: Kept): Promise<void> {
  switch (step.kind) {
    case "fill": {
      const { of, ...filling } = step;
      const outcome = await shard.fill(
        step.key,
        of === undefined || of === step.key ? filling : { ...filling, of },
      );
      kept.leased.delete(step.key);
      if (kept.dirty.has(step.key)) expect(outcome).toEqual({ kind: "refused", reason: "dirty" });
      return;
    }
    case "read":
      await shard.read(step.key);
      return;
    case "delete":
      await shard.run("DEL", `tg:a:${step.key}`);
      kept.dirty.delete(step.key);
      return;
    case "dirty":
      if ((await shard.run("EXISTS", `tg:a:${step.key}`)) !== 1 || kept.dirty.size >= 4) return;
      await shard.run("HSET", `tg:a:${step.key}`, "dirty", "1");
      kept.dirty.add(step.key);
      return;
    case "lease":
      if ((await shard.lease(step.key)).kind === "leased") kept.leased.add(step.key);
      return;
    case "tend":
      await shard.tend();
  }
}

async function judge(shard: TestShard, { dirty, leased }: Kept): Promise<void> {
  for (const [name, held] of await shard.held()) {
    if (name === "") continue;
    expect(held.used).toBe(held.counted);
    expect(held.used * 256).toBeLessThanOrEqual(BUDGET);
    expect(held.octets).toBeLessThanOrEqual(BUDGET);
    expect(held.loose).toBe(0);
  }
  for (const one of dirty) expect(await shard.run("HGET", `tg:a:${one}`, "dirty")).toBe("1");
  for (const one of leased) expect(await shard.run("EXISTS", `tg:l:${one}`)).toBe(1);
}

describe.each(BACKENDS)("%s", (_name, start) => {
  let rest: RestFixture;
  beforeAll(async () => {
    rest = await start();
  });
  afterAll(() => rest?.stop());

  test("no class exceeds its budget, and nothing dirty or leased is lost, in any order of events", async () => {
    const shard = new TestShard(rest);
    const property = fc.asyncProperty(fc.array(act, { minLength: 50, maxLength: 50 }), async (steps) => {
      await shard.run("FLUSHALL");
      const kept: Kept = { dirty: new Set(), leased: new Set() };
      for (const step of steps) {
        await play(shard, step, kept);
        await judge(shard, kept);
      }
    });
    await fc.assert(property, { seed: 1, numRuns: 8, endOnFailure: true });
  }, 60_000);
});
