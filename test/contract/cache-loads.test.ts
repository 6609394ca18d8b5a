// Loads of the client library's cache: of many keys by one call, past their time, beside a broken tracer, and by nobody who only looks.

import { describe, expect, test, vi } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import type { CacheOptions } from "../../client/cache/create-cache.ts";
import { CACHE_LIMITS } from "../../client/cache/limits.ts";
import type { Span, Tracer } from "../../client/cache/telemetry.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;

function world(options: Partial<CacheOptions> = {}): { fake: FakeTidegate; cache: Cache } {
  const fake = fakeTidegate();
  return { fake, cache: fake.cache({ ...OPTIONS, ...options }) };
}

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, at) => `key/${at}`);

/** Loads what it is asked for after a while, and notes how much that was. */
function loadingMany(fake: FakeTidegate, took = 0) {
  const calls: number[] = [];
  const loadMany = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    calls.push(keys.length);
    if (took > 0) await fake.clock.delay(took);
    return new Map(keys.map((key) => [key, `loaded ${key}`]));
  };
  return { calls, loadMany };
}

describe("many keys", () => {
  test.each([
    ["65 keys that take 2.5 s", 65, 2500, {}],
    ["as many as may be", CACHE_LIMITS.many, 50, {}],
    ["more than there are turns", 5, 20, { concurrency: 1 }],
    ["more than there are tokens", 30, 20, { ratePerSecond: 5 }],
  ])("are loaded by one call, in one turn and for one token: %s", async (_, count, took, origin) => {
    const { fake, cache } = world({ origin });
    const { calls, loadMany } = loadingMany(fake, took);
    const keys = keysOf(count);
    const values = await fake.clock.until(cache.getMany(keys, loadMany));
    expect(values).toEqual(keys.map((key) => `loaded ${key}`));
    expect(calls).toEqual([count]);
    expect(cache.stats()).toMatchObject({ loads: 1, loaded: count, shed: {}, failures: {} });
  });

  test("are turned away together, and counted once", async () => {
    const { fake, cache } = world({ origin: { ratePerSecond: 0.003, burst: 1 } });
    const { calls, loadMany } = loadingMany(fake);
    await fake.clock.until(cache.getMany(["a", "b"], loadMany));
    await expect(fake.clock.until(cache.getMany(["c", "d"], loadMany))).rejects.toMatchObject({
      code: "overloaded",
      message: expect.stringMatching(/^The loader was not run \(rate\); it may be in \d+ ms\.$/),
    });
    expect([calls, cache.stats().shed]).toEqual([[2], { rate: 1 }]);
  });

  test("are tried again together", async () => {
    const { fake, cache } = world({ origin: { retryShare: 1 } });
    const calls: number[] = [];
    const values = cache.getMany(["a", "b"], async (keys) => {
      calls.push(keys.length);
      if (calls.length === 1) throw new Error("no");
      return new Map(keys.map((key) => [key, 1]));
    });
    expect(await fake.clock.until(values)).toEqual([1, 1]);
    expect(calls).toEqual([2, 2]);
  });

  test("one of which another program loads do not wait for it", async () => {
    const { fake, cache } = world();
    const slow = fake
      .cache(OPTIONS)
      .getOrFetch("key/0", () => fake.clock.delay("2s").then(() => "another's"));
    await fake.clock.advance(10);
    const began = fake.clock.elapsed;
    const loads: [readonly string[], number][] = [];
    const values = cache.getMany(keysOf(3), async (keys) => {
      loads.push([keys, fake.clock.elapsed - began]);
      return new Map(keys.map((key) => [key, "own"]));
    });
    expect(await fake.clock.until(values)).toEqual(["another's", "own", "own"]);
    expect(loads).toEqual([[["key/1", "key/2"], 25]]);
    await fake.clock.until(slow);
  });

  test("under one signal have one listener, and leave none behind", async () => {
    const { fake, cache } = world();
    const { loadMany } = loadingMany(fake);
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    const calls = [
      cache.getMany(keysOf(20), loadMany, { signal }),
      cache.getOrFetch("z", () => 1, { signal }),
    ];
    await fake.clock.until(Promise.all(calls));
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1]);
  });

  test("end with their signal, all of them", async () => {
    const { fake, cache } = world();
    const abort = new AbortController();
    const { signal } = abort;
    const never = (): Promise<never> => new Promise(() => undefined);
    const calls = keysOf(20).map((key) => cache.getOrFetch(key, never, { signal }));
    await fake.clock.advance("10ms");
    abort.abort();
    const ended = await fake.clock.until(Promise.allSettled(calls));
    expect(new Set(ended.map((one) => one.status === "rejected" && one.reason.code))).toEqual(
      new Set(["aborted"]),
    );
  });

  test("twice the same is one", async () => {
    const { fake, cache } = world();
    const { calls, loadMany } = loadingMany(fake);
    const values = await fake.clock.until(cache.getMany(["a", "a"], loadMany));
    expect([values, calls]).toEqual([["loaded a", "loaded a"], [1]]);
  });

  test("more than may be are refused before anything is asked", async () => {
    const { fake, cache } = world();
    const { calls, loadMany } = loadingMany(fake);
    const keys = keysOf(CACHE_LIMITS.many + 1);
    await expect(cache.getMany(keys, loadMany)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("keys: 1000 keys are the most"),
    });
    expect(calls).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ["resolves to nothing", async () => undefined],
    ["resolves to what is no map", async () => ({ a: 1 })],
    ["answers nothing", () => undefined],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "resolves to what throws",
      async () => ({
        get() {
          throw new Error("no");
        },
      }),
    ],
  ])("whose loader %s fail, and nobody waits for them", async (_, loadMany) => {
    const broken = loadMany as unknown as () => Promise<Map<string, number>>;
    for (const isHeldUp of [false, true]) {
      const { fake, cache } = world({ origin: { retryShare: 0 } });
      // With a key that another program loads the timer runs it.
      const keys = isHeldUp ? ["held", "a", "b"] : ["a", "b"];
      const held = fake.cache(OPTIONS).getOrFetch("held", () => fake.clock.delay("1s"));
      await fake.clock.advance(10);
      const began = fake.clock.elapsed;
      const many = cache.getMany(keys, broken);
      await fake.clock.settle();
      const joined = cache.getOrFetch("a", () => 1);
      for (const call of [many, joined] as Promise<unknown>[])
        await expect(fake.clock.until(call)).rejects.toMatchObject({ code: "load-failed" });
      expect(fake.clock.elapsed - began).toBeLessThanOrEqual(25);
      await fake.clock.until(held);
    }
  });
});

describe("a loader that goes on past its time", () => {
  /** Ignores its signal, and ends when it is let. */
  function stubborn() {
    const state = { runs: 0, atOnce: 0, most: 0 };
    const ends: (() => void)[] = [];
    const loader = async (): Promise<string> => {
      state.runs += 1;
      state.atOnce += 1;
      state.most = Math.max(state.most, state.atOnce);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.push(resolve);
      await promise;
      state.atOnce -= 1;
      return "late";
    };
    const endAll = (): void => {
      for (const end of ends.splice(0)) end();
    };
    return { state, loader, endAll };
  }

  /** One call every 200 ms, of as many keys in turn. */
  async function callsOf(
    { fake, cache }: ReturnType<typeof world>,
    { loader, keys, calls }: { loader: () => Promise<string>; keys: number; calls: number },
  ): Promise<unknown[]> {
    const codes: Promise<unknown>[] = [];
    for (let at = 0; at < calls; at++) {
      const call = cache.getOrFetch(`key/${at % keys}`, loader);
      codes.push(call.catch(({ code }: { code: string }) => code));
      await fake.clock.advance(200);
    }
    return fake.clock.until(Promise.all(codes));
  }

  test("keeps its turn, for however long: no more run than there are turns", async () => {
    const its = world({ origin: { concurrency: 2 } });
    const { state, loader, endAll } = stubborn();
    await callsOf(its, { loader, keys: 50, calls: 150 });
    expect(state).toMatchObject({ runs: 2, most: 2 });
    endAll();
    expect(await its.fake.clock.until(its.cache.getOrFetch("other", () => "well"))).toBe("well");
  });

  test("is not run again beside itself, nor takes another turn", async () => {
    const its = world({ origin: { concurrency: 2 } });
    const { state, loader, endAll } = stubborn();
    const codes = await callsOf(its, { loader, keys: 1, calls: 150 });
    expect(new Set(codes)).toEqual(new Set(["load-timeout"]));
    expect(state.runs).toBe(1);
    expect(await its.fake.clock.until(its.cache.getOrFetch("other", () => "well"))).toBe("well");
    endAll();
    await its.fake.clock.advance("10s");
    expect(await its.fake.clock.until(its.cache.getOrFetch("key/0", () => "well"))).toBe("well");
  });

  test("gives its key to whoever has it: another program's value is found meanwhile", async () => {
    const its = world();
    const { state, loader } = stubborn();
    await callsOf(its, { loader, keys: 1, calls: 30 });
    await its.fake.clock.until(its.fake.cache(OPTIONS).set("key/0", "set"));
    await its.fake.clock.advance("6s");
    const read = await its.fake.clock.until(its.cache.read("key/0", loader));
    expect([read.value, read.source, state.runs]).toEqual(["set", "shared", 1]);
  });

  test("of many keys keeps one turn, and none of them is run again", async () => {
    const { fake, cache } = world({ origin: { concurrency: 1 } });
    const { state, loader, endAll } = stubborn();
    const loadMany = async (keys: readonly string[]) => {
      const value = await loader();
      return new Map(keys.map((key) => [key, value]));
    };
    for (let calls = 0; calls < 3; calls++) {
      await expect(fake.clock.until(cache.getMany(keysOf(3), loadMany))).rejects.toMatchObject({
        code: "load-timeout",
      });
      await fake.clock.advance("10s");
    }
    expect(state.runs).toBe(1);
    endAll();
    await fake.clock.settle();
    expect(await fake.clock.until(cache.getOrFetch("other", () => "well"))).toBe("well");
  });

  test("may have been lost with its request where tasks are kept alive for those: its turn is another's after a while", async () => {
    const its = world({ origin: { concurrency: 1 }, waitUntil: () => undefined });
    const { state, loader } = stubborn();
    await callsOf(its, { loader, keys: 1, calls: 1 });
    await its.fake.clock.advance("12s");
    expect(await its.fake.clock.until(its.cache.getOrFetch("other", () => "well"))).toBe("well");
    expect(await its.fake.clock.until(its.cache.getOrFetch("key/0", () => "well"))).toBe("well");
    expect(state.runs).toBe(1);
  });

  test("tells of its source's trouble when its time is up, and not when it ends", async () => {
    const { fake, cache } = world();
    const { loader } = stubborn();
    const calls = keysOf(20).map((key) => cache.getOrFetch(key, loader).catch(() => undefined));
    await fake.clock.until(Promise.all(calls));
    await expect(fake.clock.until(cache.getOrFetch("other", () => "well"))).rejects.toMatchObject({
      code: "overloaded",
    });
    expect(cache.stats().shed).toEqual({ breaker: 1 });
  });
});

describe("a tracer that throws hinders no load, and blocks no turn", () => {
  const thrown = (): never => {
    throw new Error("the tracer's");
  };
  const span: Span = { recordException: thrown, setStatus: thrown, end: thrown };
  const tracers: Readonly<Record<string, Tracer["startActiveSpan"]>> = {
    "before the load": thrown,
    "with each word of its span": (_name, _options, action) => action(span),
    "when the load has begun": (_name, _options, action) => {
      action(span);
      return thrown();
    },
    "not, and runs nothing": (_name, _options, _action) => undefined as never,
  };

  test.each(Object.entries(tracers))("%s", async (_, startActiveSpan) => {
    const telemetry = { tracer: { startActiveSpan } };
    const { fake, cache } = world({ telemetry, origin: { concurrency: 1, retryShare: 0 } });
    let runs = 0;
    const read = (key: string, isWell: boolean): Promise<number> =>
      fake.clock.until(
        cache.getOrFetch(key, async () => {
          runs += 1;
          if (!isWell) throw new Error("the loader's");
          return runs;
        }),
      );
    expect(await read("a", true)).toBe(1);
    await expect(read("b", false)).rejects.toMatchObject({ cause: { message: "the loader's" } });
    expect(await read("c", true)).toBe(3);
  });
});

describe("whoever only looks", () => {
  test.each(["another's", "its own"])("waits for no load: %s", async (whose) => {
    const { fake, cache } = world();
    const loading = whose === "its own" ? cache : fake.cache(OPTIONS);
    const load = loading.getOrFetch("k", () => fake.clock.delay("4s").then(() => "loaded"));
    await fake.clock.advance(10);
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(cache.get("k"))).toEqual({ found: false, because: "absent" });
    expect([fake.clock.elapsed, cache.stats().leaseWaits]).toEqual([began, 0]);
    const joined = cache.getOrFetch("k", () => "another load");
    expect(await fake.clock.until(Promise.all([load, joined]))).toEqual(["loaded", "loaded"]);
    expect(await fake.clock.until(cache.get("k"))).toMatchObject({ found: true, value: "loaded" });
  });
});
