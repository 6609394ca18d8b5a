// What loaders may ask of their sources: over all programs that share a budget, and each by its own share without Redis.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

/** Of a rate of ten a second with a burst of five. */
const RATE = { ratePerSecond: 10, burst: 5 } as const;

/** Many keys asked for by each cache, ten a second more than there is room for: when the loads began. */
async function loadsOf(fake: FakeTidegate, caches: readonly Cache[], source = "default"): Promise<number[]> {
  const loads: number[] = [];
  for (let at = 0; at < 60; at++) {
    for (const [which, cache] of caches.entries())
      void cache
        .getOrFetch(`${which}/${at}`, () => loads.push(fake.clock.elapsed), { source })
        .catch(() => undefined);
    await fake.clock.advance(50);
  }
  await fake.clock.advance(3000);
  return loads;
}

/** The most that ever exceeds `rate · t` in any span: never more than the burst. */
function excessOf(loads: readonly number[], ratePerSecond: number): number {
  const spans = loads.flatMap((from, first) =>
    loads.slice(first).map((to, more) => more + 1 - ((to - from) * ratePerSecond) / 1000),
  );
  return Math.max(0, ...spans);
}

const app = { namespace: "app", class: "hot" } as const;

describe("a budget of all programs", () => {
  test("holds over three of them, and is used up", async () => {
    const fake = fakeTidegate();
    const sources = { default: { ...RATE, shared: true } } as const;
    const loads = await loadsOf(
      fake,
      [1, 2, 3].map(() => fake.cache({ ...app, sources })),
    );
    expect(excessOf(loads, RATE.ratePerSecond)).toBeLessThanOrEqual(RATE.burst + 0.01);
    // Three seconds of ten, and the burst.
    expect(loads.length).toBeGreaterThan(30);
  });

  test("is each program's own where nothing is said of sharing", async () => {
    const fake = fakeTidegate();
    const loads = await loadsOf(
      fake,
      [1, 2, 3].map(() => fake.cache({ ...app, sources: { default: RATE } })),
    );
    expect(loads.length).toBeGreaterThan(90);
    expect(excessOf(loads, 3 * RATE.ratePerSecond)).toBeLessThanOrEqual(3 * RATE.burst + 0.01);
  });

  test("is another namespace's too where both name it, and else is not", async () => {
    const over = async (shared: true | string): Promise<number> => {
      const fake = fakeTidegate();
      const caches = ["one", "two"].map((namespace) =>
        fake.cache({ namespace, class: "hot", sources: { db: { ...RATE, shared } } }),
      );
      return excessOf(await loadsOf(fake, caches, "db"), RATE.ratePerSecond);
    };
    expect(await over("orders")).toBeLessThanOrEqual(RATE.burst + 0.01);
    expect(await over(true)).toBeGreaterThan(2 * RATE.burst);
  });

  test("without Redis is the sum of shares", async () => {
    const fake = fakeTidegate();
    fake.log.condition = "down";
    const sources = { default: { ...RATE, shared: true, share: 0.2 } } as const;
    const caches = [1, 2, 3].map(() => fake.cache({ ...app, sources }));
    const loads = await loadsOf(fake, caches);
    // Two a second and one at once, of each.
    expect(excessOf(loads, 6)).toBeLessThanOrEqual(3.01);
    expect(loads.length).toBeGreaterThan(18);
    expect(caches.map((cache) => cache.stats().byShare).reduce((sum, one) => sum + one)).toBe(loads.length);
  });

  test("of the site is what the control plane says, class by class", async () => {
    const fake = fakeTidegate();
    fake.originLimits({
      ...{ rate: 10, burst: 5 },
      share: { rate: 2, burst: 2 },
      classes: { hot: { cost: 2 } },
    });
    const cache = fake.cache({ ...app, origin: { budget: "site" } });
    await fake.clock.until(cache.ready());
    const loads = await loadsOf(fake, [cache]);
    expect(excessOf(loads, 5)).toBeLessThanOrEqual(2.5 + 0.01);
    expect(loads.length).toBeGreaterThan(15);
    fake.originLimits({ rate: 1000, share: { rate: 1, burst: 1 } });
    await fake.clock.advance(6000);
    await fake.clock.until(cache.ready());
    // What had found no token is loaded now, all of it.
    const more = await loadsOf(fake, [cache]);
    expect(more.length).toBe(60 - loads.length);
  });
});

test("a load that fails is not tried again where there is no token for it", async () => {
  const fake = fakeTidegate();
  const sources = { default: { ratePerSecond: 0.001, burst: 1, shared: true, retryShare: 1 } } as const;
  const cache = fake.cache({ ...app, sources });
  let runs = 0;
  const failing = () => {
    runs += 1;
    throw new Error("no");
  };
  await expect(fake.clock.until(cache.getOrFetch("k", failing))).rejects.toMatchObject({
    code: "load-failed",
  });
  expect(runs).toBe(1);
});

describe("misuse is told", () => {
  const fake = fakeTidegate();
  test.each([
    ["sources.db.burst", { burst: 2 }],
    ["sources.db.shared", { shared: true }],
    ["sources.db.shared", { ratePerSecond: 1, shared: "no name" }],
    ["sources.db.share", { ratePerSecond: 1, share: 0.5 }],
    ["sources.db.share", { ratePerSecond: 1, shared: true, share: 0 }],
    ["sources.db.ratePerSecond", { budget: "site", ratePerSecond: 1 }],
    ["sources.db.budget", { budget: "mine" }],
    ["sources.db.rate", { rate: 1 }],
  ])("%s: %o", (where, options) => {
    expect(() => fake.cache({ ...app, sources: { db: options as object } })).toThrow(where);
  });

  test("a call's source that there is not, before anybody waits for its lease", async () => {
    const [one, other] = [fake.cache(app), fake.cache(app)];
    const wrong = one.getOrFetch("k", () => 1, { source: "typo" });
    await expect(fake.clock.until(wrong)).rejects.toThrow("source: there is no source");
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(other.getOrFetch("k", () => 2))).toBe(2);
    expect(fake.clock.elapsed).toBe(began);
  });

  test("origin and sources.default", () => {
    expect(() => fake.cache({ ...app, origin: {}, sources: { default: {} } })).toThrow("origin");
  });
});
