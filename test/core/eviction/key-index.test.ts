// Which slot a key has, against a `Map`; and that keys as they come spread over the chains, whatever the seed.

import { array, constantFrom, nat, property, record, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { HASHES, hashOf } from "../../../shared/core/eviction/hash.ts";
import { KeyIndex } from "../../../shared/core/eviction/key-index.ts";
import { holds } from "../samples.ts";

const named = <T>(count: number, name: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => name(at));

describe("an index of keys", () => {
  const SLOTS = 40;
  const steps = array(
    record({
      slot: nat({ max: SLOTS - 1 }),
      key: string({ maxLength: 3, unit: constantFrom("a", "é", "水", "🌊") }),
    }),
    {
      maxLength: 200,
      size: "max",
    },
  );

  test("finds what was added and not removed, at its slot, as it grows", () => {
    holds(
      property(steps, nat({ max: 250 }), (list, clearedAt) => {
        const index = new KeyIndex(5);
        const model = new Map<string, number>();
        let capacity = 0;
        for (const [at, { slot, key }] of list.entries()) {
          if (at === clearedAt) {
            index.clear();
            model.clear();
          }
          for (; capacity <= slot; capacity += 7) index.grow(capacity + 7);
          const there = index.keyAt(slot);
          expect(there).toBe([...model].find(([, taken]) => taken === slot)?.[0]);
          if (there !== undefined) {
            index.remove(slot);
            model.delete(there);
          } else if (!model.has(key)) {
            index.add(slot, key);
            model.set(key, slot);
          }
          const wrong = list.filter((other) => index.slotOf(other.key) !== (model.get(other.key) ?? -1));
          expect(wrong).toEqual([]);
        }
      }),
      40,
    );
  });

  test("tells apart keys of one hash", () => {
    const [first, second] = collision();
    const index = new KeyIndex(1);
    index.grow(3);
    for (const [slot, key] of [first, "other", second].entries()) index.add(slot, key);
    expect([first, second, "other"].map((key) => index.slotOf(key))).toEqual([0, 2, 1]);
    index.remove(0);
    expect([first, second, "other"].map((key) => index.slotOf(key))).toEqual([-1, 2, 1]);
  });
});

/** Two keys of the same hash: of so many there is a pair by the birthday paradox. */
function collision(): [string, string] {
  const seen = new Map<number, string>();
  for (let at = 0; at < 1e6; at++) {
    const hash = hashOf(`k${at}`, 1);
    const before = seen.get(hash);
    if (before !== undefined) return [before, `k${at}`];
    seen.set(hash, `k${at}`);
  }
  throw new Error("no two keys share a hash");
}

describe("hashes", () => {
  const KEYS = 1 << 14;
  const families: [string, (at: number) => string][] = [
    ["numbered at the end", (at) => `7:default27:https://shop.example/asset/${at}`],
    ["numbered in the middle", (at) => `https://shop.example/asset/${at}/large.jpg?size=640x480`],
    ["numbered in steps", (at) => `/${at * 1024}`],
    ["of one letter, by length", (at) => "a".repeat(at % 512) + "b".repeat(at >> 9)],
    [
      "of capitals and not",
      (at) => [..."abcdefghijklmn"].map((one, bit) => ((at >> bit) & 1 ? one.toUpperCase() : one)).join(""),
    ],
    ["beyond Latin-1", (at) => String.fromCharCode(0x3000 + at)],
  ];

  test.each(families)(
    "of keys %s fill chains as chance would, by their low bits and by their high ones",
    (_, name) => {
      for (const seed of [0, 1, 0xffffffff]) {
        const hashes = named(KEYS, (at) => hashOf(name(at), seed));
        // Chance fills 1 - 1/e of as many chains as there are keys: 63.2 %, give or take 0.3.
        for (const chainOf of [
          (hash: number) => hash & (KEYS - 1),
          (hash: number) => Math.floor((hash / HASHES) * KEYS),
        ])
          expect(Math.abs(new Set(hashes.map(chainOf)).size / KEYS - 0.632)).toBeLessThan(0.015);
      }
    },
  );

  test("that are equal under one seed are not under another", () => {
    const [first, second] = collision();
    expect(hashOf(first, 2)).not.toBe(hashOf(second, 2));
  });
});
