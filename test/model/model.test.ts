// The model: the protocol's rules hold in every state that its bounded configurations can reach.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Result, results } from "./check.ts";
import { CONFIGURATIONS } from "./configurations.ts";
import { tableIn, tableOf } from "./tables.ts";

const document = readFileSync(join(import.meta.dirname, "..", "..", "docs", "model.md"), "utf8");
/** What `npm run verify` alone enumerates is left to it; mutants are hunted there all the same. */
const BRIEF = Object.keys(CONFIGURATIONS).filter((name) => CONFIGURATIONS[name]?.large !== true);
const explored = new Map<string, Promise<Result>>();

/** Each is enumerated once, whoever asks. */
function enumerated(name: string): Promise<Result> {
  const known = explored.get(name) ?? first(results("bounded", [name]));
  explored.set(name, known);
  return known;
}

async function first<T>(all: AsyncGenerator<T>): Promise<T> {
  const { value, done } = await all.next();
  if (done === true) throw new Error("nothing was found");
  return value;
}

describe("every reachable state keeps the invariants, and from every one the edges converge", {
  timeout: 60_000,
}, () => {
  test.each(BRIEF)("%s", async (name) => {
    const { explored: found } = await enumerated(name);
    expect(found.counterexample).toBeNull();
    expect(found.exhausted).toBe(true);
    expect(found.states).toBeGreaterThan(1000);
  });
});

test("docs/model.md states these counts", { timeout: 60_000 }, async () => {
  const found = await Promise.all(BRIEF.map(enumerated));
  const rows = tableOf("bounded", found).split("\n");
  const stated = tableIn(document, "bounded").split("\n");
  // All but the sum, which is over what is left out too.
  expect(rows.slice(0, -1).filter((row) => !stated.includes(row))).toEqual([]);
  expect(stated).toHaveLength(rows.length + Object.keys(CONFIGURATIONS).length - BRIEF.length);
});
