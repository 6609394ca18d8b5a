// What an invalidation of a program may name: nothing is acknowledged that could hit nothing.

import { describe, expect, test } from "vitest";
import type { InvalidateOptions } from "../../client/cache/invalidation.ts";
import { CACHE_LIMITS } from "../../client/cache/limits.ts";
import { fakeTidegate } from "../../client/testing/fake-tidegate.ts";

const deep = (segments: number): string => Array.from({ length: segments }, (_, at) => `s${at}`).join("/");

describe("an invalidation that could name nothing is refused, and its field named", () => {
  const fake = fakeTidegate();
  const cache = fake.cache({ namespace: "app", class: "hot" });
  const long = Array.from({ length: 300 }, (_, at) => `${at}-${"é".repeat(1000)}`);

  test.each([
    ["/prefixes/1", { prefixes: ["a", deep(33)] }],
    ["/prefixes/0", { prefixes: ["users/*"] }],
    ["/prefixes/0", { prefixes: [""] }],
    ["/prefixes", { prefixes: "users" as unknown as string[] }],
    ["/keys/0", { keys: ["\ud800"] }],
    ["/keys/1", { keys: ["a", "k".repeat(CACHE_LIMITS.key + 1)] }],
    ["/keys", { keys: "users/1" as unknown as string[] }],
    ["/tags/0", { tags: ["a b"] }],
    ["/tags", { tags: "users" as unknown as string[] }],
    ["/classes", { classes: ["warm"] }],
    ["/tag", { keys: ["a"], tag: "users" } as InvalidateOptions],
    // As much as an append can't carry would be offered to the log for ever.
    ["/invalidate", { keys: long }],
  ] as [string, InvalidateOptions][])("%s of %o", async (pointer, options) => {
    await expect(cache.invalidate(options)).rejects.toMatchObject({
      code: "invalid-argument",
      errors: [{ pointer, message: expect.any(String) }],
    });
  });

  test("and nothing of it is told to the log, now or later", () => {
    expect(cache.stats()).toMatchObject({ invalidations: 0, unacknowledged: 0 });
  });
});

test("the deepest prefix names what is below it", async () => {
  const fake = fakeTidegate();
  const cache = fake.cache({ namespace: "app", class: "hot" });
  let runs = 0;
  const read = (): Promise<number> => fake.clock.until(cache.getOrFetch(deep(40), () => ++runs));
  expect(await read()).toBe(1);
  await fake.clock.until(cache.invalidate({ prefixes: [deep(32)] }));
  expect(await read()).toBe(2);
});
