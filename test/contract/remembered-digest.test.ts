// Digests of keys are worked out once, for so many and no longer texts, and a failure is remembered by nobody.

import { expect, test } from "vitest";
import { rememberedDigest } from "../../edge/runtime/remembered-digest.ts";
import { systemDigest } from "../../shared/runtime/system.ts";

const LIMITS = { digestsRemembered: 2, digestedText: 8 };

function counting() {
  const asked: string[] = [];
  let fails = false;
  const sha256Hex = async (text: string): Promise<string> => {
    asked.push(text);
    if (fails) throw new Error("no digest");
    return systemDigest.sha256Hex(text);
  };
  const digest = rememberedDigest({ ...systemDigest, sha256Hex }, LIMITS);
  return { digest, asked, fail: (now: boolean) => (fails = now) };
}

test("the same text is digested once, as it would be without, and is at hand from then on", async () => {
  const { digest, asked } = counting();
  const first = await digest.sha256Hex("key");
  expect(first).toBe(await systemDigest.sha256Hex("key"));
  expect(digest.sha256Hex("key")).toBe(first);
  expect(asked).toEqual(["key"]);
});

test("neither more nor longer texts than the limits say are remembered", async () => {
  const { digest, asked } = counting();
  for (const text of ["a", "b", "c", "a", "longer than that", "longer than that"])
    await digest.sha256Hex(text);
  expect(asked).toEqual(["a", "b", "c", "a", "longer than that", "longer than that"]);
});

test("what failed is tried again", async () => {
  const { digest, asked, fail } = counting();
  fail(true);
  await expect(digest.sha256Hex("key")).rejects.toThrow("no digest");
  fail(false);
  expect(await digest.sha256Hex("key")).toBe(await systemDigest.sha256Hex("key"));
  expect(asked).toHaveLength(2);
});
