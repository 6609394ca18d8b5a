// What was found of a blob outlives the isolate that found it, and counts for that very answer alone.

import { expect, test } from "vitest";
import { DataCentreTier } from "../../edge/tiers/data-centre.ts";
import type { HeldAnswer, StoredAnswer } from "../../shared/core/stored-answer.ts";
import { type CacheKey, instant, millis } from "../../shared/core/units.ts";
import type { Blob, BlobStore } from "../../shared/ports/blob-store.ts";
import { systemClock, systemDigest } from "../../shared/runtime/system.ts";

const KEY = "shop|https|shop.test|/kept" as CacheKey;

function memoryStore(): BlobStore & { readonly blobs: Map<string, Blob> } {
  const blobs = new Map<string, Blob>();
  return {
    blobs,
    match: async (key) => {
      const blob = blobs.get(key);
      return blob === undefined ? { kind: "absent" } : { kind: "hit", blob, residence: millis(0) };
    },
    matchRange: async () => ({ kind: "absent" }),
    restate: async () => ({ kind: "absent" }),
    put: async (key, blob) => {
      blobs.set(key, blob);
      return { kind: "stored" };
    },
    delete: async (key) => void blobs.delete(key),
  };
}

const answer = (id: string): StoredAnswer =>
  ({
    id,
    key: KEY,
    asOf: { epoch: 7, seq: 3 },
    length: 0,
    status: 200,
    headers: [],
    selectors: [],
    vary: [],
    fresh: millis(60_000),
    staleWhileRevalidate: millis(0),
    staleIfError: millis(0),
  }) as unknown as StoredAnswer;

const held = (id: string, seq: number): HeldAnswer => ({
  answer: answer(id),
  verifiedTo: { epoch: 7, seq },
  bornAt: instant(0),
  sentAt: null,
});

const isolate = (blobs: BlobStore): DataCentreTier =>
  new DataCentreTier({ blobs, digest: systemDigest, clock: systemClock() });

test("another isolate recalls up to where an answer was checked", async () => {
  const blobs = memoryStore();
  await isolate(blobs).recordVerified(held("one", 40));
  expect((await isolate(blobs).recall(held("one", 3))).verifiedTo).toEqual({ epoch: 7, seq: 40 });
});

test("never for another answer of the key, and never backwards", async () => {
  const blobs = memoryStore();
  await isolate(blobs).recordVerified(held("one", 40));
  expect((await isolate(blobs).recall(held("two", 3))).verifiedTo.seq).toBe(3);
  expect((await isolate(blobs).recall(held("one", 50))).verifiedTo.seq).toBe(50);
});

test.each(["", "{}", "null", '{"id":"one","epoch":"7","seq":40}', '{"id":"one","epoch":7}'])(
  "a record that reads %j says nothing",
  async (record) => {
    const blobs = memoryStore();
    await isolate(blobs).recordVerified(held("one", 40));
    for (const [key, blob] of blobs.blobs) blobs.blobs.set(key, { ...blob, record });
    expect((await isolate(blobs).recall(held("one", 3))).verifiedTo.seq).toBe(3);
  },
);

test("a store that is away says nothing", async () => {
  const blobs = memoryStore();
  await isolate(blobs).recordVerified(held("one", 40));
  const away: BlobStore = { ...blobs, match: async () => ({ kind: "unavailable", reason: "away" }) };
  expect((await isolate(away).recall(held("one", 3))).verifiedTo.seq).toBe(3);
});
