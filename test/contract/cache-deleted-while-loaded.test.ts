// Values that are deleted while they are loaded: who may have them, and how long others wait.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import type { CacheOptions } from "../../client/cache/create-cache.ts";
import type { LoadContext } from "../../client/cache/job.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const OPTIONS = { namespace: "app", class: "hot" } as const;
const TAKES = 1500;

test("a key that is deleted faster than it is loaded keeps nobody waiting for that to end: two loads at the most", async () => {
  const fake = fakeTidegate();
  const options = { ...OPTIONS, classes: { hot: { window: "100ms" } } };
  const caches = Array.from({ length: 4 }, () => fake.cache(options));
  const deleting = fake.cache(options);
  let loads = 0;
  const load = async (): Promise<number> => {
    loads += 1;
    const load = loads;
    await fake.clock.delay(TAKES);
    return load;
  };
  const waits: number[] = [];
  const reads: Promise<void>[] = [];
  const read = async (of: Cache): Promise<void> => {
    const began = fake.clock.elapsed;
    await of.getOrFetch("k", load);
    waits.push(fake.clock.elapsed - began);
  };
  for (let at = 0; at < 12_000; at += 100) {
    if (at % 700 === 0) await fake.clock.until(deleting.delete("k"));
    reads.push(...caches.map(read));
    await fake.clock.advance(100);
  }
  await fake.clock.until(Promise.all(reads));
  expect(Math.max(...waits)).toBeLessThanOrEqual(2 * TAKES + 1000);
  expect(loads).toBeLessThanOrEqual((2 * 12_000) / TAKES);
});

describe("under a lease that was taken over already", () => {
  interface Overtaken {
    readonly fake: FakeTidegate;
    /** Has taken the lease from another, and loads "late" until 4 s after the beginning. */
    readonly holder: Cache;
    readonly other: Cache;
  }

  async function overtaken(more: Partial<CacheOptions> = {}): Promise<Overtaken> {
    const fake = fakeTidegate();
    const options = { ...OPTIONS, ...more };
    const first = fake.cache(options);
    const [holder, other] = [fake.cache(options), fake.cache(options)];
    for (const cache of [first, holder, other]) await fake.clock.until(cache.ready());
    const load = (value: string) => () => fake.clock.delay("4s").then(() => value);
    void first.getOrFetch("k", load("first")).catch(() => undefined);
    await fake.clock.advance(100);
    await fake.clock.until(holder.delete("k"));
    void holder.getOrFetch("k", load("late")).catch(() => undefined);
    await fake.clock.advance(100);
    return { fake, holder, other };
  }

  test("a program that could not tell the log of its delete does not read what is older, also when it has", async () => {
    const { fake, other } = await overtaken();
    fake.log.condition = "down";
    const deleted = fake.clock.until(other.delete("k"));
    await expect(deleted).rejects.toMatchObject({ code: "unacknowledged" });
    const reading = other.read("k", () => fake.clock.delay("10ms").then(() => "own"));
    await fake.clock.advance(200);
    fake.log.condition = "up";
    expect(await fake.clock.until(reading)).toMatchObject({ value: "own", source: "loader" });
  });

  test("a value that is set is kept, and waits for nobody", async () => {
    const { fake, other } = await overtaken();
    await fake.clock.until(other.set("k", "set"));
    const began = fake.clock.elapsed;
    expect(await fake.clock.until(other.get("k"))).toMatchObject({ found: true, value: "set" });
    const third = fake.cache(OPTIONS);
    expect(await fake.clock.until(third.getOrFetch("k", () => "loaded"))).toBe("set");
    expect(fake.clock.elapsed - began).toBeLessThan(100);
  });

  test("who has waited is told by how old a view he was let wait, not by how young one is now", async () => {
    const { fake, holder, other } = await overtaken();
    await fake.clock.until(other.ready());
    await fake.clock.advance(500);
    await fake.clock.until(holder.delete("k"));
    await fake.clock.advance(1000);
    const reading = other.read("k", () => "own");
    await fake.clock.advance(500);
    await fake.clock.until(other.ready());
    const read = await fake.clock.until(reading);
    expect(read).toMatchObject({ value: "late", source: "shared" });
    expect(read.knownAge).toBeGreaterThanOrEqual(1000);
  });

  test("a loader is not handed what was deleted while its caller waited, though that was good enough for him", async () => {
    const brief = { ttl: "1s", staleWhileRevalidate: "60s", jitter: 0 } as const;
    const { fake, holder, other } = await overtaken({ classes: { hot: brief } });
    await fake.clock.until(other.ready());
    const handed: unknown[] = [];
    // As one that asks its database whether that is still so, and is told what it is given.
    const unchanged = ({ previous }: LoadContext<string>): string => {
      handed.push(previous);
      return previous ?? "new";
    };
    const reading = other.read("k", unchanged);
    await fake.clock.advance(500);
    await fake.clock.until(holder.delete("k"));
    await fake.clock.until(other.ready());
    expect(await fake.clock.until(reading)).toMatchObject({ value: "late" });
    await fake.clock.advance(2000);
    expect(handed).toEqual([undefined]);
    expect(await fake.clock.until(other.read("k", () => "newer"))).toMatchObject({ value: "new" });
  });
});
