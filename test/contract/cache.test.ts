// The client library's cache over a mid-tier in memory: what it promises, case by case.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;

function world(): { fake: FakeTidegate; one: Cache; other: Cache } {
  const fake = fakeTidegate();
  return { fake, one: fake.cache(OPTIONS), other: fake.cache(OPTIONS) };
}

/** A loader that counts, and ends when it is told to or after a while. */
function counting(fake: FakeTidegate, took = 0) {
  const state = { runs: 0, atOnce: 0, most: 0 };
  const loader = async () => {
    state.runs += 1;
    state.atOnce += 1;
    state.most = Math.max(state.most, state.atOnce);
    const value = `v${state.runs}`;
    if (took > 0) await fake.clock.delay(took);
    state.atOnce -= 1;
    return value;
  };
  return Object.assign(loader, { state });
}

describe("one load", () => {
  test("of a hundred calls at once in each of eight programs", async () => {
    const { fake } = world();
    fake.shared.takes(3);
    const loader = counting(fake, 50);
    const caches = Array.from({ length: 8 }, () => fake.cache(OPTIONS));
    const calls = caches.flatMap((cache) => Array.from({ length: 100 }, () => cache.getOrFetch("k", loader)));
    expect(new Set(await fake.clock.until(Promise.all(calls)))).toEqual(new Set(["v1"]));
    expect(loader.state.runs).toBe(1);
  });

  test("for two hundred callers where it fails, and none in parallel", async () => {
    const { fake, one } = world();
    const state = { runs: 0, atOnce: 0, most: 0 };
    const failing = async () => {
      state.runs += 1;
      state.atOnce += 1;
      state.most = Math.max(state.most, state.atOnce);
      await fake.clock.delay(20);
      state.atOnce -= 1;
      throw new Error("no");
    };
    const calls = Array.from({ length: 200 }, async (_, at) => {
      await fake.clock.delay(at);
      return one.getOrFetch("k", failing);
    });
    const ended = await fake.clock.until(Promise.allSettled(calls));
    expect(ended.every(({ status }) => status === "rejected")).toBe(true);
    expect(state).toMatchObject({ most: 1 });
    expect(state.runs).toBeLessThanOrEqual(2);
  });
});

describe("an invalidation", () => {
  test("during a slow load: who reads after the acknowledgement does not see what was loaded before", async () => {
    const { fake, one } = world();
    let truth = "old";
    const loader = async () => {
      const seen = truth;
      await fake.clock.delay(100);
      return seen;
    };
    const first = one.getOrFetch("k", loader);
    await fake.clock.advance(10);
    truth = "new";
    await fake.clock.until(one.delete("k"));
    const second = one.getOrFetch("k", loader);
    expect(await fake.clock.until(first)).toBe("old");
    expect(await fake.clock.until(second)).toBe("new");
    await fake.clock.advance(200);
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("new");
  });

  test("by a tag that only the loader knows", async () => {
    const { fake, one, other } = world();
    let truth = 1;
    const loader = async ({ tag }: { tag: (...tags: string[]) => void }) => {
      tag("prices");
      return truth;
    };
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe(1);
    truth = 2;
    await fake.clock.until(other.invalidate({ tags: ["prices"] }));
    await fake.clock.advance(5001);
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe(2);
  });

  test("of another program shows within the class's window", async () => {
    const { fake, one, other } = world();
    const loader = counting(fake);
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("v1");
    await fake.clock.until(other.delete("k"));
    await fake.clock.advance("5s");
    await fake.clock.advance(1);
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("v2");
  });

  test("that the log can't be told is said, and told later", async () => {
    const { fake, one, other } = world();
    const loader = counting(fake);
    await fake.clock.until(one.getOrFetch("k", loader));
    await fake.clock.until(other.getOrFetch("k", loader));
    fake.log.condition = "down";
    await expect(fake.clock.until(one.delete("k"))).rejects.toMatchObject({ code: "unacknowledged" });
    fake.log.condition = "up";
    await fake.clock.advance("6s");
    await fake.clock.until(one.getOrFetch("other", loader));
    await fake.clock.advance("6s");
    const value = await fake.clock.until(other.getOrFetch("k", loader));
    expect(value).not.toBe("v1");
  });
});

describe("an outage", () => {
  test("of everything: the loader is asked, and nothing is thrown", async () => {
    const { fake, one } = world();
    fake.shared.condition = "silent";
    fake.log.condition = "silent";
    const loader = counting(fake, 5);
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("v1");
    expect(fake.clock.elapsed - began).toBeLessThan(10_000);
  });

  test("every call ends by its deadline", async () => {
    const { fake, one } = world();
    fake.shared.condition = "silent";
    fake.log.condition = "silent";
    const began = fake.clock.elapsed;
    const call = one.getOrFetch("k", () => new Promise(() => undefined), { deadline: 700 });
    await expect(fake.clock.until(call)).rejects.toMatchObject({ code: "deadline" });
    expect(fake.clock.elapsed - began).toBe(700);
  });
});

test("undefined and null are values", async () => {
  const { fake, one } = world();
  expect(await fake.clock.until(one.getOrFetch("u", () => undefined))).toBeUndefined();
  expect(await fake.clock.until(one.getOrFetch("n", () => null))).toBeNull();
  expect(await fake.clock.until(one.get("u"))).toMatchObject({ found: true, value: undefined });
  expect(await fake.clock.until(one.get("n"))).toMatchObject({ found: true, value: null });
  expect(await fake.clock.until(one.get("none"))).toEqual({ found: false, because: "absent" });
});

test("what is set is read everywhere", async () => {
  const { fake, one, other } = world();
  const loader = counting(fake);
  await fake.clock.until(one.getOrFetch("k", loader));
  await fake.clock.until(one.set("k", "set"));
  expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("set");
  expect(await fake.clock.until(other.getOrFetch("k", loader))).toBe("set");
  expect(loader.state.runs).toBe(1);
});

test("several keys are loaded by one call", async () => {
  const { fake, one } = world();
  await fake.clock.until(one.getOrFetch("b", () => "had"));
  const asked: (readonly string[])[] = [];
  const values = one.getMany(["a", "b", "c"], async (keys) => {
    asked.push(keys);
    return new Map(keys.map((key) => [key, `loaded ${key}`]));
  });
  expect(await fake.clock.until(values)).toEqual(["loaded a", "had", "loaded c"]);
  expect(asked).toEqual([["a", "c"]]);
});
