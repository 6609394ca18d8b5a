// The dashboard's style and script are those of their sources.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dashboardAssets, MADE } from "../../scripts/dashboard-assets.ts";

test("they are up to date with look/ and island/ (npm run dashboard-assets)", async () => {
  const made = readFileSync(join(import.meta.dirname, "..", "..", MADE), "utf8");
  expect(await dashboardAssets()).toBe(made);
});
