// Whoever listens to a cache, logs for it or traces it hears of what fails, and breaks nothing by failing himself.

import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import type { CacheOptions } from "../../client/cache/create-cache.ts";
import type { CacheEvent } from "../../client/cache/telling.ts";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;
const fail = (): never => {
  throw new Error("mine");
};
const silentSpan = { recordException: () => undefined, setStatus: () => undefined, end: () => undefined };

describe("one that fails is counted, and told of once", () => {
  let said: MockInstance;
  beforeEach(() => {
    said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  });
  afterEach(() => said.mockRestore());

  test.each([
    ["a logger", { logger: { debug: fail, warn: fail } }],
    ["a tracer that begins no span", { telemetry: { tracer: { startActiveSpan: fail } } }],
    [
      "a tracer that fails behind the load",
      {
        telemetry: {
          tracer: {
            startActiveSpan(_name, _options, action) {
              action(silentSpan);
              return fail();
            },
          },
        },
      },
    ],
    [
      "a span",
      {
        telemetry: {
          tracer: { startActiveSpan: (_name, _options, action) => action({ ...silentSpan, end: fail }) },
        },
      },
    ],
  ] as [string, Partial<CacheOptions>][])("%s", async (_, options) => {
    const fake = fakeTidegate();
    const cache = fake.cache({ ...OPTIONS, ...options });
    let loads = 0;
    const load = () => ++loads;
    expect(await fake.clock.until(cache.getOrFetch("a", load))).toBe(1);
    expect(await fake.clock.until(cache.getOrFetch("b", load))).toBe(2);
    expect(cache.stats()).toMatchObject({ loads: 2, loadFailures: 0, shed: {} });
    expect(cache.stats().listenerErrors).toBeGreaterThan(1);
    expect(said).toHaveBeenCalledTimes(1);
  });

  test("a listener, at once or by its promise; the others are told all the same", async () => {
    const fake = fakeTidegate();
    const cache = fake.cache(OPTIONS);
    const heard: CacheEvent[] = [];
    cache.on("load", fail);
    cache.on("load", async () => fail());
    cache.on("load", (event) => void heard.push(event));
    expect(await fake.clock.until(cache.getOrFetch("k", () => "v"))).toBe("v");
    await fake.clock.settle();
    expect(heard).toMatchObject([{ event: "load", key: "k" }]);
    expect(cache.stats().listenerErrors).toBe(2);
    expect(said).toHaveBeenCalledTimes(1);
  });
});

test("a program that begins while Redis is away is told that the log is", async () => {
  const fake = fakeTidegate();
  [fake.log.condition, fake.shared.condition] = ["down", "down"];
  const warn = vi.fn();
  const cache = fake.cache({ ...OPTIONS, logger: { debug: () => undefined, warn } });
  const heard: CacheEvent[] = [];
  cache.on("unavailable", (event) => void heard.push(event));
  expect(await fake.clock.until(cache.getOrFetch("k", () => "loaded"))).toBe("loaded");
  expect(heard[0]).toMatchObject({ tier: "log", reason: expect.any(String) });
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ tier: "log" }), "cache unavailable");
});
