// All interleavings of the real Lua scripts keep their properties, and each fault put into a script breaks one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Database } from "./database.ts";
import { explore } from "./explore.ts";
import { MUTANTS, rewriteOf } from "./mutants.ts";
import { caught, describeBroken, describeExploration, main } from "./run.ts";
import { LONG_SCENARIOS, SCENARIOS } from "./scenario.ts";
import { PROPERTIES } from "./truth.ts";

let database: Database;
beforeAll(async () => {
  database = await Database.create();
});

describe("every schedule keeps the properties", { timeout: 120_000 }, () => {
  // The three largest, most of all states, are walked by `npm run verify`; mutants are looked for in them all the same.
  const large = ["purges", "unshareable", "lost replies"];
  const bounded = SCENARIOS.filter(({ name }) => !large.includes(name));
  test.each(bounded.map((scenario) => [scenario.name, scenario] as const))("%s", async (_, scenario) => {
    database.mutate("", (script) => script);
    const exploration = await explore(database, scenario);
    console.log(describeExploration(exploration));
    expect(exploration.broken === null ? "" : describeBroken(exploration.broken)).toBe("");
    // Walked whole, and not around something that has stopped happening.
    expect(exploration.schedules).toBeGreaterThan(500);
  });
});

describe("some schedule shows", { timeout: 120_000 }, () => {
  test.each(Object.entries(MUTANTS))("the mutant %s", async (name, { breaks }) => {
    const broken = await caught(database, name);
    console.log(broken === null ? `${name}: not caught` : `${name}:\n${describeBroken(broken)}`);
    expect(broken?.breaches.map(({ property }) => property)).toContain(breaks);
  });

  test("a fault in every property: none of them is kept for want of looking", () => {
    const broken = new Set(Object.values(MUTANTS).map(({ breaks }) => breaks));
    expect(
      Object.keys(PROPERTIES).filter((property) => !broken.has(property as keyof typeof PROPERTIES)),
    ).toEqual([]);
  });

  test("no mutant whose line is gone", () => {
    for (const name of Object.keys(MUTANTS)) expect(rewriteOf(name)("other text")).toBe("other text");
    expect(() => rewriteOf("none")).toThrow("no such mutant");
  });
});

describe("the command line", () => {
  test("refuses what it doesn't know", async () => {
    expect(await main(["--mutant", "none"])).toBe(2);
    expect(await main(["--scenario", "none"])).toBe(2);
    expect(await main(["--speed"])).toBe(2);
  });

  test("walks one scenario, and hunts one mutant", async () => {
    expect(await main(["--scenario", "a holder is gone"])).toBe(0);
    expect(await main(["--mutant", "append-not-idempotent"])).toBe(0);
    expect(await main(["--scenario", "checks", "--mutant", "append-not-idempotent"])).toBe(1);
  });

  test("has a row in the docs for each scenario and each mutant", () => {
    const rows = readFileSync(join(import.meta.dirname, "../../docs/interleavings.md"), "utf8").split("\n");
    const named = rows.filter((row) => row.startsWith("| ")).map((row) => row.split(" | ")[0]?.slice(2));
    const scenarios = [...SCENARIOS, ...LONG_SCENARIOS].map(({ name }) => name);
    expect(named).toEqual(expect.arrayContaining([...scenarios, ...Object.keys(PROPERTIES)]));
    expect(named).toEqual(expect.arrayContaining(Object.keys(MUTANTS).map((name) => `\`${name}\``)));
    expect(new Set(scenarios).size).toBe(scenarios.length);
  });
});
