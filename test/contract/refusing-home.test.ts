// A home that still reads and refuses writes, full or only a replica, while the shard behind it holds something else that is no good.

import { expect, test } from "vitest";
import { cacheOver } from "../../client/cache/create-cache.ts";
import { CACHE_LIMITS } from "../../client/cache/limits.ts";
import { FakeBudget } from "../../client/testing/fake-budget.ts";
import { FakeLog } from "../../client/testing/fake-log.ts";
import { Reachable } from "../../client/testing/reachable.ts";
import { TestClock } from "../../client/testing/test-clock.ts";
import { millis } from "../../shared/core/units.ts";
import { NO_BODY } from "../../shared/ports/body.ts";
import type { L2Answer, MidTier } from "../../shared/ports/mid-tier.ts";
import { systemRandom } from "../../shared/runtime/system.ts";
import { DIGEST } from "../simulator/digest.ts";
import { loneEdge } from "../support/lone-edge.ts";
import { storedAnswer } from "../support/stored-answer.ts";

/** Whoever does not want what the home holds is refused a lease there, and is offered what the next one holds. */
function refusingHome(): MidTier & { reads: number } {
  const unavailable = { kind: "unavailable", reason: "refused" } as const;
  const asOf = { epoch: 0, seq: 0 };
  const found = (id: string): L2Answer => ({
    answer: storedAnswer({ id, asOf, length: 0, key: "another's" }),
    body: new Uint8Array(0),
    verifiedTo: asOf,
    residence: millis(0),
    shard: id,
  });
  const midTier = {
    reads: 0,
    read: async ({ not }: { readonly not: string | null }) => {
      midTier.reads += 1;
      if (midTier.reads > 100) throw new Error("nobody asks so often");
      return { kind: "hit", found: found(not === "home" ? "next" : "home") } as const;
    },
    fill: async () => unavailable,
    release: async () => "unavailable" as const,
    renew: async () => "unavailable" as const,
    verified: async () => undefined,
  };
  return midTier;
}

test("an edge asks the origin once it has seen all there is", async () => {
  const midTier = refusingHome();
  const lone = loneEdge([], { midTier });
  await lone.beat();
  lone.origin = () => ({
    kind: "answer",
    status: 200,
    headers: [["cache-control", "max-age=60"]],
    body: NO_BODY,
  });
  expect((await lone.get("/a")).status).toBe(200);
  expect(lone.asked).toHaveLength(1);
  expect(midTier.reads).toBe(3);
});

test("a program loads once it has seen all there is", async () => {
  const midTier = refusingHome();
  const clock = new TestClock();
  const reach = new Reachable(clock, CACHE_LIMITS.logDeadline);
  const ports = {
    ...{ clock, timers: clock, callTimers: clock, random: systemRandom, digest: DIGEST },
    ...{ log: new FakeLog(reach), midTier, budget: new FakeBudget(reach) },
  };
  const cache = cacheOver(ports, { namespace: "app", class: "hot" });
  expect(await clock.until(cache.getOrFetch("k", () => "loaded"))).toBe("loaded");
  expect(midTier.reads).toBe(3);
});
