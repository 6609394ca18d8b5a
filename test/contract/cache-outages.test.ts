// The client library's cache while the log is slow or away, and beside a source that was: in virtual time, case by case.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { type Invalidation, Unsent } from "../../client/cache/unsent.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import { TestClock } from "../../client/testing/test-clock.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;

function world(): { fake: FakeTidegate; one: Cache; other: Cache } {
  const fake = fakeTidegate();
  return { fake, one: fake.cache(OPTIONS), other: fake.cache(OPTIONS) };
}

test("a value that was set is vouched for from before the log was told, however late its word is heard", async () => {
  const { fake, one, other } = world();
  await fake.clock.until(Promise.all([one.ready(), other.ready()]));
  fake.log.takes("2900ms");
  const setting = one.set("k", "old");
  // The log has it, and its word is on the way.
  await fake.clock.advance("1455ms");
  fake.log.takes(0);
  await fake.clock.until(other.delete("k"));
  const acknowledgedAt = fake.clock.elapsed;
  await fake.clock.until(setting);
  fake.log.condition = "down";
  expect(await fake.clock.until(one.getOrFetch("k", () => "new"))).toBe("old");
  await fake.clock.advance(acknowledgedAt + 5001 - fake.clock.elapsed);
  expect(await fake.clock.until(one.getOrFetch("k", () => "new"))).toBe("new");
});

describe("with replicas that have to hold what is told", () => {
  test("a program that only invalidates is acknowledged with its first call", async () => {
    const { fake, one } = world();
    fake.replicas(1);
    expect(await fake.clock.until(one.delete("k"))).toEqual({ position: "1-2" });
  });

  test("it hears of another number of them when the log refuses its word", async () => {
    const { fake, one } = world();
    await fake.clock.until(one.delete("k"));
    fake.replicas(2);
    expect(await fake.clock.until(one.delete("k"))).toEqual({ position: "1-3" });
  });
});

describe("an invalidation that the log could not be told, of a program that only invalidates", () => {
  /** The value that another program keeps meanwhile is of a class with a window of ten minutes. */
  async function untold() {
    const { fake, one, other } = world();
    const read = (loader: () => string) =>
      fake.clock.until(other.getOrFetch("k", loader, { class: "immutable", ttl: "1d" }));
    expect(await read(() => "old")).toBe("old");
    await fake.clock.until(one.ready());
    fake.log.condition = "down";
    await expect(fake.clock.until(one.delete("k"))).rejects.toMatchObject({ code: "unacknowledged" });
    return { fake, one, read };
  }

  test("is told by itself when the log is back", async () => {
    const { fake, one, read } = await untold();
    await fake.clock.advance("5m");
    fake.log.condition = "up";
    await fake.clock.advance("10s");
    expect(one.stats().invalidations).toBe(1);
    await fake.clock.advance("10m");
    expect(await read(() => "new")).toBe("new");
  });

  test("is told with the next one that the log takes", async () => {
    const { fake, one } = await untold();
    await fake.clock.advance("5m");
    fake.log.condition = "up";
    const before = fake.clock.elapsed;
    await fake.clock.until(one.delete("other"));
    await fake.clock.settle();
    expect([one.stats().invalidations, fake.clock.elapsed]).toEqual([2, before]);
  });

  test("is offered no more by a cache that has been disposed of", async () => {
    const { fake, one } = await untold();
    expect(fake.clock.pending).toBeGreaterThan(0);
    await fake.clock.until(one.dispose());
    expect(fake.clock.pending).toBe(0);
    fake.log.condition = "up";
    await fake.clock.advance("1m");
    expect(one.stats().invalidations).toBe(0);
  });
});

describe("what waits for the log", () => {
  const QUERY: Invalidation = {
    ...{ operationId: "a", requestDigest: "a", actor: "test", action: "invalidate", detail: "" },
    payload: { kind: "invalidate", mode: "hard", selectors: [] },
  };

  test("is offered more and more seldom, and at least every ten seconds", async () => {
    const clock = new TestClock();
    const unsent = new Unsent();
    unsent.keep(QUERY);
    const offered: number[] = [];
    const offer = async (): Promise<void> => {
      offered.push(clock.elapsed);
      await unsent.offer(clock, async () => false);
      unsent.offerAgain({ clock, timers: clock }, 1, () => void offer());
    };
    await offer();
    await clock.advance("34s");
    expect(offered).toEqual([0, 2000, 6000, 14_000, 24_000, 34_000]);
  });

  test("is offered again though the offer's request is gone, and its timers with it", async () => {
    const clock = new TestClock();
    const unsent = new Unsent();
    unsent.keep(QUERY);
    let armed = 0;
    const timers = {
      after() {
        armed += 1;
        return () => {};
      },
    };
    const wait = () => unsent.offerAgain({ clock, timers }, 1, () => {});
    void unsent.offer(clock, () => new Promise(() => {}));
    wait();
    await unsent.offer(clock, async () => true);
    wait();
    expect([unsent.size, armed]).toEqual([1, 1]);
    await clock.advance("15s");
    wait();
    await unsent.offer(clock, async () => true);
    expect([unsent.size, armed]).toEqual([0, 2]);
  });
});
