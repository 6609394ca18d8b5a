// The model's mutants: each rule, switched off, lets it find a state that breaks an invariant.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadModel } from "./bundle.ts";
import { namesOf, type Result, results, type Section } from "./check.ts";
import { tableOf, withTable } from "./tables.ts";

const document = readFileSync(join(import.meta.dirname, "..", "..", "docs", "model.md"), "utf8");
const found: Record<"mutants" | "beyond", Map<string, Result>> = { mutants: new Map(), beyond: new Map() };

async function hunted(section: "mutants" | "beyond", name: string): Promise<Result> {
  const known = found[section].get(name);
  if (known !== undefined) return known;
  for await (const result of results(section, [name])) found[section].set(name, result);
  return hunted(section, name);
}

const caughtBy = async (section: "mutants" | "beyond", name: string): Promise<string | undefined> =>
  (await hunted(section, name)).explored.counterexample?.invariant;

describe("the model notices", { timeout: 60_000 }, () => {
  test.each(namesOf("mutants"))("the mutant %s", async (name) => {
    expect(await caughtBy("mutants", name)).toMatch(/^\d+ /);
  });
});

describe("the model shows what has to be assumed", { timeout: 60_000 }, () => {
  test.each(namesOf("beyond"))("%s", async (name) => {
    expect(await caughtBy("beyond", name)).toMatch(/^\d+ /);
  });
});

test.each(["mutants", "beyond"] as const)(
  "docs/model.md states the counterexamples of %s",
  { timeout: 60_000 },
  async (section) => {
    const all: Result[] = [];
    for (const name of namesOf(section satisfies Section)) all.push(await hunted(section, name));
    expect(withTable(document, section, tableOf(section, all))).toBe(document);
  },
);

test("a fault whose fragment is not found once is no fault", async () => {
  const fault = { file: "shared/core/position.ts", edits: [{ find: "nowhere to be found", put: "" }] };
  await expect(loadModel({}, fault)).rejects.toThrow("0 times in shared/core/position.ts, not once");
});
