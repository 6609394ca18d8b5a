// The client library's cache over a mid-tier in memory: what it promises, case by case.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import type { LoadContext } from "../../client/cache/job.ts";
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
  test("for as long as it takes: its lease is renewed under it", async () => {
    const { fake } = world();
    const options = { ...OPTIONS, deadlines: { call: "30s", load: "20s" } } as const;
    const [one, other] = [fake.cache(options), fake.cache(options)];
    const loader = counting(fake, 15_000);
    const first = one.getOrFetch("k", loader);
    await fake.clock.until(fake.clock.delay(100));
    const second = other.getOrFetch("k", loader);
    expect(await fake.clock.until(Promise.all([first, second]))).toEqual(["v1", "v1"]);
    expect(loader.state.runs).toBe(1);
  });

  test("of a hundred calls at once in each of eight programs", async () => {
    const { fake } = world();
    fake.shared.takes(3);
    const loader = counting(fake, 50);
    const caches = Array.from({ length: 8 }, () => fake.cache(OPTIONS));
    const calls = caches.flatMap((cache) => Array.from({ length: 100 }, () => cache.getOrFetch("k", loader)));
    expect(new Set(await fake.clock.until(Promise.all(calls)))).toEqual(new Set(["v1"]));
    expect(loader.state.runs).toBe(1);
  });

  test("where its holder is gone with a lease that outlasts any load: one of those who wait", async () => {
    const { fake } = world();
    const options = { ...OPTIONS, deadlines: { call: "30s", load: "500ms", soft: "400ms" } } as const;
    const gone = fake.cache(options);
    // Nothing of it reaches the mid-tier any more once it has the lease.
    const load = gone.getOrFetch("k", () => new Promise(() => undefined), { deadline: 100 });
    await expect(fake.clock.until(load)).rejects.toMatchObject({ code: "deadline" });
    fake.shared.condition = "down";
    await fake.clock.until(fake.clock.delay("600ms"));
    fake.shared.condition = "up";
    const loader = counting(fake, 100);
    const calls = [fake.cache(options), fake.cache(options)].map((cache) => cache.getOrFetch("k", loader));
    expect(await fake.clock.until(Promise.all(calls))).toEqual(["v1", "v1"]);
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

  test("of the log, past the window: what nobody can vouch for stands in for no loader, slow or failing", async () => {
    const { fake, one } = world();
    expect(await fake.clock.until(one.getOrFetch("k", () => "old"))).toBe("old");
    fake.log.condition = "down";
    await fake.clock.advance("70s");
    const slow = async () => {
      await fake.clock.delay("2s");
      return "new";
    };
    const failing = async () => {
      throw new Error("no");
    };
    await expect(fake.clock.until(one.getOrFetch("k", failing))).rejects.toMatchObject({
      code: "load-failed",
    });
    await fake.clock.advance("1s");
    expect(await fake.clock.until(one.getOrFetch("k", slow))).toBe("new");
  });

  test("of nothing: what is past its time stands in for both", async () => {
    const { fake, one } = world();
    expect(await fake.clock.until(one.getOrFetch("k", () => "old"))).toBe("old");
    await fake.clock.advance("70s");
    const failing = async () => {
      throw new Error("no");
    };
    expect(await fake.clock.until(one.getOrFetch("k", failing))).toBe("old");
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

test("what can't be set leaves what is there", async () => {
  const { fake, one, other } = world();
  await fake.clock.until(one.set("k", "good"));
  const told = one.stats().invalidations;
  await expect(fake.clock.until(one.set("k", 1, { class: "standard" }))).rejects.toMatchObject({
    code: "invalid-argument",
  });
  await expect(fake.clock.until(one.set("k", 1n))).rejects.toMatchObject({ code: "not-serializable" });
  await expect(fake.clock.until(one.set("k", 1, { tags: ["a b"] }))).rejects.toThrow("tags.0");
  for (const cache of [one, other])
    expect(await fake.clock.until(cache.get("k"))).toMatchObject({ found: true, value: "good" });
  expect(one.stats().invalidations).toBe(told);
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

test("a meter reads what the cache has counted, and each load is a span", async () => {
  const fake = fakeTidegate();
  const seen = new Map<string, () => unknown>();
  const counter = (name: string) => ({
    addCallback(callback: (result: { observe(value: number, attributes?: object): void }) => void) {
      seen.set(name, () => {
        const values: unknown[] = [];
        callback({ observe: (value, attributes) => values.push([value, attributes]) });
        return values;
      });
    },
  });
  const spans: string[] = [];
  const cache = fake.cache({
    ...OPTIONS,
    telemetry: {
      meter: { createObservableCounter: counter, createObservableGauge: counter },
      tracer: {
        startActiveSpan: (name, _options, action) =>
          action({
            recordException: (error) => void spans.push(`${name} failed: ${(error as Error).message}`),
            setStatus: () => undefined,
            end: () => void spans.push(`${name} ended`),
          }),
      },
    },
  });
  await fake.clock.until(cache.getOrFetch("k", () => 1));
  await fake.clock.until(cache.getOrFetch("k", () => 1));
  await expect(
    fake.clock.until(cache.getOrFetch("bad", () => Promise.reject(new Error("no")))),
  ).rejects.toMatchObject({
    code: "load-failed",
  });
  expect(seen.get("tidegate.cache.reads")?.()).toContainEqual([1, { source: "near", namespace: "app" }]);
  expect(seen.get("tidegate.cache.loads")?.()).toEqual([
    [1, { outcome: "loaded", namespace: "app" }],
    [1, { outcome: "failed", namespace: "app" }],
  ]);
  expect(spans).toEqual(["tidegate.load ended", "tidegate.load failed: no", "tidegate.load ended"]);
});

describe("past its time", () => {
  const read = (cache: Cache, loader: () => unknown) => cache.read("k", loader);

  test("a value is given while a new one is loaded behind it", async () => {
    const { fake, one } = world();
    const loader = counting(fake, 20);
    await fake.clock.until(one.getOrFetch("k", loader));
    await fake.clock.advance("70s");
    expect(await fake.clock.until(read(one, loader))).toMatchObject({ value: "v1", stale: true });
    await fake.clock.advance(100);
    expect(await fake.clock.until(read(one, loader))).toMatchObject({ value: "v2", stale: false });
    expect(loader.state).toMatchObject({ runs: 2, most: 1 });
  });

  test("a value stands in for a loader that fails, and for one that is slow", async () => {
    const { fake, one } = world();
    await fake.clock.until(one.getOrFetch("k", () => "good"));
    await fake.clock.advance("3m");
    const failing = () => Promise.reject(new Error("no"));
    expect(await fake.clock.until(read(one, failing))).toMatchObject({ value: "good", stale: true });
    await fake.clock.advance("1m");
    const slow = async () => {
      await fake.clock.delay("3s");
      return "late";
    };
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(read(one, slow))).toMatchObject({ value: "good", stale: true });
    expect(fake.clock.elapsed - began).toBeLessThanOrEqual(1000);
    await fake.clock.advance("3s");
    expect(await fake.clock.until(read(one, slow))).toMatchObject({ value: "late", stale: false });
  });

  test("nothing is given that was deleted meanwhile", async () => {
    const { fake, one } = world();
    await fake.clock.until(one.getOrFetch("k", () => "old"));
    await fake.clock.advance("70s");
    await fake.clock.until(one.delete("k"));
    await expect(fake.clock.until(read(one, () => Promise.reject(new Error("no"))))).rejects.toMatchObject({
      code: "load-failed",
    });
  });
});

test("a hot key never expires in the face of a reader", async () => {
  const { fake, one } = world();
  const loader = counting(fake, 50);
  await fake.clock.until(one.getOrFetch("k", loader));
  let waited = 0;
  for (let second = 0; second < 300; second++) {
    const began = fake.clock.elapsed;
    await fake.clock.until(one.getOrFetch("k", loader));
    if (fake.clock.elapsed > began + 10) waited += 1;
    await fake.clock.advance("1s");
  }
  expect(waited).toBe(0);
  expect(loader.state.runs).toBeGreaterThan(4);
  expect(loader.state.runs).toBeLessThan(9);
});

test("the first caller's abort is his own", async () => {
  const { fake, one } = world();
  const loader = counting(fake, 100);
  const aborting = new AbortController();
  const first = one.getOrFetch("k", loader, { signal: aborting.signal });
  const second = one.getOrFetch("k", loader);
  await fake.clock.advance(10);
  aborting.abort();
  await expect(fake.clock.until(first)).rejects.toMatchObject({ code: "aborted" });
  expect(await fake.clock.until(second)).toBe("v1");
  expect(loader.state.runs).toBe(1);
});

test("a loader that takes too long is told so, and keeps its turn until it ends", async () => {
  const fake = fakeTidegate();
  const cache = fake.cache({
    ...OPTIONS,
    deadlines: { load: "1s" },
    sources: { default: { concurrency: 1 } },
  });
  let aborted = false;
  const stuck = ({ signal }: { signal: AbortSignal }) => {
    signal.addEventListener("abort", () => {
      aborted = true;
    });
    return fake.clock.delay("3s").then(() => "late");
  };
  await expect(fake.clock.until(cache.getOrFetch("a", stuck))).rejects.toMatchObject({
    code: "load-timeout",
  });
  expect(aborted).toBe(true);
  const other = cache.getOrFetch("b", () => "next");
  await fake.clock.advance("1s");
  expect(cache.stats().loads).toBe(1);
  expect(await fake.clock.until(other)).toBe("next");
});

describe("misuse is told", () => {
  const fake = fakeTidegate();
  const bare = fake.cache({ namespace: "app" });

  test.each([
    ["class: the call has to say one", () => bare.getOrFetch("k", () => 1)],
    ["class: there is no class", () => bare.getOrFetch("k", () => 1, { class: "warm" })],
    ["ttl: class standard has no ttl", () => bare.getOrFetch("k", () => 1, { class: "standard" })],
    ["ttl: milliseconds, or a duration", () => bare.getOrFetch("k", () => 1, { class: "hot", ttl: "soon" })],
    ["key: a key is a text", () => bare.getOrFetch("", () => 1, { class: "hot" })],
    ["tags.0: a tag is", () => bare.getOrFetch("k", () => 1, { class: "hot", tags: ["a b"] })],
    ["it has to name keys", () => bare.invalidate({})],
    ["can't be kept", () => bare.getOrFetch("big", () => 1n, { class: "hot" })],
  ] as [string, () => Promise<unknown>][])("%s", async (message, call) => {
    await expect(fake.clock.until(call())).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["namespace", () => fake.cache({ namespace: "Not Good" })],
    ["classes.hot.tll", () => fake.cache({ namespace: "app", classes: { hot: { tll: 1 } as object } })],
    ["sources.db.concurrency", () => fake.cache({ namespace: "app", sources: { db: { concurrency: 0 } } })],
    ["deadlines.call", () => fake.cache({ namespace: "app", deadlines: { call: 0 } })],
  ])("%s", (message, make) => {
    expect(make).toThrow(message);
  });
});

test("what is handed out can't be changed for others", async () => {
  const { fake, one } = world();
  const value = await fake.clock.until(one.getOrFetch("k", () => ({ list: [1] })));
  expect(() => value.list.push(2)).toThrow(TypeError);
  expect(await fake.clock.until(one.getOrFetch("k", () => ({ list: [3] })))).toEqual({ list: [1] });
});

test("octets are each reader's own, wherever they come from", async () => {
  const { fake, one, other } = world();
  const octets = (): Uint8Array => Buffer.from([1, 2, 3]);
  const spoilt = async (read: Promise<Uint8Array>): Promise<number[]> => {
    const value = await fake.clock.until(read);
    const had = [...value];
    value.fill(9);
    return had;
  };
  const together = [one.getOrFetch("k", octets), one.getOrFetch("k", octets)];
  await fake.clock.until(Promise.all(together));
  for (const read of together) expect(await spoilt(read)).toEqual([1, 2, 3]);
  expect(await spoilt(one.getOrFetch("k", octets))).toEqual([1, 2, 3]);
  expect(await spoilt(other.getOrFetch("k", octets))).toEqual([1, 2, 3]);
  expect(await spoilt(other.read("k", octets).then(({ value }) => value))).toEqual([1, 2, 3]);
  expect(await fake.clock.until(one.getOrFetch("k", octets))).toEqual(new Uint8Array([1, 2, 3]));
  // What a loader is shown of what was there stands in for it afterwards.
  await fake.clock.advance("3m");
  const spoiling = ({ previous }: LoadContext<Uint8Array>): Uint8Array => {
    previous?.fill(9);
    throw new Error("no");
  };
  expect(await fake.clock.until(one.read("k", spoiling))).toMatchObject({
    value: new Uint8Array([1, 2, 3]),
    stale: true,
  });
});

test("a tier may be turned off, and compared", async () => {
  const { fake, one } = world();
  const loader = counting(fake);
  await fake.clock.until(one.getOrFetch("k", loader));
  one.tiers.near.shadow = 1;
  expect(await fake.clock.until(one.getOrFetch("k", loader))).toBe("v1");
  await fake.clock.advance(10);
  expect(one.stats()).toMatchObject({ compared: 1, differed: 1 });
  one.tiers.near.enabled = false;
  one.tiers.near.shadow = 0;
  expect(await fake.clock.until(one.read("k", loader))).toMatchObject({ source: "shared", value: "v1" });
  one.tiers.shared.enabled = false;
  expect(await fake.clock.until(one.read("k", loader))).toMatchObject({ source: "loader" });
});
