// What a request has begun for a key, and goes on no more since its runtime has ended the request: others' calls get by.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import type { CacheOptions } from "../../client/cache/create-cache.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot", waitUntil: () => undefined } as const;

function world(options: Partial<CacheOptions> = {}): { fake: FakeTidegate; cache: Cache } {
  const fake = fakeTidegate();
  fake.shared.takes(10);
  return { fake, cache: fake.cache({ ...OPTIONS, ...options }) };
}

/** Nothing that it waits for ever comes, its own timers included. */
async function inLostRequest({ clock }: FakeTidegate, begin: () => Promise<unknown>): Promise<void> {
  const { after } = clock;
  clock.after = () => () => undefined;
  void begin();
  await clock.settle();
  clock.after = after;
}

/** Its client has left: it goes on for as long as something of it is kept alive, its timers included. */
async function leftByItsClient(
  fake: FakeTidegate,
  begin: (cache: Cache) => Promise<unknown>,
): Promise<Cache> {
  const kept = new Set<Promise<unknown>>();
  const waitUntil = (task: Promise<unknown>): void => {
    kept.add(task);
    void task.then(() => kept.delete(task));
  };
  const cache = fake.cache({ ...OPTIONS, waitUntil });
  await fake.clock.until(cache.ready());
  const { after } = fake.clock;
  fake.clock.after = (span, action) => after.call(fake.clock, span, () => kept.size > 0 && action());
  begin(cache).catch(() => undefined);
  await fake.clock.advance("20s");
  fake.clock.after = after;
  return cache;
}

const never = new Promise<never>(() => undefined);
const code = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

describe("a load that was lost with its request", () => {
  test.each([
    ["while Redis was asked", 10],
    ["while its loader ran", 0],
  ])("keeps its key from nobody for longer than it could have taken: %s", async (_, latency) => {
    const { fake, cache } = world();
    await fake.clock.until(cache.ready());
    fake.shared.takes(latency);
    let ran = 0;
    await inLostRequest(fake, () =>
      cache.getOrFetch("k", () => {
        ran += 1;
        return never;
      }),
    );
    expect(ran).toBe(latency === 0 ? 1 : 0);
    const joined = fake.clock.until(cache.getOrFetch("k", () => "beside it").catch(code));
    expect(await joined).toBe("deadline");
    await fake.clock.advance("31s");
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(cache.getOrFetch("k", () => "well"))).toBe("well");
    expect(fake.clock.elapsed - began).toBeLessThan(100);
  });

  test("does not end the renewals behind calls", async () => {
    const { fake, cache } = world({ classes: { hot: { ttl: "1m", staleWhileRevalidate: "1h" } } });
    await fake.clock.until(cache.getOrFetch("k", () => "old"));
    await fake.clock.advance("61s");
    await fake.clock.until(cache.ready());
    await inLostRequest(fake, () => cache.getOrFetch("k", () => never));
    await fake.clock.advance("41s");
    let ran = 0;
    const loader = (): string => {
      ran += 1;
      return "new";
    };
    expect(await fake.clock.until(cache.getOrFetch("k", loader))).toBe("old");
    await fake.clock.advance("1s");
    expect([await fake.clock.until(cache.getOrFetch("k", loader)), ran]).toEqual(["new", 1]);
  });

  test("keeps nobody who only looks waiting either", async () => {
    const { fake, cache } = world();
    await fake.clock.until(cache.ready());
    await inLostRequest(fake, () => cache.get("k"));
    await fake.clock.advance("41s");
    expect(await fake.clock.until(cache.get("k"))).toEqual({ found: false, because: "absent" });
  });
});

test("a flight that takes its time is joined for as long as it may take", async () => {
  const { fake, cache } = world();
  const other = fake.cache(OPTIONS);
  const held = other.getOrFetch("k", () => fake.clock.delay("4s").then(() => "another's"));
  await fake.clock.advance(100);
  const waiting = cache.getOrFetch("k", () => "own");
  await fake.clock.advance("3s");
  const joined = cache.getOrFetch("k", () => "own");
  expect(await fake.clock.until(Promise.all([held, waiting, joined]))).toEqual(Array(3).fill("another's"));
  expect(cache.stats().coalesced).toBe(1);
});

describe("what changes something", () => {
  test("a delete whose client leaves reaches the log, and no reader gets the old value", async () => {
    const { fake, cache: other } = world();
    fake.log.takes(400);
    await fake.clock.until(other.getOrFetch("k", () => "old"));
    const cache = await leftByItsClient(fake, (its) => its.delete("k"));
    expect(cache.stats().invalidations).toBe(1);
    expect(await fake.clock.until(cache.getOrFetch("k", () => "new"))).toBe("new");
    expect(await fake.clock.until(other.getOrFetch("k", () => "newer"))).toBe("new");
  });

  test("a delete whose client leaves while the log is silent is told to it later", async () => {
    const { fake } = world();
    const cache = await leftByItsClient(fake, async (its) => {
      fake.log.condition = "silent";
      await its.delete("k");
    });
    expect(cache.stats()).toMatchObject({ invalidations: 0, unacknowledged: 1 });
    fake.log.condition = "up";
    await fake.clock.until(cache.delete("another"));
    await fake.clock.advance("1s");
    expect(cache.stats().invalidations).toBe(2);
  });

  test("a set whose client leaves holds its key up for nobody", async () => {
    const { fake, cache: other } = world();
    fake.shared.takes(400);
    fake.log.takes(400);
    await leftByItsClient(fake, (its) => its.set("k", "set"));
    fake.shared.takes(10);
    expect(await fake.clock.until(other.getOrFetch("k", () => "loaded"))).toBe("set");
  });
});

test("what was lost with its request is not waited for when the cache is disposed of", async () => {
  const { fake, cache } = world();
  await fake.clock.until(cache.ready());
  await inLostRequest(fake, () => cache.getOrFetch("k", () => never));
  await fake.clock.until(cache.dispose());
  expect(fake.clock.elapsed).toBeLessThan(60_000);
});
