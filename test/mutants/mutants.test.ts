// The journal's mutants: where each stands, and that their tests notice.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hunt } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";

const textOf = (path: string): string => readFileSync(join(import.meta.dirname, "..", "..", path), "utf8");

test.each(Object.entries(MUTANTS))(
  'what breaks in "%s" stands in its file, once, and its test in another',
  (_, mutant) => {
    expect(textOf(mutant.file).split(mutant.find)).toHaveLength(2);
    expect(textOf(mutant.caughtBy.file)).toContain(`test("${mutant.caughtBy.test}"`);
  },
);

describe("a test notices", { timeout: 120_000 }, () => {
  // One of them in each run, whose test fails at once; `npm run verify` hunts all.
  test("merged with what is on its way", async () => {
    expect(await hunt("merged with what is on its way")).toBe("failed");
  });
});
