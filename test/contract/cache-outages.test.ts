// The client library's cache while the log is slow or away, and beside a source that was: in virtual time, case by case.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { CACHE_LIMITS } from "../../client/cache/limits.ts";
import { type Invalidation, Unsent } from "../../client/cache/unsent.ts";
import { Untold } from "../../client/cache/untold.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";
import { TestClock } from "../../client/testing/test-clock.ts";
import { LIMITS } from "../../edge/config.ts";
import { instant, type Selector } from "../../shared/core/units.ts";

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

test("reads of a log that does not answer are counted", async () => {
  const { fake, one } = world();
  fake.log.condition = "down";
  expect(await fake.clock.until(one.getOrFetch("k", () => "loaded"))).toBe("loaded");
  expect(one.stats().sharedErrors).toBeGreaterThan(0);
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

describe("a call that changes something ends by its deadline", () => {
  const CALLS: [string, (cache: Cache) => Promise<unknown>][] = [
    ["delete", (cache) => cache.delete("k")],
    ["set", (cache) => cache.set("k", "new")],
    ["invalidate", (cache) => cache.invalidate({ keys: ["k"] })],
  ];
  function hasty() {
    const { fake, other } = world();
    return { fake, other, one: fake.cache({ ...OPTIONS, deadlines: { call: "1s" } }) };
  }

  test.each(CALLS)("%s, while the log is silent: it is told later", async (_name, call) => {
    const { fake, one, other } = hasty();
    expect(await fake.clock.until(other.getOrFetch("k", () => "old"))).toBe("old");
    fake.log.condition = "silent";
    const began = fake.clock.elapsed;
    await expect(fake.clock.until(call(one))).rejects.toMatchObject({ code: "unacknowledged" });
    expect(fake.clock.elapsed - began).toBe(1000);
    fake.log.condition = "up";
    await fake.clock.advance("15s");
    expect(await fake.clock.until(other.getOrFetch("k", () => "new"))).toBe("new");
  });

  test.each(CALLS)(
    "%s, while the log is slow: its word still counts, and counts once",
    async (_name, call) => {
      const { fake, one, other } = hasty();
      await fake.clock.until(Promise.all([one.ready(), other.getOrFetch("k", () => "old")]));
      fake.log.takes("2900ms");
      await expect(fake.clock.until(call(one))).rejects.toMatchObject({ code: "unacknowledged" });
      expect(await fake.clock.until(one.getOrFetch("k", () => "new"))).toBe("new");
      await fake.clock.advance("2s");
      fake.log.takes(0);
      await fake.clock.advance("30s");
      expect(one.stats()).toMatchObject({ invalidations: 1, unacknowledged: 1 });
      await fake.clock.until(one.dispose());
      expect(fake.clock.pending).toBe(0);
    },
  );

  test("what is set is acknowledged by the log alone, and kept behind it", async () => {
    const { fake, one, other } = hasty();
    await fake.clock.until(one.ready());
    fake.shared.takes("3s");
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(one.set("k", "new"))).toEqual({ position: expect.any(String) });
    expect(fake.clock.elapsed - began).toBe(1000);
    fake.shared.takes(0);
    await fake.clock.advance("10s");
    expect(await fake.clock.until(other.getOrFetch("k", () => "loaded"))).toBe("new");
  });
});

describe("while the log can't be told of deletes", () => {
  const rejected = (deleting: Promise<unknown>): Promise<unknown> =>
    deleting.then(
      () => expect.fail("it was acknowledged"),
      (error: unknown) => expect(error).toMatchObject({ code: "unacknowledged" }),
    );

  test.each(["log", "both"] as const)(
    "(away: %s) a key that none of them names is loaded once",
    async (away) => {
      const { fake, one } = world();
      await fake.clock.until(one.ready());
      fake.log.condition = "down";
      if (away === "both") fake.shared.condition = "down";
      let loads = 0;
      const loader = async (): Promise<number> => {
        loads += 1;
        await fake.clock.delay(500);
        return loads;
      };
      const calls: Promise<unknown>[] = [];
      for (let at = 0; at < 200; at++) {
        calls.push(one.getOrFetch("hot", loader));
        if (at % 4 === 0) calls.push(rejected(one.delete(`other/${at}`)));
        await fake.clock.advance(5);
      }
      await fake.clock.until(Promise.all(calls));
      expect([loads, one.stats().unacknowledged]).toEqual([1, 50]);
    },
  );

  test.each([
    ["by its key", "k", {}],
    ["by a tag that the loader alone knows", "k", { tags: ["t"] }],
    ["by a tag", "k", { tags: ["t"] }],
  ] as const)("what was under way is given to nobody who comes later: %s", async (how, key, named) => {
    const { fake, one } = world();
    await fake.clock.until(one.ready());
    fake.log.condition = "down";
    let truth = "old";
    const loader = async ({ tag }: { tag: (...tags: string[]) => void }): Promise<string> => {
      const seen = truth;
      if (how === "by a tag that the loader alone knows") tag("t");
      await fake.clock.delay(500);
      return seen;
    };
    const options = how === "by a tag" ? { tags: ["t"] } : {};
    const first = one.getOrFetch(key, loader, options);
    await fake.clock.advance(100);
    truth = "new";
    await fake.clock.until(rejected("tags" in named ? one.invalidate(named) : one.delete(key)));
    const later = one.getOrFetch(key, loader, options);
    expect(await fake.clock.until(first)).toBe("old");
    expect(await fake.clock.until(later)).toBe("new");
    expect(await fake.clock.until(one.getOrFetch(key, loader, options))).toBe("new");
  });

  test("what the mid-tier has of one is loaded anew, once, and is everybody's", async () => {
    const { fake, one, other } = world();
    await fake.clock.until(other.ready());
    const loads: string[] = [];
    const loader = (value: string) => () => {
      loads.push(value);
      return value;
    };
    await fake.clock.until(one.getOrFetch("k", loader("old")));
    await fake.clock.advance(100);
    fake.log.condition = "down";
    await fake.clock.until(rejected(one.delete("k")));
    await fake.clock.advance(100);
    expect(await fake.clock.until(one.getOrFetch("k", loader("new")))).toBe("new");
    await fake.clock.advance(100);
    expect(await fake.clock.until(one.getOrFetch("k", loader("newer")))).toBe("new");
    one.tiers.near.enabled = false;
    expect(await fake.clock.until(one.getOrFetch("k", loader("newer")))).toBe("new");
    expect(await fake.clock.until(other.getOrFetch("k", loader("newer")))).toBe("new");
    expect(loads).toEqual(["old", "new"]);
  });

  test("what was deleted is given neither by a look, nor instead of a loader that fails", async () => {
    const { fake, one } = world();
    await fake.clock.until(one.getOrFetch("k", () => "old"));
    await fake.clock.advance("70s");
    fake.log.condition = "down";
    await fake.clock.until(rejected(one.delete("k")));
    expect(await fake.clock.until(one.get("k"))).toEqual({ found: false, because: "absent" });
    const failing = () => Promise.reject(new Error("no"));
    await expect(fake.clock.until(one.getOrFetch("k", failing))).rejects.toMatchObject({
      code: "load-failed",
    });
  });

  test("names are kept up to a limit, and beyond it all is deleted that is older", () => {
    const untold = new Untold();
    const named = (name: string): Invalidation => ({
      ...{ operationId: name, requestDigest: name, actor: "test", action: "invalidate", detail: "" },
      payload: { kind: "invalidate", mode: "hard", selectors: [name as Selector] },
    });
    for (let at = 0; at < CACHE_LIMITS.untold; at++) untold.add(named(`${at}`), instant(at));
    const other = ["other" as Selector];
    expect([untold.hitsSince(0, other), untold.hitsBorn(instant(0), other)]).toEqual([false, false]);
    untold.add(named("one more"), instant(1_000_000));
    expect([untold.hitsSince(0, other), untold.hitsBorn(instant(1_000_000), other)]).toEqual([true, true]);
    expect(untold.hitsSince(untold.drops, other)).toBe(false);
    expect(untold.hitsBorn(instant(1_000_001), other)).toBe(false);
  });

  test("a name is forgotten when the log has been told, unless it has been named again", () => {
    const untold = new Untold();
    const [name] = ["k" as Selector];
    const query = (operationId: string): Invalidation => ({
      ...{ operationId, requestDigest: "", actor: "test", action: "invalidate", detail: "" },
      payload: { kind: "invalidate", mode: "hard", selectors: [name] },
    });
    untold.add(query("first"), instant(1));
    untold.add(query("second"), instant(2));
    untold.told(query("first"));
    expect(untold.hitsBorn(instant(2), [name])).toBe(true);
    untold.told(query("second"));
    expect(untold.hitsBorn(instant(2), [name])).toBe(false);
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

describe("a key whose loader has failed in one program for long", () => {
  /** The first program leaves it alone for ten seconds, and has just begun to. */
  async function failing() {
    const { fake, one, other } = world();
    const state = { isWell: false, loads: 0 };
    const loader = async (): Promise<string> => {
      state.loads += 1;
      if (!state.isWell) throw new Error("no");
      return "well";
    };
    const read = (cache: Cache): Promise<string> => fake.clock.until(cache.getOrFetch("k", loader));
    const fails = (): Promise<void> => expect(read(one)).rejects.toMatchObject({ code: "load-failed" });
    for (let failures = 0; failures < 7; failures++) {
      await fake.clock.advance("10s");
      await fails();
    }
    Object.assign(state, { isWell: true, loads: 0 });
    return { fake, one, other, state, read, fails };
  }

  test("is loaded once by another one that finds its source well, and kept near", async () => {
    const { fake, other, state, read } = await failing();
    for (let reads = 0; reads < 20; reads++) {
      expect(await read(other)).toBe("well");
      await fake.clock.advance("50ms");
    }
    expect(state.loads).toBe(1);
  });

  test("is everybody's again after a second, however often the first asks for it meanwhile", async () => {
    const { fake, one, other, state, read, fails } = await failing();
    for (let asked = 0; asked < 21; asked++) {
      await fails();
      await fake.clock.advance("50ms");
    }
    const third = fake.cache(OPTIONS);
    expect([await read(other), await read(third), await read(one)]).toEqual(["well", "well", "well"]);
    expect([state.loads, third.stats().shared, one.stats().shared]).toEqual([1, 1, 1]);
  });

  test("may be set meanwhile, and is read where it was", async () => {
    const { fake, one, state, read } = await failing();
    await fake.clock.until(one.set("k", "set"));
    expect([await read(one), state.loads]).toEqual(["set", 0]);
  });

  test("is told to others for as long as an edge tells it", () => {
    expect(CACHE_LIMITS.failingFor).toBe(LIMITS.failingFor);
  });

  test("is given up by a delete all the same, where it is kept near alone", async () => {
    const { fake, other, state, read } = await failing();
    expect(await read(other)).toBe("well");
    const third = fake.cache(OPTIONS);
    await fake.clock.until(third.delete("k"));
    await fake.clock.advance(5001);
    expect(await read(other)).toBe("well");
    expect(state.loads).toBe(2);
  });
});
