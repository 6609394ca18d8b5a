// Writes the documentation's tables of measured figures from `bench/results`: `node scripts/performance-tables.ts`.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readResult, withResults } from "../bench/tables/tables.ts";

/** The documents that changed. */
export function writePerformanceTables(): string[] {
  const folder = fileURLToPath(new URL("../docs/", import.meta.url));
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => {
      const text = readFileSync(folder + name, "utf8");
      const anew = withResults(text, readResult);
      if (anew === text) return [];
      writeFileSync(folder + name, anew);
      return [`docs/${name}`];
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const path of writePerformanceTables()) console.log(`${path} is written`);
