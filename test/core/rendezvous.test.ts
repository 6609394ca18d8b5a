// Which node is a key's first: fair by weight, and moved by nothing but what concerns its own nodes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ranked, type WeightedNode } from "../../shared/core/rendezvous.ts";

const KEYS = Array.from({ length: 20_000 }, (_, n) => `key-${n}`);
const nodes = (...weights: number[]): WeightedNode[] =>
  weights.map((weight, at) => ({ id: `node-${at}`, weight }));
const firstOf = (key: string, among: readonly WeightedNode[]): string | undefined =>
  ranked(key, among)[0]?.id;

function shares(among: readonly WeightedNode[]): number[] {
  const counts = new Map(among.map(({ id }) => [id, 0]));
  for (const key of KEYS) {
    const id = firstOf(key, among) ?? "";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts.values()].map((count) => count / KEYS.length);
}

test.each([[[1, 1, 1, 1]], [[1, 2, 1]], [[1, 3]], [[5, 1, 1, 1]]])(
  "weights %j are shares of the keys",
  (weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [at, share] of shares(nodes(...weights)).entries())
      expect(Math.abs(share - (weights[at] ?? 0) / total)).toBeLessThan(0.015);
  },
);

describe("minimal movement", () => {
  test("losing a node moves its own keys alone, and spreads them over all the others", () => {
    const all = nodes(1, 1, 1, 1);
    const left = all.slice(1);
    const heirs = new Set<string>();
    for (const key of KEYS) {
      const before = firstOf(key, all);
      const after = firstOf(key, left);
      if (before !== "node-0") expect(after).toBe(before);
      else heirs.add(after ?? "");
    }
    expect(heirs.size).toBe(3);
  });

  test("a node that is added, or gets more weight, takes keys from others and moves none between them", () => {
    const some = nodes(1, 1, 1);
    for (const more of [[...some, { id: "new", weight: 1 }], nodes(1, 1, 2)]) {
      const gaining = more.length > some.length ? "new" : "node-2";
      for (const key of KEYS) {
        const [before, after] = [firstOf(key, some), firstOf(key, more)];
        if (after !== before) expect(after).toBe(gaining);
      }
    }
  });
});

test("the order holds whatever order the nodes are listed in", () => {
  fc.assert(
    fc.property(fc.string(), fc.shuffledSubarray(nodes(1, 2, 3, 4, 5), { minLength: 1 }), (key, some) => {
      const sorted = [...some].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(ranked(key, some).map(({ id }) => id)).toEqual(ranked(key, sorted).map(({ id }) => id));
    }),
  );
});
