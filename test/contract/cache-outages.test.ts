// The client library's cache while the log is slow or away, and beside a source that was: in virtual time, case by case.

import { describe, expect, test } from "vitest";
import type { Cache } from "../../client/cache/cache.ts";
import { type FakeTidegate, fakeTidegate } from "../../client/testing/fake-tidegate.ts";

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
