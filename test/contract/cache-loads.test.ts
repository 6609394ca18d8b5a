// Loads of the client library's cache: of many keys by one call, past their time, beside a broken tracer, and by nobody who only looks.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import type { CacheOptions } from "../../client/cache/create-cache.ts";
import type { Span, Tracer } from "../../client/cache/telemetry.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;

function world(options: Partial<CacheOptions> = {}): { fake: FakeTidegate; cache: Cache } {
  const fake = fakeTidegate();
  return { fake, cache: fake.cache({ ...OPTIONS, ...options }) };
}

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
